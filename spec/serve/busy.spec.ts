import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { micropie, type Request, sse, type UploadedFile } from '../../lib/index.js';
import { FORM_TYPE, file, formOf } from '../support/form.js';
import { begin, callers, get, visitors, withService } from '../support/serving.js';
import { post, type RawClient, type RawResponse } from '../support/socket.js';

const DEADLINE = 1500;
const SIZE = 50_000;

class Root {
  index() {
    return 'Welcome';
  }

  async slow() {
    await sleep(400);
    return 'done';
  }

  upload(data: UploadedFile) {
    return data.size;
  }

  events(request: Request) {
    const { signal } = request;
    return sse(silence(signal));
  }

  async *finite() {
    for (const n of [1, 2, 3, 4, 5]) {
      yield n.toString();
      await sleep(150);
    }
  }

  async *endless() {
    for (;;) {
      yield 'tick';
      await sleep(20);
    }
  }
}

async function* silence(signal: AbortSignal) {
  await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  yield 'never';
}

async function upload(client: RawClient): Promise<RawResponse> {
  const form = formOf([file('data', Buffer.alloc(SIZE, 'x'))]);
  await client.send(post('/upload', FORM_TYPE, form.length));
  for (let at = 0; at < form.length; at += SIZE / 10) {
    await client.send(form.subarray(at, at + SIZE / 10));
    await sleep(60);
  }
  return client.response();
}

/** The texts of answers, or of why there are none, and how often each came. */
async function tally(answers: readonly Promise<RawResponse>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const one of await Promise.allSettled(answers)) {
    const text = one.status === 'fulfilled' ? `${one.value.status} ${one.value.body}` : 'broken';
    counts[text] = (counts[text] ?? 0) + 1;
  }
  return counts;
}

describe('A busy server that closes', () => {
  it('loses nothing but the streams that have no end, and no time', () =>
    withService(micropie(Root), { deadline: DEADLINE }, async (service) => {
      const asking = await visitors(service, 100);
      const sending = await visitors(service, 5);
      const reading = await visitors(service, 5);
      const listening = await visitors(service, 20);
      const bound = await visitors(service, 2);
      const silent = [...(await visitors(service, 5)), ...(await callers(service, 5))];
      await Promise.all(listening.map((client) => begin(client, '/events')));
      await Promise.all(bound.map((client) => begin(client, '/endless')));
      const outcomes = Promise.all([
        tally(asking.map((client) => client.exchange(get('/slow')))),
        tally(sending.map(upload)),
        tally(reading.map((client) => client.exchange(get('/finite')))),
        tally(listening.map((client) => client.response())),
        tally(bound.map((client) => client.response())),
      ]);
      await sleep(100);
      const start = performance.now();
      await service.close();
      expect(performance.now() - start).to.be.within(DEADLINE, DEADLINE + 1000);
      expect(await outcomes).to.deep.equal([
        { '200 done': 100 },
        { [`200 ${SIZE}`]: 5 },
        { '200 12345': 5 },
        { '200 :\n\n': 20 },
        { broken: 2 },
      ]);
      expect(silent.filter(({ socket }) => !socket.readableEnded)).to.deep.equal([]);
    }));
});
