import { EventEmitter, once } from 'node:events';
import { expect } from 'chai';
import { micropie, type Request, type SseEvent, sse } from '../../lib/index.js';
import { begin, get, portOf, visitor, withService } from '../support/serving.js';
import { eventually, RawClient } from '../support/socket.js';

type Source = (request: Request) => AsyncGenerator<string | SseEvent>;

/** A mount that answers with events. */
function sending(source: Source) {
  class Root {
    events(request: Request) {
      return sse(source(request));
    }
  }
  return micropie(Root);
}

describe('sse(source) of a service that closes', () => {
  const log: string[] = [];
  const news = new EventEmitter();

  beforeEach(() => log.splice(0));

  const sources: [title: string, source: Source][] = [
    [
      'waits for news with the signal',
      async function* ({ signal }) {
        try {
          for (;;) yield String(await once(news, 'news', { signal }));
        } catch (error) {
          log.push(String(signal.reason));
          throw error;
        } finally {
          log.push('over');
        }
      },
    ],
    [
      'sends without a pause',
      async function* () {
        try {
          for (let n = 0; ; n++) {
            yield String(n);
            await new Promise(setImmediate);
          }
        } finally {
          log.push('over');
        }
      },
    ],
  ];
  for (const [title, source] of sources)
    it(`ends cleanly where the source ${title}, long before the deadline`, () =>
      withService(sending(source), { deadline: 5000 }, async (service) => {
        const client = await visitor(service);
        await begin(client, '/events');
        const start = performance.now();
        const closed = service.close();
        const { status } = await client.response();
        await eventually(() => log.includes('over'), 'the source ends');
        await closed;
        expect(status).to.equal(200);
        expect(log.at(0)).to.equal(title.includes('signal') ? 'AbortError: The server is closing' : 'over');
        expect(performance.now() - start).to.be.below(1500);
      }));

  it('ends at once for who connects while it drains', () =>
    withService(sending(sources[0]?.[1] as Source), { drain: 300, deadline: 5000 }, async (service) => {
      const closed = service.close();
      const client = await RawClient.open(portOf(service));
      const { status, body, headers } = await client.exchange(get('/events'));
      expect([status, `${body}`, headers['connection']]).to.deep.equal([200, '', 'close']);
      await closed;
    }));

  it('goes on in the next process, where the source can resume', async () => {
    const counting: Source = async function* ({ headers, signal }) {
      for (let id = Number(headers['last-event-id'] ?? 0) + 1; !signal.aborted; id++) {
        yield { id, data: id };
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const ids: number[] = [];
    let port = 0;
    for (const _process of [1, 2, 3])
      await withService(sending(counting), { port, deadline: 5000 }, async (service) => {
        port = portOf(service);
        const client = await RawClient.open(port);
        const request = get('/events').replace('\r\n\r\n', `\r\nLast-Event-ID: ${ids.at(-1) ?? 0}\r\n\r\n`);
        await client.send(request);
        await new Promise((resolve) => setTimeout(resolve, 50));
        const closed = service.close();
        const { body } = await client.response();
        client.socket.destroy();
        ids.push(...Array.from(`${body}`.matchAll(/^id: (\d+)$/gm), ([, id]) => Number(id)));
        await closed;
      });
    expect(ids.length).to.be.above(2);
    expect(ids).to.deep.equal(Array.from(ids, (_id, index) => index + 1));
  });
});
