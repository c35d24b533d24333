import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Context } from 'koa';
import { micropie, reply } from '../../lib/index.js';
import { appOf, errorsOf, withServer } from '../support/app.js';
import { withNginx } from '../support/nginx.js';
import { withSocket } from '../support/socket.js';

/** Tells that the first chunk has come. Node 20 and 22 take data and a reset that come together for a proper end. */
const arrivals = new EventEmitter();

async function arrival(): Promise<void> {
  await once(arrivals, 'first', { signal: AbortSignal.timeout(100) }).catch(() => {});
}

class Root {
  async *generator() {
    yield 'first ';
    await arrival();
    throw new Error('It breaks');
  }
  *synchronous() {
    yield 'first ';
    throw new Error('It breaks');
  }
  node() {
    const stream = new PassThrough();
    stream.write('first ');
    arrival().then(() => stream.destroy(new Error('It breaks')));
    return stream;
  }
  ended() {
    const stream = new PassThrough();
    stream.write('first ');
    arrival().then(() => stream.destroy());
    return stream;
  }
  web() {
    return ReadableStream.from(this.generator());
  }
  length() {
    return reply(200, this.generator(), { 'Content-Length': 100 });
  }
  async *whole() {
    yield 'first ';
    await sleep(20);
    yield 'last';
  }
  async *unchunked(ctx: Context) {
    ctx.res.removeHeader('Transfer-Encoding');
    yield* this.generator();
  }
}

const BROKEN = ['generator', 'node', 'ended', 'web'];

describe('An answer that breaks in the middle', () => {
  const cases: [path: string, protocol: string, end: string][] = [
    ...BROKEN.map((path): [string, string, string] => [path, '1.0', 'ECONNRESET']),
    ['unchunked', '1.1', 'ECONNRESET'],
    ['generator', '1.1', 'end'],
    ['length', '1.0', 'end'],
    ['whole', '1.0', 'end'],
  ];
  for (const [path, protocol, end] of cases)
    it(`ends with ${end} for a client of HTTP/${protocol}: /${path}`, async () => {
      const app = appOf(micropie(Root));
      const errors = errorsOf(app);
      const ending = await withServer(app, (port) =>
        withSocket(port, async ({ socket }) => {
          const ended = new Promise((resolve) => {
            socket.once('error', (error) => resolve(Reflect.get(error, 'code')));
            socket.once('end', () => resolve('end'));
          });
          socket.on('data', (data) => data.includes('first') && arrivals.emit('first'));
          socket.write(`GET /${path} HTTP/${protocol}\r\nHost: localhost\r\n\r\n`);
          return ended;
        }),
      );
      expect(ending).to.equal(end);
      await sleep(5);
      expect(errors).to.have.length(path === 'whole' ? 0 : 1);
    });
});

describe('Behind nginx, which speaks HTTP/1.0 unless told otherwise', () => {
  for (const path of [...BROKEN, 'synchronous'])
    it(`an answer that breaks is seen as broken, and not cached: /${path}`, async () => {
      let asked = 0;
      const app = appOf(async (_ctx, next) => {
        asked += 1;
        await next();
      }, micropie(Root));
      const errors = errorsOf(app);
      await withServer(app, (upstream) =>
        withNginx(cachingProxy(upstream), async (port) => {
          for (const _time of [1, 2]) {
            const seen = await fetch(`http://127.0.0.1:${port}/${path}`).then(
              async (answer) => (answer.ok ? answer.text().catch(() => 'broken') : 'broken'),
              () => 'broken',
            );
            expect(seen).to.equal('broken');
          }
        }),
      );
      expect([asked, errors.length]).to.deep.equal([2, 2]);
    });

  it('a whole one is whole, and cached', async () => {
    let asked = 0;
    const app = appOf(async (_ctx, next) => {
      asked += 1;
      await next();
    }, micropie(Root));
    await withServer(app, (upstream) =>
      withNginx(cachingProxy(upstream), async (port) => {
        for (const _time of [1, 2])
          expect(await (await fetch(`http://127.0.0.1:${port}/whole`)).text()).to.equal('first last');
      }),
    );
    expect(asked).to.equal(1);
  });
});

describe('What an answer breaks with', () => {
  const thrown: [title: string, value: unknown, message: string][] = [
    ['a text', 'a text', "Not an error was thrown: 'a text'"],
    ['an empty text', '', "Not an error was thrown: ''"],
    ['what JSON can not carry', { a: 1n }, 'Not an error was thrown: { a: 1n }'],
    ['a frozen error', Object.freeze(new Error('frozen')), 'frozen'],
  ];
  const first: [title: string, value: unknown, message: string][] = thrown.filter(([, value]) => value !== '');
  for (const [title, value, message] of first)
    it(`may be ${title}: it is told once, and the process lives`, async () => {
      class Root {
        index() {
          const stream = new PassThrough();
          stream.write('first ');
          setTimeout(() => Reflect.apply(stream.destroy, stream, [value]), 20);
          return stream;
        }
      }
      const app = appOf(micropie(Root));
      const errors = errorsOf(app);
      await withServer(app, async (port) => {
        const ending = await (await fetch(`http://127.0.0.1:${port}/`)).text().catch(() => 'broken');
        expect(ending).to.equal('broken');
      });
      expect(errors.map((error) => error.message)).to.deep.equal([message]);
    });

  for (const [title, value, message] of thrown)
    it(`may be ${title} that middleware in front throws: it is an ordinary 500`, async () => {
      const app = appOf(async (_ctx, next) => {
        await next();
        throw value;
      }, micropie(Root));
      const errors = errorsOf(app);
      await withServer(app, async (port) => {
        expect((await fetch(`http://127.0.0.1:${port}/whole`)).status).to.equal(500);
      });
      expect(errors.map((error) => error.message)).to.deep.equal([message]);
    });
});

/** For the http block of an nginx in front of a server, with its own idea of how to speak to it, and a cache. */
function cachingProxy(upstream: number): (port: number) => string {
  return (port) => `
    proxy_cache_path cache keys_zone=all:1m;
    server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass http://127.0.0.1:${upstream};
        proxy_cache all;
        proxy_cache_valid 200 1m;
      }
    }`;
}
