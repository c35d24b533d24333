import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type ChannelEvent, Controller, channel, micropie, type Socket, sse } from '../lib/index.js';
import { appOf, withServer } from './support/app.js';
import { eventually } from './support/socket.js';
import { open, withSockets } from './support/sockets.js';
import { warningsOf } from './support/warnings.js';

/** Takes what comes until the end, or until so many are there. */
async function take<T>(source: AsyncIterable<ChannelEvent<T>>, count = Number.POSITIVE_INFINITY): Promise<T[]> {
  const values: T[] = [];
  for await (const { data } of source) if (values.push(data) >= count) break;
  return values;
}

describe('channel(options)', () => {
  const wrong: [options: object, message: string][] = [
    [{ keep: -1 }, 'options.keep must be a whole number from 0'],
    [{ keep: 1.5 }, 'options.keep must be a whole number from 0'],
    [{ limit: 0 }, 'options.limit must be a whole number above 0'],
    [{ size: 1 }, 'options.size is unknown; there are keep, limit'],
  ];
  for (const [options, message] of wrong)
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => channel(options)).to.throw(TypeError, `channel: ${message}`);
    });

  it('brings every value to all who subscribed before, in order', async () => {
    const news = channel<number>();
    news.publish(0);
    const readers = [news.subscribe(), news.subscribe()].map((one) => take(one, 3));
    for (const n of [1, 2, 3, 4]) news.publish(n);
    expect(await Promise.all(readers)).to.deep.equal([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it('counts from the call of subscribe, not from the first look', async () => {
    const news = channel<string>();
    const subscription = news.subscribe();
    news.publish('early');
    expect(await take(subscription, 1)).to.deep.equal(['early']);
  });

  it('keeps the last values for who comes from behind an id', async () => {
    const news = channel<number>({ keep: 3 });
    const subscription = news.subscribe();
    for (const n of [1, 2, 3, 4, 5]) news.publish(n);
    const ids: number[] = [];
    for await (const { id } of subscription) if (ids.push(id) === 5) break;
    expect(ids).to.deep.equal([...ids].sort((a, b) => a - b));
    const stopped = AbortSignal.timeout(50);
    const cases: [after: number | string | undefined, values: number[]][] = [
      [0, [3, 4, 5]],
      ['0', [3, 4, 5]],
      [ids[0], [3, 4, 5]],
      [ids[3], [5]],
      [String(ids[3]), [5]],
      [ids[4], []],
      [undefined, []],
      ['no number', []],
      ['', []],
      [' ', []],
    ];
    const found = await Promise.all(cases.map(([after]) => takeUntil(news.subscribe({ after }), stopped)));
    expect(found).to.deep.equal(cases.map(([, values]) => values));
  });

  /** What comes until a signal, by a subscription without one. */
  async function takeUntil(source: AsyncIterableIterator<ChannelEvent<number>>, signal: AbortSignal) {
    signal.addEventListener('abort', () => source.return?.());
    return take(source);
  }

  it('has ids that go on where the clock is, so that a restart loses nothing', async () => {
    const first = channel<string>();
    const before = first.subscribe();
    for (let n = 0; n < 100; n++) first.publish('x');
    const { value } = await before.next();
    await sleep(5);
    const next = channel<string>({ keep: 1 });
    next.publish('new');
    expect(await take(next.subscribe({ after: value?.id }), 1)).to.deep.equal(['new']);
  });

  it('ends with its signal, for any number of subscribers of one, and without a warning', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    const news = channel<number>();
    const stop = new AbortController();
    const readers = Array.from({ length: 1000 }, () => take(news.subscribe({ signal: stop.signal })));
    news.publish(1);
    await sleep(5);
    stop.abort();
    news.publish(2);
    const values = await Promise.all(readers);
    process.off('warning', listen);
    expect(values.every((one) => one.length === 1 && one[0] === 1)).to.equal(true);
    expect(warnings).to.deep.equal([]);
    expect(await take(news.subscribe({ signal: stop.signal, after: 0 }))).to.deep.equal([]);
  });

  it('ends a subscriber that is too far behind, instead of leaving a gap, and lets the others go on', async () => {
    const news = channel<number>({ limit: 10 });
    const slow = news.subscribe();
    const keen = take(news.subscribe(), 12);
    for (let n = 0; n < 12; n++) {
      news.publish(n);
      await sleep(0);
    }
    expect(await take(slow)).to.deep.equal([]);
    expect(await keen).to.have.length(12);
  });

  it('gives who comes back all that is kept, however much more than the limit', async () => {
    const news = channel<number>({ keep: 50, limit: 10 });
    for (let n = 0; n < 50; n++) news.publish(n);
    const back = news.subscribe({ after: 0 });
    for (let n = 50; n < 60; n++) news.publish(n);
    expect(await take(back, 60)).to.deep.equal(Array.from({ length: 60 }, (_, n) => n));
    const late = news.subscribe({ after: 0 });
    for (let n = 0; n < 11; n++) news.publish(n);
    expect(await take(late)).to.deep.equal([]);
  });

  it('takes the same time for each value, also with very many kept and waiting', async () => {
    const news = channel<number>({ keep: 200_000, limit: 300_000 });
    const behind = news.subscribe();
    for (let n = 0; n < 200_000; n++) news.publish(n);
    const begun = performance.now();
    for (let n = 0; n < 50_000; n++) news.publish(n);
    // An array that moves all the others takes more than two seconds for either.
    expect((await take(behind, 50_000)).at(-1)).to.equal(49_999);
    expect(performance.now() - begun).to.be.below(1000);
  });

  it('holds nothing for a stalled subscriber', () => {
    const news = channel<Buffer>();
    const stalled = news.subscribe();
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 20_000; n++) news.publish(Buffer.alloc(10_000));
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(150 * 2 ** 20);
    return stalled.return?.();
  });

  it('gives each of several who wait on one subscription its own value', async () => {
    const news = channel<number>();
    const subscription = news.subscribe();
    const waiting = [subscription.next(), subscription.next(), subscription.next()];
    news.publish(1);
    news.publish(2);
    await subscription.return?.();
    const results = await Promise.all(waiting);
    expect(results.map(({ value, done }) => value?.data ?? done)).to.deep.equal([1, 2, true]);
  });

  it('feeds server-sent events that resume, and sockets', async () => {
    const chat = channel<{ text: string }>({ keep: 10 });
    class Root extends Controller {
      events() {
        const { signal, headers } = this.request;
        return sse(chat.subscribe({ signal, after: headers['last-event-id'] }));
      }
      ws_feed(_socket: Socket) {
        return chat.subscribe({ signal: this.request.signal, after: 0 });
      }
    }
    for (const text of ['one', 'two']) chat.publish({ text });
    const read = async (base: string, id: string, mark: string) => {
      const answer = await fetch(`${base}/events`, { headers: { 'Last-Event-ID': id } });
      let text = '';
      for await (const chunk of answer.body ?? []) {
        text += Buffer.from(chunk);
        if (text.includes(mark)) break;
      }
      return text;
    };
    // Served in the ordinary way, which its socket warns of.
    const reading = withServer(appOf(micropie(Root)), async (port) => {
      const all = await read(`http://127.0.0.1:${port}`, '0', 'two');
      const [, first = ''] = /^id: (\d+)$/m.exec(all) ?? [];
      const rest = await read(`http://127.0.0.1:${port}`, first, 'two');
      expect(all).to.contain('data: {"text":"one"}');
      expect(rest).to.not.contain('one');
    });
    expect(await warningsOf(() => reading)).to.have.length(1);
    await withSockets(micropie(Root), async (service) => {
      const client = await open(service, '/feed');
      await client.received(2);
      chat.publish({ text: 'three' });
      const messages = await client.received(3);
      expect(messages.map((one) => JSON.parse(String(one)).data.text)).to.deep.equal(['one', 'two', 'three']);
      client.ws.terminate();
      await eventually(() => client.ws.readyState === 3, 'it is closed');
    });
  });
});
