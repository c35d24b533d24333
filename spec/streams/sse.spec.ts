import { EventEmitter, once } from 'node:events';
import { mock } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import createError from 'http-errors';
import { Controller, micropie, type Request, type SseEvent, sse } from '../../lib/index.js';
import { appOf, client, errorsOf, withServer } from '../support/app.js';
import { eventually, withSocket } from '../support/socket.js';

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** A mount whose only method answers with events. */
function sending(source: (request: Request) => Parameters<typeof sse>[0]) {
  class Root {
    index(request: Request) {
      return sse(source(request));
    }
  }
  return micropie(Root);
}

/** What is sent for one event, behind the comment that opens the stream. */
async function sent(event: string | SseEvent): Promise<string> {
  const { text } = await client(sending(() => [event]))
    .get('/')
    .buffer(true);
  expect(text.slice(0, 3)).to.equal(':\n\n');
  return text.slice(3);
}

describe('sse(source)', () => {
  const table: [title: string, event: string | SseEvent, text: string][] = [
    ['a text', 'hello', 'data: hello\n\n'],
    ['an empty text', '', 'data: \n\n'],
    ['a text that begins with a space', ' a', 'data:  a\n\n'],
    ['a text beyond ASCII', 'grüß €', 'data: grüß €\n\n'],
    ['\\n', 'a\nb', 'data: a\ndata: b\n\n'],
    ['\\r', 'a\rb', 'data: a\ndata: b\n\n'],
    ['\\r\\n', 'a\r\nb', 'data: a\ndata: b\n\n'],
    ['\\n\\r', 'a\n\rb', 'data: a\ndata: \ndata: b\n\n'],
    ['line breaks at the end', 'a\n\n', 'data: a\ndata: \ndata: \n\n'],
    [
      'a text that looks like fields',
      'a\n\nevent: evil\ndata: b',
      'data: a\ndata: \ndata: event: evil\ndata: data: b\n\n',
    ],
    ['data', { data: 'a\nb' }, 'data: a\ndata: b\n\n'],
    ['data as JSON', { data: { a: [1, 'x\ny'] } }, 'data: {"a":[1,"x\\ny"]}\n\n'],
    ['a number', { data: 7 }, 'data: 7\n\n'],
    ['null', { data: null }, 'data: null\n\n'],
    ['undefined', { data: undefined }, 'data: null\n\n'],
    ['all fields', { event: 'e', id: 1, retry: 2000, data: 'd' }, 'event: e\nid: 1\nretry: 2000\ndata: d\n\n'],
    ['an event with line breaks', { event: 'a\r\ndata: evil\n\n', data: 'd' }, 'event: adata: evil\ndata: d\n\n'],
    ['an id with line breaks', { id: '1\ndata: evil\r\n', data: 'd' }, 'id: 1data: evil\ndata: d\n\n'],
    ['an id with NUL, which browsers would drop', { id: '1\x002', data: 'd' }, 'id: 12\ndata: d\n\n'],
    ['an empty id, which resets it', { id: '', data: 'd' }, 'id: \ndata: d\n\n'],
    ['a retry that is none', { retry: 1.5, data: 'd' }, 'data: d\n\n'],
  ];
  for (const [title, event, text] of table)
    it(`sends ${title} as ${JSON.stringify(text)}`, async () => expect(await sent(event)).to.equal(text));

  it('takes generators, async ones, and anything iterable', async () => {
    async function* asynchronous() {
      yield 'a';
      yield { data: 'b' };
    }
    function* synchronous() {
      yield* ['a', { data: 'b' }];
    }
    for (const source of [asynchronous, synchronous, () => new Set(['a', 'b'])])
      expect((await client(sending(source)).get('/').buffer(true)).text).to.equal(':\n\ndata: a\n\ndata: b\n\n');
  });

  it('has headers that keep caches and proxies from holding events back', async () => {
    const { headers, status } = await client(sending(() => [])).get('/');
    expect(status).to.equal(200);
    expect(headers).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
  });

  it('opens the stream with a comment after 50 ms, when there is no event yet', async () => {
    const events = new EventEmitter();
    async function* waiting() {
      yield String(await once(events, 'news'));
    }
    await withServer(appOf(sending(waiting)), async (port) => {
      const begin = performance.now();
      const { body, status } = await fetch(`http://127.0.0.1:${port}/`);
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      expect([status, (await reader?.read())?.value]).to.deep.equal([200, ':\n\n']);
      // Timers may be early by a millisecond.
      expect(performance.now() - begin).to.be.within(49, 1000);
      events.emit('news', 'new');
      expect((await reader?.read())?.value).to.equal('data: new\n\n');
    });
  });

  it('sends the comment together with an event that comes before', async () => {
    async function* soon() {
      await sleep(5);
      yield 'soon';
      await once(new EventEmitter(), 'never', { signal: AbortSignal.timeout(100) }).catch(() => {});
    }
    await withServer(appOf(sending(soon)), async (port) => {
      const { body } = await fetch(`http://127.0.0.1:${port}/`);
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      expect((await reader?.read())?.value).to.equal(':\n\ndata: soon\n\n');
      await reader?.cancel();
    });
  });

  const failing: [title: string, make: () => Parameters<typeof sse>[0], status: number, text: string, told: number][] =
    [
      ['of the source at once', () => throwing(0, new Error('secret')), 500, 'Internal Server Error', 1],
      ['of the source after 5 ms', () => throwing(5, new Error('secret')), 500, 'Internal Server Error', 1],
      ['with a status', () => throwing(0, createError(403, 'Not for you')), 403, '403 Forbidden: Not for you', 1],
      ['because the first event can not be sent', () => [{ data: 1n }], 500, 'Internal Server Error', 1],
    ];
  for (const [title, make, status, text, told] of failing)
    it(`answers an error before the first event as any other: ${title}`, async () => {
      const app = appOf(sending(make));
      const errors = errorsOf(app);
      await withServer(app, async (port) => {
        const answer = await fetch(`http://127.0.0.1:${port}/`);
        expect([answer.status, await answer.text()]).to.deep.equal([status, text]);
        expect(answer.headers.get('content-type')).to.equal('text/plain; charset=utf-8');
      });
      expect(errors).to.have.length(told);
    });

  async function* throwing(after: number, error: Error): AsyncGenerator<string> {
    if (after > 0) await sleep(after);
    throw error;
    // biome-ignore lint/correctness/noUnreachable: it makes it a generator.
    yield 'never';
  }

  it('lets the handler read the last id of a client that comes back', async () => {
    class Root extends Controller {
      index() {
        return sse([`after ${this.request.headers['last-event-id']}`]);
      }
    }
    const { text } = await client(micropie(Root)).get('/').set('Last-Event-ID', '41').buffer(true);
    expect(text).to.include('data: after 41\n');
  });

  it('does not start the source for HEAD', async () => {
    let started = false;
    function* source() {
      started = true;
      yield 'a';
    }
    const { headers } = await client(sending(source)).head('/');
    expect([headers['content-type'], started]).to.deep.equal(['text/event-stream; charset=utf-8', false]);
  });

  it('ends without a proper end where an event can not be sent, and closes the source', async () => {
    let ended = 0;
    function* source() {
      try {
        yield 'a';
        yield { data: 1n };
      } finally {
        ended += 1;
      }
    }
    const app = appOf(sending(source));
    const errors = errorsOf(app);
    await withServer(app, async (port) => {
      const answer = await fetch(`http://127.0.0.1:${port}/`);
      expect(await answer.text().catch((error: Error) => error.message)).to.equal('terminated');
    });
    expect([ended, errors.map(({ name }) => name)]).to.deep.equal([1, ['TypeError']]);
  });
});

describe('The heartbeat of sse(source)', () => {
  before(() => mock.timers.enable({ apis: ['setTimeout'] }));
  after(() => mock.timers.reset());

  it('is a comment every 15 seconds in which nothing else is sent, and loses no event', async () => {
    const events = new EventEmitter();
    async function* waiting() {
      for (let n = 0; n < 2; n++) yield String(await once(events, 'news'));
    }
    await withServer(appOf(sending(waiting)), (port) =>
      withSocket(port, async ({ socket }) => {
        let received = '';
        socket.on('data', (data) => {
          received += data;
        });
        const comes = async (text: string) => {
          // What comes at one moment may be one chunk.
          await until(() => received.endsWith(`${text}\r\n`), JSON.stringify(text));
          received = '';
          // The server gets to wait for the next event meanwhile.
          await turns();
        };
        const silence = async () => {
          mock.timers.tick(14_999);
          await turns();
          expect(received).to.equal('');
          mock.timers.tick(1);
        };
        socket.write(GET);
        await turns(200);
        mock.timers.tick(50);
        await comes(':\n\n');
        for (const _beat of [1, 2, 3]) {
          await silence();
          await comes(':\n\n');
        }
        await silence();
        // At the same moment, so that nobody waits for it just then.
        events.emit('news', 'one');
        await comes('data: one\n\n');
        await silence();
        await comes(':\n\n');
        events.emit('news', 'two');
        await until(() => received.endsWith('data: two\n\n\r\n0\r\n\r\n'), 'the last event');
      }),
    );
  });

  /** Turns of the event loop, since the clock stands still. */
  async function turns(count = 20): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
  }

  async function until(holds: () => boolean, what: string): Promise<void> {
    for (let turn = 0; !holds(); turn++) {
      if (turn > 20_000) throw new Error(`There never came ${what}`);
      await turns(1);
    }
  }
});

describe('When the client of sse(source) leaves', () => {
  const sources: [title: string, make: (request: Request, ended: () => void) => AsyncGenerator<string>][] = [
    ['waits with the signal', ({ signal }, ended) => waiting(signal, ended)],
    ['sends now and then', (_request, ended) => ticking(ended)],
  ];
  for (const [title, make] of sources)
    it(`a source that ${title} is closed once, and nothing is logged`, async () => {
      let count = 0;
      const app = appOf(
        sending((request) =>
          make(request, () => {
            count += 1;
          }),
        ),
      );
      const errors = errorsOf(app);
      await withServer(app, (port) =>
        withSocket(port, async (socket) => {
          const opened = once(socket.socket, 'data');
          await socket.send(GET);
          await opened;
          await sleep(5);
          socket.reset();
          await eventually(() => count > 0, 'the source ends');
          await sleep(10);
        }),
      );
      expect([count, errors]).to.deep.equal([1, []]);
    });

  async function* waiting(signal: AbortSignal, ended: () => void) {
    try {
      await once(new EventEmitter(), 'never', { signal });
      yield 'never';
    } finally {
      ended();
    }
  }

  async function* ticking(ended: () => void) {
    try {
      for (;;) {
        await sleep(2);
        yield 'tick';
      }
    } finally {
      ended();
    }
  }
});
