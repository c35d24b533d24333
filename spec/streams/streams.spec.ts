import { EventEmitter, once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import type Koa from 'koa';
import { Controller, currentRequest, type HttpMiddleware, micropie, type Request, reply } from '../../lib/index.js';
import { appOf, client, errorsOf, expectBroken, withServer } from '../support/app.js';
import { eventually, type RawClient, withSocket } from '../support/socket.js';

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const BYTES = 'application/octet-stream';
const MIB = 1024 * 1024;

/** A mount whose only method returns what the test makes. */
function streaming(make: (request: Request) => unknown): Koa.Middleware {
  class Root {
    index(request: Request) {
      return make(request);
    }
  }
  return micropie(Root);
}

function get(path = '/', method = 'GET'): string {
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

/** All bytes until the server closes the connection. */
async function untilClosed({ socket }: RawClient): Promise<string> {
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  return received;
}

async function* from(...chunks: unknown[]): AsyncGenerator<unknown> {
  for (const chunk of chunks) yield chunk;
}

function* syncFrom(...chunks: unknown[]): Generator<unknown> {
  yield* chunks;
}

class Handlers {
  *sync() {
    yield 'a';
    yield 'b';
  }
  async *async() {
    yield 'a';
    await sleep(1);
    yield 'b';
  }
}

describe('What is streamed', () => {
  for (const path of ['/sync', '/async'])
    it(`is a handler that is itself a generator: ${path}`, async () => {
      const answer = await client(micropie(Handlers)).get(path);
      expect([answer.text, answer.headers['transfer-encoding']]).to.deep.equal(['ab', 'chunked']);
    });

  const sources: [title: string, make: () => unknown, type: string, body: string][] = [
    ['a generator', () => syncFrom('a', 'b'), TEXT, 'ab'],
    ['an async generator', () => from('a', 'b'), TEXT, 'ab'],
    ['a promise of a generator', async () => from('a', 'b'), TEXT, 'ab'],
    ['a reply with a generator', () => reply(200, from('a', 'b')), TEXT, 'ab'],
    ['an iterator of a list', () => ['a', 'b'].values(), TEXT, 'ab'],
    ['an iterator of a map', () => new Map([['a', 1]]).keys(), TEXT, 'a'],
    ['an iterable of promises', () => ({ [Symbol.asyncIterator]: () => from('a', 'b') }), TEXT, 'ab'],
    ['an iterable with a member called next', () => ({ next: 1, [Symbol.asyncIterator]: () => from('a') }), TEXT, 'a'],
    ['an async iterator written by hand', () => handWritten(() => {}, 'a', 'b'), TEXT, 'ab'],
    ['HTML by its first chunk', () => from(' <p>', 'b'), HTML, ' <p>b'],
    ['text by its first chunk', () => from('a', '<p>'), TEXT, 'a<p>'],
    ['bytes by its first chunk', () => from(Buffer.from('a'), 'b'), BYTES, 'ab'],
    ['all kinds of bytes', () => from(Uint8Array.of(65), new DataView(Uint8Array.of(66).buffer)), BYTES, 'AB'],
    ['a part of a buffer', () => from(Buffer.from('xABx').subarray(1, 3)), BYTES, 'AB'],
    ['nothing', () => from(), TEXT, ''],
    ['empty chunks', () => from('', 'a', '', '', 'b', ''), TEXT, 'ab'],
    ['text beyond ASCII', () => from('grü', 'ß€'), TEXT, 'grüß€'],
    ['a given type', () => reply(200, from('<p>'), { 'Content-Type': 'text/csv' }), 'text/csv', '<p>'],
    ['a Node stream', () => Readable.from([Buffer.from('a')], { objectMode: false }), BYTES, 'a'],
    ['a Node stream of texts', () => Readable.from(['a', 'b']), BYTES, 'ab'],
    ['a web stream', () => new Response('ab').body, BYTES, 'ab'],
    ['a web stream of texts', () => ReadableStream.from(from('a', 'b')), BYTES, 'ab'],
  ];
  for (const [title, make, type, body] of sources)
    it(`is ${title}`, async () => {
      const answer = await client(streaming(make)).get('/').buffer(true).responseType('arraybuffer');
      expect([answer.status, answer.headers['content-type'], String(answer.body)]).to.deep.equal([200, type, body]);
    });

  it('has the status and the headers of reply()', async () => {
    const answer = await client(streaming(() => reply(206, from('a'), { 'X-A': '1' }))).get('/');
    expect([answer.status, answer.headers['x-a'], answer.text]).to.deep.equal([206, '1', 'a']);
  });

  it('is not a list, which is JSON', async () => {
    expect((await client(streaming(() => ['a', 'b'])).get('/')).body).to.deep.equal(['a', 'b']);
  });

  it('arrives chunk by chunk', async () => {
    const events = new EventEmitter();
    async function* steps() {
      yield 'first';
      await once(events, 'go on');
      yield 'second';
    }
    await withServer(appOf(streaming(steps)), async (port) => {
      const { body } = await fetch(`http://127.0.0.1:${port}/`);
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      expect(await reader?.read()).to.deep.equal({ done: false, value: 'first' });
      events.emit('go on');
      expect(await reader?.read()).to.deep.equal({ done: false, value: 'second' });
      expect((await reader?.read())?.done).to.equal(true);
    });
  });
});

describe('An error before the first chunk', () => {
  const table: [title: string, make: () => unknown][] = [
    ['of a generator', () => syncThrowing(new Error('early'))],
    ['of an async generator', () => throwing(new Error('early'))],
    ['that is undefined', () => throwing(undefined)],
    ['that is frozen', () => throwing(Object.freeze(new Error('early')))],
    ['because the chunk is a number', () => from(7)],
    ['because the chunk is an object', () => syncFrom({ a: 1 })],
    ['because the chunk is undefined', () => from(undefined)],
    ['because the chunk is null', () => from(null)],
    ['of an iterable that gives no iterator', () => ({ [Symbol.asyncIterator]: () => fail(new Error('early')) })],
    ['of a Node stream that has failed', () => failedStream()],
    ['of a web stream that is locked', () => lockedStream()],
  ];
  for (const [title, make] of table)
    it(`is a clean 500, told once: ${title}`, async () => {
      const app = appOf(streaming(make));
      const errors = errorsOf(app);
      await withServer(app, (port) =>
        withSocket(port, async (socket) => {
          for (let time = 1; time <= 2; time++) {
            const answer = await socket.exchange(get());
            expect([answer.status, answer.body.toString()]).to.deep.equal([500, 'Internal Server Error']);
            expect(errors).to.have.length(time);
          }
        }),
      );
    });

  it('may have a status of its own', async () => {
    const error = Object.assign(new Error('Not for you'), { status: 403, expose: true });
    const answer = await client(streaming(() => throwing(error))).get('/');
    expect([answer.status, answer.text]).to.deep.equal([403, '403 Forbidden: Not for you']);
  });
});

describe('An error after the first chunk', () => {
  const table: [title: string, make: () => unknown, message: string][] = [
    ['an Error', () => throwing(new Error('late'), 'a'), 'late'],
    ['an Error of a sync generator', () => syncThrowing(new Error('late'), 'a'), 'late'],
    ['undefined', () => throwing(undefined, 'a'), 'Not an error was thrown: undefined'],
    ['null', () => throwing(null, 'a'), 'Not an error was thrown: null'],
    ['a frozen Error', () => throwing(Object.freeze(new Error('late')), 'a'), 'late'],
    ['an Error that can not be marked', () => throwing(unmarkable(new Error('late')), 'a'), 'late'],
    ['a number', () => from('a', 7), 'A stream takes strings and bytes; its generator yielded number'],
    [
      'undefined as a chunk',
      () => from('a', undefined),
      'A stream takes strings and bytes; its generator yielded undefined',
    ],
    [
      'an iterator that gives no result',
      () => withoutSecondResult(),
      "Cannot destructure property 'done' of 'undefined' as it is undefined.",
    ],
    [
      'an object from a Node stream',
      () => Readable.from(['a', { b: 1 }]),
      'A stream takes strings and bytes; its generator yielded object',
    ],
    [
      'a number from a web stream',
      () => ReadableStream.from(from('a', 7)),
      'A stream takes strings and bytes; its generator yielded number',
    ],
    ['an Error of a Node stream', () => Readable.from(throwing(new Error('late'), 'a')), 'late'],
    [
      'an Error of a Node stream of bytes',
      () => Readable.from(throwing(new Error('late'), 'a'), { objectMode: false }),
      'late',
    ],
    ['an Error of a web stream', () => ReadableStream.from(throwing(new Error('late'), 'a')), 'late'],
  ];
  for (const [title, make, message] of table)
    it(`closes the connection without a proper end, and the app hears of it once: ${title}`, async () => {
      const app = appOf(streaming(make));
      const errors = errorsOf(app);
      await withServer(app, async (port) => {
        const received = await withSocket(port, async (socket) => {
          await socket.send(get());
          return untilClosed(socket);
        });
        expect(received).to.not.match(/(^|\r\n)0\r\n\r\n$/);
        await sleep(5);
        expect(errors.map((error) => error.message)).to.deep.equal([message]);
        await withSocket(port, async (socket) => {
          await socket.send(get());
          await untilClosed(socket);
        });
      });
    });

  it('closes the generator where a chunk is wrong', async () => {
    const source = new Source(['a', 7, 'b']);
    const app = appOf(streaming(() => source.chunks()));
    const errors = errorsOf(app);
    await withServer(app, (port) =>
      withSocket(port, async (socket) => {
        await socket.send(get());
        await untilClosed(socket);
      }),
    );
    expect(source.ended).to.equal(1);
    expect(errors.map(({ message }) => message)).to.deep.equal([
      'A stream takes strings and bytes; its generator yielded number',
    ]);
  });

  it('is told where it looks as if the client had left', async () => {
    const upstream = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    const closing = () => {
      const stream = new PassThrough();
      stream.write('a');
      setTimeout(() => stream.destroy(), 10);
      return stream;
    };
    for (const make of [() => throwing(upstream(), 'a'), () => Readable.from(throwing(upstream(), 'a')), closing]) {
      const app = appOf(streaming(make));
      const errors = errorsOf(app);
      await withServer(app, async (port) => {
        const answer = await fetch(`http://127.0.0.1:${port}/`);
        expect(await answer.text().catch((error: Error) => error.message)).to.equal('terminated');
        await eventually(() => errors.length > 0, 'the app hears of it');
      });
      expect(errors).to.have.length(1);
    }
  });

  it('does not end the process where it comes before Koa pipes the stream', async () => {
    const slow: HttpMiddleware = { afterRequest: () => sleep(20) };
    const broken = () => {
      const stream = new PassThrough();
      setImmediate(() => stream.destroy(new Error('too early')));
      return stream;
    };
    class Root {
      index() {
        return broken();
      }
    }
    const app = appOf(micropie(Root, { middlewares: [slow] }));
    const errors = errorsOf(app);
    await withServer(app, async (port) => expect((await fetch(`http://127.0.0.1:${port}/`)).status).to.equal(500));
    expect(errors.map(({ message }) => message)).to.deep.equal(['too early']);
  });
});

/** A source that counts what becomes of it. */
class Source {
  begun = 0;
  ended = 0;
  readonly #chunks: readonly unknown[];

  constructor(chunks: readonly unknown[]) {
    this.#chunks = chunks;
  }

  async *chunks() {
    this.begun += 1;
    try {
      yield* this.#chunks;
    } finally {
      this.ended += 1;
    }
  }
}

describe('A generator that is not needed', () => {
  const table: [title: string, method: string, status: number][] = [
    ['HEAD', 'HEAD', 200],
    ['204', 'GET', 204],
    ['205', 'GET', 205],
    ['304', 'GET', 304],
  ];
  for (const [title, method, status] of table)
    it(`never starts: ${title}`, async () => {
      const source = new Source(['a']);
      let returned = 0;
      const iterator = handWritten(() => {
        returned += 1;
      }, 'a');
      const app = appOf(streaming((request) => reply(status, request.query('hand') ? iterator : source.chunks())));
      await withServer(app, async (port) => {
        for (const path of ['/', '/?hand=1']) {
          const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
          expect([answer.status, await answer.text()]).to.deep.equal([status, '']);
        }
      });
      expect([source.begun, returned]).to.deep.equal([0, 1]);
    });

  it('leaves the connection of HEAD usable, and the type that was set', async () => {
    const app = appOf(
      streaming(({ ctx }) => {
        ctx.type = 'text/csv';
        return from('a');
      }),
    );
    await withServer(app, (port) =>
      withSocket(port, async (socket) => {
        await socket.send(get('/', 'HEAD'));
        const { status, headers } = await socket.response({ head: true });
        expect([status, headers['content-type']]).to.deep.equal([200, 'text/csv; charset=utf-8']);
        expect((await socket.exchange(get())).body.toString()).to.equal('a');
      }),
    );
  });
});

describe('Back-pressure', () => {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const total = 24 * MIB;
  const sources: [title: string, make: (produced: { bytes: number }) => unknown][] = [
    ['a generator', (produced) => syncBytes(produced)],
    ['an async generator', (produced) => asyncBytes(produced)],
    ['a web stream', (produced) => ReadableStream.from(asyncBytes(produced))],
    ['a Node stream of objects', (produced) => Readable.from(asyncBytes(produced))],
    ['a reply of known length', (produced) => reply(200, syncBytes(produced), { 'Content-Length': total })],
  ];
  function* syncBytes(produced: { bytes: number }) {
    for (; produced.bytes < total; produced.bytes += chunk.length) yield chunk;
  }
  async function* asyncBytes(produced: { bytes: number }) {
    yield* syncBytes(produced);
  }
  for (const [title, make] of sources)
    it(`stops ${title} within 1 MiB of what the system takes where the client does not read, and goes on when it does`, async () => {
      const produced = { bytes: 0 };
      await withServer(appOf(streaming(() => make(produced))), async (port, server) => {
        const connected = once(server, 'connection');
        await withSocket(port, async ({ socket }) => {
          const [peer] = await connected;
          let received = 0;
          socket.removeAllListeners('data');
          socket.on('data', (data) => {
            received += data.length;
          });
          socket.pause();
          socket.write(get());
          await settled(() => produced.bytes);
          // The kernel takes some MiB of its own accord, how many depends on the machine.
          const inKernel = peer.bytesWritten - peer.writableLength;
          expect(produced.bytes).to.be.below(total);
          expect(produced.bytes - inKernel).to.be.below(MIB);
          socket.resume();
          await eventually(() => received > total, 'all has come');
          expect(produced.bytes).to.equal(total);
        });
      });
    });
});

describe('When the client leaves', () => {
  /** Connects, waits until the stream is at the wanted point, leaves, and waits for its end. */
  async function leave(make: (request: Request, watch: Watch) => unknown, how: 'end' | 'reset'): Promise<Watch> {
    const watch = new Watch();
    const app = appOf(streaming((request) => make(request, watch)));
    const errors = errorsOf(app);
    await withServer(app, async (port) => {
      await withSocket(port, async (socket) => {
        await socket.send(get());
        await eventually(() => watch.ready, 'the stream is under way');
        if (how === 'reset') socket.reset();
        else socket.socket.destroy();
        const left = performance.now();
        await eventually(() => watch.ended > 0, 'the source has ended');
        watch.milliseconds = performance.now() - left;
      });
      await sleep(10);
    });
    expect(errors).to.deep.equal([]);
    return watch;
  }

  const table: [title: string, make: (request: Request, watch: Watch) => unknown][] = [
    ['an async generator between chunks', (_request, watch) => watch.ticking()],
    ['a sync generator', (_request, watch) => watch.endless()],
    ['a generator that waits with the signal', ({ signal }, watch) => watch.waiting(signal, 'a')],
    ['a generator that waits for its first chunk with the signal', ({ signal }, watch) => watch.waiting(signal)],
    ['a reply with a generator', ({ signal }, watch) => reply(200, watch.waiting(signal, 'a'))],
    ['an iterator that is parked for ever', (_request, watch) => watch.parkedIterator()],
    ['a Node stream', (_request, watch) => watch.nodeStream({})],
    ['a Node stream of objects', (_request, watch) => watch.nodeStream({ objectMode: true })],
    ['a web stream', (_request, watch) => watch.webStream()],
    ['a Response', (_request, watch) => new Response(watch.webStream())],
    ['a generator of known length', (_request, watch) => reply(200, watch.ticking(), { 'Content-Length': 1e9 })],
  ];
  for (const [title, make] of table)
    for (const how of ['end', 'reset'] as const)
      it(`${title} ends once, within 100 ms, and nothing is logged (${how})`, async () => {
        const watch = await leave(make, how);
        expect(watch.ended).to.equal(1);
        expect(watch.milliseconds).to.be.below(100);
      });

  for (const parkedAt of ['before its first chunk', 'after its first chunk'])
    it(`a generator that ignores the signal, parked ${parkedAt}, is let go, and ends when it wakes`, async () => {
      const gate = new EventEmitter();
      let ended = 0;
      let closed = 0;
      async function* parked() {
        try {
          if (parkedAt.startsWith('after')) yield 'a';
          gate.emit('parked');
          await once(gate, 'wake');
          yield 'never sent';
        } finally {
          ended += 1;
        }
      }
      const through: Koa.Middleware = async (ctx, next) => {
        ctx.res.once('close', () => {
          closed += 1;
        });
        await next();
      };
      const app = appOf(through, streaming(parked));
      await withServer(app, (port) =>
        withSocket(port, async (socket) => {
          const isParked = once(gate, 'parked');
          await socket.send(get());
          await isParked;
          socket.reset();
          await eventually(() => closed === 1, 'the response is over');
          expect(ended).to.equal(0);
          gate.emit('wake');
          await eventually(() => ended === 1, 'the generator ends');
        }),
      );
    });

  it('an error in the clean-up of the generator reaches the app', async () => {
    const gate = new EventEmitter();
    async function* careless() {
      try {
        yield 'a';
        gate.emit('waiting');
        for (;;) {
          await sleep(1);
          yield 'b';
        }
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: that is the case.
        throw new Error('clean-up failed');
      }
    }
    const app = appOf(streaming(careless));
    const errors = errorsOf(app);
    await withServer(app, (port) =>
      withSocket(port, async (socket) => {
        const isWaiting = once(gate, 'waiting');
        await socket.send(get());
        await isWaiting;
        socket.reset();
        await eventually(() => errors.length > 0, 'the app hears of it');
      }),
    );
    expect(errors.map(({ message }) => message)).to.deep.equal(['clean-up failed']);
  });

  it('a stream that came to its end is not closed again', async () => {
    let returned = 0;
    const iterator = handWritten(() => {
      returned += 1;
    }, 'a');
    expect((await client(streaming(() => iterator)).get('/')).text).to.equal('a');
    await sleep(5);
    expect(returned).to.equal(0);
  });
});

/** Sources that tell how far they are. */
class Watch {
  ready = false;
  ended = 0;
  milliseconds = 0;

  async *ticking() {
    try {
      for (;;) {
        yield 'tick';
        this.ready = true;
        await sleep(2);
      }
    } finally {
      this.ended += 1;
    }
  }

  *endless() {
    const chunk = Buffer.alloc(64 * 1024);
    try {
      for (;;) {
        yield chunk;
        this.ready = true;
      }
    } finally {
      this.ended += 1;
    }
  }

  async *waiting(signal: AbortSignal, ...first: string[]) {
    try {
      yield* first;
      this.ready = true;
      await sleep(60_000, undefined, { signal });
    } finally {
      this.ended += 1;
    }
  }

  parkedIterator() {
    const iterator = {
      next: () => {
        this.ready = true;
        return new Promise<IteratorResult<string>>(() => {});
      },
      return: async () => {
        this.ended += 1;
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  nodeStream(options: { objectMode?: boolean }) {
    const stream = new Readable({ ...options, read() {} });
    stream.push('a');
    stream.on('close', () => {
      this.ended += 1;
    });
    setTimeout(() => {
      this.ready = true;
    }, 10);
    return stream;
  }

  webStream() {
    return new ReadableStream({
      start: (controller) => {
        controller.enqueue('a');
        setTimeout(() => {
          this.ready = true;
        }, 10);
      },
      cancel: () => {
        this.ended += 1;
      },
    });
  }
}

describe('A stream that waits behind another response on its connection', () => {
  it('ends when the connection breaks', async () => {
    const events: string[] = [];
    class Root {
      async first({ signal }: Request) {
        if (!signal.aborted) await once(signal, 'abort');
      }
      async *second() {
        try {
          for (;;) {
            yield 'x'.repeat(65_536);
            events.push('yielded');
          }
        } finally {
          events.push('ended');
        }
      }
      static routes = { first: { params: ['request'] } };
    }
    const app = appOf(micropie(Root));
    const errors = errorsOf(app);
    await withServer(app, (port) =>
      withSocket(port, async (client) => {
        await client.send('GET /first HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n');
        await eventually(() => events.includes('yielded'), 'the second has begun');
        client.reset();
        await eventually(() => events.includes('ended'), 'the second has ended');
      }),
    );
    expectBroken(errors);
  });
});

describe('The current request in a generator', () => {
  const seen: (string | undefined)[] = [];
  const id = () => currentRequest().query('id');

  class Root extends Controller<{ n?: number }> {
    async *async() {
      try {
        for (let i = 0; i < 5; i++) {
          yield `${this.request.query('id')} `;
          await sleep(Math.random() * 3);
          yield `${id()} `;
        }
      } finally {
        seen.push(id());
      }
    }
    *sync() {
      try {
        // Enough to need the reader's leave to go on.
        for (let i = 0; i < 40; i++) yield `${id()} `.padStart(65_536);
      } finally {
        seen.push(this.request.query('id'));
      }
    }
    returned() {
      return this.async();
    }
    async *endless() {
      try {
        for (;;) {
          yield 'x';
          await sleep(1);
        }
      } finally {
        seen.push(id());
      }
    }
    *flood() {
      try {
        for (;;) yield 'x'.repeat(65_536);
      } finally {
        seen.push(id());
      }
    }
  }

  beforeEach(() => {
    seen.length = 0;
  });

  for (const path of ['/async', '/sync', '/returned'])
    it(`is its own in ${path}, also for the next request of the same connection`, async () => {
      await withServer(appOf(micropie(Root)), (port) =>
        Promise.all(
          ['1', '2', '3'].map((client) =>
            withSocket(port, async (socket) => {
              for (const time of ['a', 'b']) {
                const name = client + time;
                const { body } = await socket.exchange(get(`${path}?id=${name}`));
                expect(new Set(body.toString().trim().split(/\s+/))).to.deep.equal(new Set([name]));
              }
            }),
          ),
        ),
      );
      expect(seen.sort()).to.deep.equal(['1a', '1b', '2a', '2b', '3a', '3b']);
    });

  for (const path of ['/endless', '/flood'])
    it(`is still there when the client has left ${path}`, async () => {
      await withServer(appOf(micropie(Root)), (port) =>
        withSocket(port, async (socket) => {
          socket.socket.pause();
          await socket.send(get(`${path}?id=gone`));
          await sleep(50);
          socket.reset();
          await eventually(() => seen.length > 0, 'the generator ends');
        }),
      );
      expect(seen).to.deep.equal(['gone']);
    });
});

describe('The session in a generator', () => {
  class Root extends Controller<{ n?: number }> {
    async *before() {
      this.session.n = 1;
      yield 'a';
    }
    async *after() {
      yield 'a';
      this.session.n = 2;
    }
    async *replaced() {
      yield 'a';
      this.request.session = null;
    }
    async *read() {
      yield 'n is ';
      yield `${this.session.n}`;
    }
  }

  it('is saved with what changes before the first chunk, and can be read all along', async () => {
    const app = appOf(micropie(Root));
    await withServer(app, async (port) => {
      const first = await fetch(`http://127.0.0.1:${port}/before`);
      const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
      const second = await fetch(`http://127.0.0.1:${port}/read`, { headers: { cookie } });
      expect(await second.text()).to.equal('n is 1');
    });
  });

  for (const path of ['/after', '/replaced'])
    it(`throws where it changes after the first chunk: ${path}`, async () => {
      const app = appOf(micropie(Root));
      const errors = errorsOf(app);
      await withServer(app, (port) =>
        withSocket(port, async (socket) => {
          await socket.send(get(path));
          expect(await untilClosed(socket)).to.not.match(/\r\n0\r\n\r\n$/);
        }),
      );
      expect(errors).to.have.length(1);
      expect(errors[0]).to.be.an.instanceOf(Error);
    });
});

describe('A generator that never waits', () => {
  class Root {
    isRunning = false;
    served = 0;
    *tiny() {
      this.isRunning = true;
      for (let i = 0; i < 240_000; i++) yield 'x';
      this.isRunning = false;
    }
    ping() {
      if (this.isRunning) this.served += 1;
      return 'pong';
    }
  }

  it('leaves other requests their turn', async () => {
    const root = new Root();
    const lags = await withServer(appOf(micropie(root)), (port) => lagsDuring(port, '/tiny'));
    expect(root.served).to.be.above(5);
    // Not the very slowest: a busy machine has some of its own.
    expect(lags.sort((a, b) => a - b)[Math.floor(lags.length * 0.9)]).to.be.below(100);
  }).timeout(20_000);

  /** How long other requests take while a client in a thread of its own reads as fast as it can. */
  async function lagsDuring(port: number, path: string): Promise<number[]> {
    const reader = new Worker(
      `require('node:http').get('http://127.0.0.1:${port}${path}', (res) => res.resume().on('end', () => process.exit()));`,
      { eval: true },
    );
    let isDone = false;
    const done = once(reader, 'exit').then(() => {
      isDone = true;
    });
    await once(reader, 'online');
    const lags: number[] = [];
    while (!isDone) {
      const begin = performance.now();
      await (await fetch(`http://127.0.0.1:${port}/ping`)).text();
      lags.push(performance.now() - begin);
      await sleep(2);
    }
    await done;
    return lags;
  }
});

function fail(error: unknown): never {
  throw error;
}

/** Koa marks the errors that come after the headers. */
function unmarkable(error: Error): Error {
  return Object.defineProperty(error, 'headerSent', { get: () => false });
}

async function* throwing(error: unknown, ...chunks: unknown[]): AsyncGenerator<unknown> {
  yield* chunks;
  throw error;
}

function* syncThrowing(error: unknown, ...chunks: unknown[]): Generator<unknown> {
  yield* chunks;
  throw error;
}

function handWritten(onReturn: () => void, ...chunks: string[]): AsyncIterableIterator<unknown> {
  const left = [...chunks];
  const iterator: AsyncIterableIterator<unknown> = {
    next: async () => (left.length > 0 ? { done: false, value: left.shift() } : { done: true, value: undefined }),
    async return() {
      onReturn();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

function withoutSecondResult(): object {
  const results = [{ done: false, value: 'a' }];
  return { [Symbol.asyncIterator]: () => ({ next: async () => results.shift() }) };
}

async function failedStream(): Promise<Readable> {
  const stream = new PassThrough();
  stream.on('error', () => {});
  stream.destroy(new Error('early'));
  await once(stream, 'close');
  return stream;
}

function lockedStream(): ReadableStream {
  const stream = new Blob(['a']).stream();
  stream.getReader();
  return stream;
}

/** Waits until a number grows, and then does not any more. */
async function settled(read: () => number): Promise<void> {
  await eventually(() => read() > 0, 'it begins');
  for (let last = -1; last !== read(); ) {
    last = read();
    await sleep(60);
  }
}
