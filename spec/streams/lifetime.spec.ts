import { EventEmitter } from 'node:events';
import { createReadStream } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Context, Middleware } from 'koa';
import { Controller, type HttpMiddleware, InMemorySessionBackend, micropie, reply } from '../../lib/index.js';
import { appOf, client, errorsOf, withServer } from '../support/app.js';
import { eventually, withSocket } from '../support/socket.js';

/** Where a request waits, and the bodies that it makes. */
class Stage {
  readonly bodies: { isClosed(): boolean }[] = [];
  isReached = false;
  isClosed = false;
  isThrough = false;
  go = () => {};
  readonly #going = new Promise<void>((resolve) => {
    this.go = resolve;
  });
  readonly #make: (stage: Stage) => unknown;

  constructor(make: (stage: Stage) => unknown) {
    this.#make = make;
  }

  body(): unknown {
    return this.#make(this);
  }

  async wait(): Promise<void> {
    this.isReached = true;
    await this.#going;
    // Long enough for a file to tell that it is missing.
    await sleep(10);
  }

  file(path: string): Readable {
    const stream = createReadStream(path);
    this.bodies.push({ isClosed: () => stream.closed });
    return stream;
  }

  iterator(): AsyncIterableIterator<string> {
    let isOver = false;
    this.bodies.push({ isClosed: () => isOver });
    const end = async () => {
      isOver = true;
      return { done: true as const, value: undefined };
    };
    const iterator = { next: end, return: end, [Symbol.asyncIterator]: () => iterator };
    return iterator;
  }

  web(): ReadableStream {
    let isOver = false;
    this.bodies.push({ isClosed: () => isOver });
    const end = () => {
      isOver = true;
    };
    const pull = (controller: ReadableStreamDefaultController) => {
      controller.close();
      end();
    };
    return new ReadableStream({ pull, cancel: end }, { highWaterMark: 0 });
  }

  /** Notes when the response is over, and when the middleware is through. */
  readonly watch: Middleware = async (ctx, next) => {
    ctx.res.once('close', () => {
      this.isClosed = true;
    });
    try {
      await next();
    } finally {
      this.isThrough = true;
    }
  };
}

const BODIES: [title: string, make: (stage: Stage) => unknown][] = [
  ['a file', (stage) => stage.file(fileURLToPath(import.meta.url))],
  ['a file that is missing', (stage) => stage.file('/nowhere/at/all')],
  ['an iterator', (stage) => stage.iterator()],
  ['a web stream', (stage) => stage.web()],
  ['a Response', (stage) => new Response(stage.web())],
];

/** A mount whose handler and hooks do as the test says. */
function mounting(act: (ctx: Context) => unknown, ...middlewares: HttpMiddleware[]): Middleware {
  class Root {
    index(ctx: Context) {
      return act(ctx);
    }
  }
  return micropie(Root, { middlewares });
}

/** A mount with a session backend that waits in a place. */
function storing(place: 'load' | 'save', stage: Stage, middlewares: HttpMiddleware[] = []): Middleware {
  class Root extends Controller<{ n?: number }> {
    index() {
      this.session.n = (this.session.n ?? 0) + 1;
      return stage.body();
    }
  }
  const memory = new InMemorySessionBackend();
  const sessionBackend = {
    async load(id: string) {
      if (place === 'load') await stage.wait();
      return memory.load(id);
    },
    async save(id: string, data: object, timeout: number) {
      if (place === 'save') await stage.wait();
      return memory.save(id, { ...data }, timeout);
    },
  };
  return micropie(Root, { sessionBackend, middlewares });
}

const fail = () => {
  throw new Error('The handler fails');
};

const PLACES: [title: string, mount: (stage: Stage) => Middleware][] = [
  [
    'by a before hook that waits',
    (stage) =>
      mounting(fail, {
        async beforeRequest() {
          await stage.wait();
          return reply(200, stage.body());
        },
      }),
  ],
  [
    'by a before hook, into ctx.body, and the next hook waits',
    (stage) =>
      mounting(
        () => undefined,
        { beforeRequest: ({ ctx }) => void Object.assign(ctx, { body: stage.body() }) },
        { beforeRequest: () => stage.wait() },
      ),
  ],
  [
    'by a before hook with a status that is none',
    (stage) =>
      mounting(fail, {
        async beforeRequest() {
          await stage.wait();
          return { statusCode: 99, body: stage.body() };
        },
      }),
  ],
  [
    'by a handler that waits',
    (stage) =>
      mounting(async () => {
        await stage.wait();
        return stage.body();
      }),
  ],
  [
    'by a handler, and an after hook waits',
    (stage) => mounting(() => stage.body(), { afterRequest: () => stage.wait() }),
  ],
  [
    'by a handler, and an after hook fails',
    (stage) =>
      mounting(() => stage.body(), {
        async afterRequest() {
          await stage.wait();
          fail();
        },
      }),
  ],
  [
    'by an after hook that waits',
    (stage) =>
      mounting(() => stage.body(), {
        async afterRequest() {
          await stage.wait();
          return { body: stage.body() };
        },
      }),
  ],
  [
    'by an after hook, and the next one waits and replaces it',
    (stage) =>
      mounting(
        () => 'text',
        { afterRequest: () => ({ body: stage.body() }) },
        {
          async afterRequest() {
            await stage.wait();
            return { body: 'instead' };
          },
        },
      ),
  ],
  [
    'by onError that waits',
    (stage) =>
      mounting(fail, {
        async onError() {
          await stage.wait();
          return reply(500, stage.body());
        },
      }),
  ],
  [
    'by a handler that fails, into ctx.body, and onError waits',
    (stage) =>
      mounting(
        (ctx) => {
          ctx.body = stage.body();
          fail();
        },
        { onError: () => stage.wait() },
      ),
  ],
  [
    'by a handler that throws it as a reply, and onError waits',
    (stage) =>
      mounting(
        () => {
          throw reply(200, stage.body());
        },
        { onError: () => stage.wait() },
      ),
  ],
  ['by a handler, and the session is stored', (stage) => storing('save', stage)],
  [
    'by a hook, and the session was loaded',
    (stage) => storing('load', stage, [{ beforeRequest: () => reply(200, stage.body()) }]),
  ],
];

describe('A body that is made', () => {
  // Such a file fails before the session is stored.
  for (const [place, mount] of PLACES)
    for (const [kind, make] of BODIES)
      for (const how of ['stays', 'leaves meanwhile'] as const)
        if (!(place.endsWith('the session is stored') && kind === 'a file that is missing'))
          it(`${place} is closed, and ends no process, when the client ${how}: ${kind}`, async () => {
            const stage = new Stage(make);
            const app = appOf(stage.watch, mount(stage));
            const errors = errorsOf(app);
            await withServer(app, (port) =>
              withSocket(port, async (socket) => {
                await socket.send(`GET / HTTP/1.1\r\nHost: localhost\r\nCookie: session_id=${'a'.repeat(43)}\r\n\r\n`);
                await eventually(() => stage.isReached, 'it waits');
                if (how !== 'stays') {
                  socket.reset();
                  await eventually(() => stage.isClosed, 'the client has left');
                }
                stage.go();
                await eventually(() => stage.isClosed && stage.isThrough, 'the request is over');
                await eventually(
                  () => stage.bodies.length > 0 && stage.bodies.every((body) => body.isClosed()),
                  'closed',
                );
                await sleep(5);
              }),
            );
            expect(new Set(errors).size, 'errors told twice').to.equal(errors.length);
          });

  it('and fails while the session is stored is an ordinary 500', async () => {
    const stage = new Stage(() => {
      const stream = new PassThrough();
      setTimeout(() => stream.destroy(new Error('It breaks')), 2);
      return stream;
    });
    const app = appOf(storing('save', stage));
    const errors = errorsOf(app);
    stage.go();
    await withServer(app, async (port) => {
      const answer = await fetch(`http://127.0.0.1:${port}/`);
      expect([answer.status, await answer.text()]).to.deep.equal([500, 'Internal Server Error']);
    });
    expect(errors.map(({ message }) => message)).to.deep.equal(['It breaks']);
  });

  for (const method of ['GET', 'HEAD'])
    it(`and is a file that is missing is an ordinary error that onError sees: ${method}`, async () => {
      const seen: unknown[] = [];
      const onError = (_request: unknown, error: Error) => void seen.push(Reflect.get(error, 'code'));
      const cors: Middleware = (ctx, next) => {
        ctx.set('Access-Control-Allow-Origin', '*');
        return next();
      };
      const app = appOf(
        cors,
        mounting(() => createReadStream('/nowhere/at/all'), { onError }),
      );
      const errors = errorsOf(app);
      await withServer(app, async (port) => {
        const answer = await fetch(`http://127.0.0.1:${port}/`, { method });
        expect([answer.status, answer.headers.get('access-control-allow-origin')]).to.deep.equal([500, '*']);
      });
      expect(seen).to.deep.equal(['ENOENT']);
      expect(errors.map((error) => Reflect.get(error, 'code'))).to.deep.equal(['ENOENT']);
    });

  it('and thrown as a Response is closed', async () => {
    const stage = new Stage(() => new Response(stage.web()));
    const app = appOf(
      mounting(() => {
        throw stage.body();
      }),
    );
    const errors = errorsOf(app);
    await withServer(app, async (port) => {
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).to.equal(500);
      await eventually(() => stage.bodies.every((body) => body.isClosed()), 'closed');
    });
    expect(errors).to.have.length(1);
  });

  it('and fails to close is told, and the others are closed', async () => {
    const refusing = Object.assign(new EventEmitter(), {
      pipe() {},
      destroy() {
        throw new Error('It does not close');
      },
    });
    const stage = new Stage(() => stage.iterator());
    const app = appOf(
      mounting(
        (ctx) => {
          Object.assign(ctx, { body: refusing });
          return stage.body();
        },
        { afterRequest: () => ({ statusCode: 200, body: 'text' }) },
      ),
    );
    const errors = errorsOf(app);
    await withServer(app, async (port) => {
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.equal('text');
      await eventually(() => errors.length > 0 && stage.bodies.every((body) => body.isClosed()), 'closed');
    });
    expect(errors.map(({ message }) => message)).to.deep.equal(['It does not close']);
  });
});

describe('A source that never waits', () => {
  it('is asked for nothing behind its end where its client leaves', async () => {
    let ended = 0;
    let late = 0;
    class Rows {
      #isOver = false;
      next() {
        if (this.#isOver) late += 1;
        // Longer than half of what it may take at a time, so that it is mostly in a pause.
        for (const end = performance.now() + 2; performance.now() < end; );
        return { done: false, value: 'row\n' };
      }
      return() {
        this.#isOver = true;
        ended += 1;
        return { done: true, value: undefined };
      }
      [Symbol.iterator]() {
        return this;
      }
    }
    await withServer(appOf(mounting(() => new Rows())), async (port) => {
      for (let n = 1; n <= 5; n++) {
        await withSocket(port, async (socket) => {
          socket.socket.resume();
          await socket.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
          await sleep(20);
        });
        await eventually(() => ended === n, 'it is ended');
      }
      await sleep(50);
    });
    expect(late).to.equal(0);
  });
});

describe('JSON of a client that looks like a stream', () => {
  for (const name of ['next', 'on', 'pipe'])
    it(`is data when it comes back: ${name}`, async () => {
      class Root {
        save(task: object) {
          return task;
        }
      }
      const data = { pipe: 1, on: 1, destroy: 1, [name]: {} };
      const { status, body } = await client(micropie(Root)).post('/save').send({ task: data });
      expect([status, body]).to.deep.equal([200, data]);
    });
});
