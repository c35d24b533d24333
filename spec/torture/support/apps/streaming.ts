import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import {
  type Context,
  Controller,
  currentRequest,
  type HttpMiddleware,
  InMemorySessionBackend,
  micropie,
  type Request,
  reply,
  type SessionBackend,
  sse,
} from '../../../../lib/index.js';
import type { TortureApp, Witness } from '../witness.js';

const THROWN: Record<string, () => unknown> = {
  error: () => new Error('The generator fails'),
  undefined: () => undefined,
  null: () => null,
  text: () => 'text',
  frozen: () => Object.freeze(new Error('The generator fails')),
  proxy: () => new Proxy(new Error('The generator fails'), {}),
  headers: () => Object.assign(new Error('x'), { headers: { 'X-Bad': 'a\r\nb' } }),
};
const YIELDED: Record<string, unknown> = {
  number: 1,
  undefined: undefined,
  null: null,
  object: {},
  list: [],
  symbol: Symbol('x'),
  function: () => {},
};

export default function create(witness: Witness): TortureApp {
  let produced = 0;
  let finals = 0;
  const own: boolean[] = [];

  async function* counted<T>(source: Iterable<T> | AsyncIterable<T>) {
    try {
      yield* witness.open(source);
    } finally {
      finals += 1;
    }
  }

  class Root extends Controller {
    short() {
      witness.ran('short');
      return counted(['a', 'b', 'c']);
    }

    *synchronous() {
      witness.ran('synchronous');
      try {
        for (;;) {
          produced += 1000;
          yield 'x'.repeat(1000);
        }
      } finally {
        finals += 1;
      }
    }

    between() {
      witness.ran('between');
      async function* chunks() {
        for (;;) {
          yield 'x';
          await sleep(5);
        }
      }
      return counted(chunks());
    }

    sleeps() {
      witness.ran('sleeps');
      const { signal } = this.request;
      async function* chunks() {
        yield 'x';
        await sleep(60_000, undefined, { signal });
      }
      return counted(chunks());
    }

    parked() {
      witness.ran('parked');
      const { signal } = this.request;
      async function* chunks() {
        yield 'x';
        await once(signal, 'abort');
      }
      return counted(chunks());
    }

    /** Nothing can end it: its counter stays, but nothing of the server's own may. */
    async *deaf() {
      witness.ran('deaf');
      yield 'x';
      await new Promise(() => {});
    }

    async *deafAtOnce() {
      witness.ran('deafAtOnce');
      await new Promise(() => {});
      yield 'x';
    }

    endless() {
      witness.ran('endless');
      async function* chunks() {
        for (;;) {
          produced += 64 * 1024;
          yield Buffer.alloc(64 * 1024, 'x');
        }
      }
      return counted(chunks());
    }

    early(what: string) {
      witness.ran('early');
      // biome-ignore lint/correctness/useYield: it does not come to that
      async function* chunks(): AsyncGenerator<string> {
        throw THROWN[what]?.();
      }
      return counted(chunks());
    }

    late(what: string) {
      witness.ran('late');
      async function* chunks() {
        yield 'first';
        await sleep(5);
        throw THROWN[what]?.();
      }
      return counted(chunks());
    }

    odd(what: string) {
      witness.ran('odd');
      return counted(['first', YIELDED[what]]);
    }

    oddAtOnce(what: string) {
      witness.ran('oddAtOnce');
      return counted([YIELDED[what]]);
    }

    throwsInFinally() {
      witness.ran('throwsInFinally');
      async function* chunks() {
        try {
          for (;;) {
            yield 'x';
            await sleep(5);
          }
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: generators do such things
          throw new Error('The end fails');
        }
      }
      return counted(chunks());
    }

    length(length: string) {
      witness.ran('length');
      return reply(200, counted(['12345', '67890']), { 'Content-Length': length });
    }

    headers(value: string) {
      witness.ran('headers');
      return reply(200, counted(['x']), { 'X-Value': value, 'Transfer-Encoding': 'identity' });
    }

    status(status = 200) {
      witness.ran('status');
      return reply(status, counted(['x']));
    }

    who(name: string) {
      witness.ran('who');
      const mine = this.request;
      const check = () => own.push(currentRequest() === mine && this.request === mine);
      async function* chunks() {
        try {
          check();
          yield `${name} `;
          for (let n = 0; n < 4; n += 1) {
            await sleep(1);
            check();
            yield 'x'.repeat(100_000);
            check();
          }
        } finally {
          check();
        }
      }
      return counted(chunks());
    }

    tight(bytes = 0) {
      witness.ran('tight');
      function* chunks() {
        const chunk = 'x'.repeat(64 * 1024);
        for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk;
      }
      return chunks();
    }

    events(text: string) {
      witness.ran('events');
      return sse([{ data: text, event: text, id: text }, text]);
    }

    heartbeats() {
      witness.ran('heartbeats');
      const { signal } = this.request;
      async function* chunks() {
        yield 'first';
        await sleep(60_000, undefined, { signal });
      }
      return sse(counted(chunks()));
    }

    async never(request: Request) {
      witness.ran('never');
      await once(request.signal, 'abort');
      return 'never';
    }

    late204(ctx: Context) {
      witness.ran('late204');
      ctx.status = 204;
      return counted(['x']);
    }
  }

  // Where the next request waits, and what lets it go on.
  let place = '';
  let waiting: (() => void) | undefined;
  async function pass(here: string): Promise<void> {
    if (here !== place) return;
    await new Promise<void>((resolve) => {
      waiting = resolve;
    });
    waiting = undefined;
    await sleep(5);
  }

  const BODIES: Record<string, () => unknown> = {
    file: () => createReadStream(process.execPath),
    missing: () => createReadStream('/nowhere/at/all'),
    generator: () => counted(['a', 'b']),
    web: () => ReadableStream.from(counted(['a', 'b'])),
    response: () => new Response('text'),
  };
  const bodyOf = ({ ctx }: Request) => BODIES[ctx.query['kind']?.toString() ?? '']?.();

  class Places extends Controller<{ n?: number }> {
    async index() {
      witness.ran('places');
      this.session.n = 1;
      await pass('handler');
      if (place === 'onError') throw new Error('The handler fails');
      return bodyOf(this.request);
    }
  }

  const hook: HttpMiddleware = {
    async beforeRequest(request) {
      await pass('beforeRequest');
      return place === 'beforeRequest' || place === 'load' ? reply(200, bodyOf(request)) : undefined;
    },
    async afterRequest(request) {
      await pass('afterRequest');
      return place === 'afterRequest' ? { body: bodyOf(request) } : undefined;
    },
    async onError(request) {
      await pass('onError');
      return place === 'onError' ? reply(500, bodyOf(request)) : undefined;
    },
  };
  const memory = new InMemorySessionBackend();
  const sessionBackend: SessionBackend = {
    async load(id) {
      await pass('load');
      return memory.load(id);
    },
    async save(id, data, timeout) {
      await pass('save');
      return memory.save(id, data, timeout);
    },
  };

  witness.watch(Root.prototype, Controller.prototype);
  const app = new Koa();
  app.use(micropie(Places, { prefix: '/places', middlewares: [hook], sessionBackend, session: { cookie: 'place' } }));
  app.use(micropie(Root, { session: false }));
  // Or else Koa, asked for its callback before the child listens, would print errors.
  app.on('error', () => {});
  const http2 = createServer(app.callback()).listen(0, '127.0.0.1');
  return {
    app,
    commands: {
      http2: () => http2.address(),
      place(name) {
        place = String(name);
      },
      isWaiting: () => waiting !== undefined,
      go: () => waiting?.(),
      produced: () => produced,
      finals: () => finals,
      own: () => own.splice(0),
      reset() {
        produced = 0;
        finals = 0;
        own.splice(0);
      },
    },
  };
}
