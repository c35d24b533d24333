import { createServer as createTlsServer } from 'node:https';
import Router from '@koa/router';
import { expect } from 'chai';
import express from 'express';
import type Koa from 'koa';
import mount from 'koa-mount';
import { micropie, nested, type Request, type Socket, serve } from '../../lib/index.js';
import { appOf, errorsOf, watched } from '../support/app.js';
import { cert, key } from '../support/certificate.js';
import { callers, portOf } from '../support/serving.js';
import { eventually, RawClient } from '../support/socket.js';
import {
  closeCode,
  frame,
  framesOf,
  handshake,
  open,
  rawAnswer,
  rawTalk,
  refused,
  withSockets,
} from '../support/sockets.js';

const CLOSE = frame(Buffer.from([3, 232]), { opcode: 8 });

class Root {
  calls = 0;

  async ws_echo(socket: Socket) {
    this.calls += 1;
    for await (const message of socket) await socket.send(message);
  }

  async ws_protocol(socket: Socket) {
    await socket.send(socket.protocol);
  }

  async ws_plain(socket: Socket) {
    await socket.send(socket.protocol);
  }

  static routes = { ws_protocol: { protocols: ['chat.v2', 'chat.v1'] } };
}

describe('the handshake of a socket', () => {
  const wrong: [title: string, changes: Record<string, string | undefined>, text: string, line?: string][] = [
    ['another version', { 'Sec-WebSocket-Version': '12' }, 'Sec-WebSocket-Version must be 13'],
    ['no version', { 'Sec-WebSocket-Version': undefined }, 'Sec-WebSocket-Version must be 13'],
    ['no key', { 'Sec-WebSocket-Key': undefined }, 'Sec-WebSocket-Key is missing or wrong'],
    ['a short key', { 'Sec-WebSocket-Key': 'YQ==' }, 'Sec-WebSocket-Key is missing or wrong'],
    [
      'a broken list of protocols',
      { 'Sec-WebSocket-Protocol': 'a,,b' },
      'Sec-WebSocket-Protocol must be a list of names',
    ],
    ['a protocol twice', { 'Sec-WebSocket-Protocol': 'a, a' }, 'Sec-WebSocket-Protocol must be a list of names'],
    ['a body', { 'Content-Length': '5' }, 'A WebSocket begins without a body'],
    ['a chunked body', { 'Transfer-Encoding': 'chunked' }, 'A WebSocket begins without a body'],
    ['another method', {}, 'A WebSocket begins with GET', 'POST /echo HTTP/1.1'],
    ['HTTP/1.0', {}, 'A WebSocket needs HTTP/1.1', 'GET /echo HTTP/1.0'],
  ];
  for (const [title, changes, text, line] of wrong)
    it(`is refused for ${title}`, () => {
      const root = new Root();
      return withSockets(micropie(root), async (service) => {
        const answer = await rawAnswer(service, handshake('/echo', changes, line));
        expect([answer.status, String(answer.body)]).to.deep.equal([400, `400 Bad Request: ${text}`]);
        expect(answer.headers['sec-websocket-version']).to.equal('13');
        expect(answer.headers['connection']).to.equal('close');
        expect(root.calls).to.equal(0);
      });
    });

  it('takes frames that come with it, in order', () =>
    withSockets(micropie(Root), async (service) => {
      const bytes = await rawTalk(
        service,
        Buffer.concat([Buffer.from(handshake('/echo')), frame('one'), frame('two')]),
        CLOSE,
      );
      const frames = framesOf(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4));
      expect(frames.map(({ payload }) => String(payload)).slice(0, 2)).to.deep.equal(['one', 'two']);
      expect(closeCode(frames)).to.equal(1000);
    }));

  it('waits for the answers to requests that were sent before it', async () => {
    const slow = async (ctx: Koa.Context, next: Koa.Next) => {
      if (ctx.path !== '/slow') return next();
      await new Promise((resolve) => setTimeout(resolve, 50));
      ctx.body = 'late';
    };
    await withSockets([slow, micropie(Root)], async (service) => {
      const get = 'GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n';
      const bytes = await rawTalk(
        service,
        Buffer.concat([Buffer.from(`${get}${get}${handshake('/echo')}`), frame('hello')]),
        Buffer.alloc(0),
        Buffer.alloc(0),
        CLOSE,
      );
      expect(String(bytes).match(/HTTP\/1.1 \d+/g)).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 101']);
      expect(String(bytes)).to.contain('hello');
    });
  });

  it('of a connection that was kept works as on a new one', () =>
    withSockets(micropie(Root), async (service) => {
      const client = await RawClient.open(portOf(service));
      await client.exchange('GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n');
      const { status } = await client.exchange(handshake('/nowhere'));
      expect(status).to.equal(404);
      client.socket.destroy();
    }));

  const protocols: [offered: string[], path: string, chosen: string][] = [
    [['chat.v1', 'chat.v2'], '/protocol', 'chat.v1'],
    [['other', 'chat.v2'], '/protocol', 'chat.v2'],
    [[], '/protocol', ''],
  ];
  for (const [offered, path, chosen] of protocols)
    it(`chooses '${chosen}' of [${offered}]`, () =>
      withSockets(micropie(Root), async (service) => {
        const client = await open(service, path, { protocols: offered });
        expect(await client.next()).to.equal(chosen);
        expect(client.ws.protocol).to.equal(chosen);
      }));

  for (const path of ['/protocol', '/plain'])
    it(`answers without a protocol where ${path} speaks none of the offered`, () =>
      withSockets(micropie(Root), async (service) => {
        const { status, headers } = await rawAnswer(
          service,
          handshake(path, { 'Sec-WebSocket-Protocol': 'other' }),
          true,
        );
        expect(status).to.equal(101);
        expect(headers).to.not.have.property('sec-websocket-protocol');
      }));

  it('offers no compression', () =>
    withSockets(micropie(Root), async (service) => {
      const { headers } = await rawAnswer(
        service,
        handshake('/echo', { 'Sec-WebSocket-Extensions': 'permessage-deflate' }),
        true,
      );
      expect(headers).to.not.have.property('sec-websocket-extensions');
    }));

  it('has the headers that middleware has set, but for those of HTTP itself', () => {
    const setting = (ctx: Koa.Context, next: Koa.Next) => {
      ctx.set({ 'X-Mine': 'yes', 'Content-Type': 'text/x', Connection: 'close', 'Keep-Alive': 'timeout=1', Date: 'x' });
      ctx.cookies.set('a', '1');
      ctx.cookies.set('b', '2');
      return next();
    };
    return withSockets([setting, micropie(Root)], async (service) => {
      const { status, headers } = await rawAnswer(service, handshake('/echo'), true);
      expect(status).to.equal(101);
      expect(headers).to.have.property('x-mine', 'yes');
      expect(headers['set-cookie']).to.match(/^a=1;.*, b=2;/);
      expect(headers['connection']).to.equal('Upgrade');
      expect(headers).to.not.have.any.keys('content-type', 'keep-alive', 'date');
    });
  });

  it('is answered by HTTP with bodies of any size', async () => {
    const big = 'x'.repeat(5_000_000);
    const refusing = (ctx: Koa.Context) => {
      ctx.status = 401;
      ctx.body = big;
    };
    await withSockets(refusing, async (service) => {
      const { status, text } = await refused(service, '/echo');
      expect([status, text.length]).to.deep.equal([401, big.length]);
    });
  });

  it('that is reset on the way, in a hook or before its answer ends nothing', async () => {
    const root = new Root();
    let hooks = 0;
    let resume = () => {};
    const hook = {
      beforeWebSocket: async () => {
        hooks += 1;
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      },
    };
    await withSockets(micropie(root, { middlewares: [hook] }), async (service) => {
      const [first, second] = await callers(service, 2);
      await first?.send('GET /echo HTTP/1.1\r\nUpgrade: websocket\r\nConn');
      first?.reset();
      await second?.send(handshake('/echo'));
      await eventually(() => hooks === 1, 'the hook runs');
      second?.reset();
      await new Promise((resolve) => setTimeout(resolve, 20));
      resume();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect([hooks, root.calls]).to.deep.equal([1, 0]);
      expect((await fetch(service.url)).status).to.equal(404);
    });
  });
});

describe('upgrades to something else', () => {
  const body = 'name=Ada';
  const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';

  class Plain {
    greet(name = 'Guest', request: Request) {
      return `${request.method} ${name}`;
    }
    async ws_greet() {}
  }

  it('stay ordinary requests, with their body and a connection that is kept', () =>
    withSockets(micropie(Plain), async (service) => {
      const client = await RawClient.open(portOf(service));
      const first = await client.exchange(`GET /greet/Eve HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`);
      const second = await client.exchange(
        `POST /greet HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n${upgrade}\r\n${body}`,
      );
      const third = await client.exchange('GET /greet HTTP/1.1\r\nHost: localhost\r\n\r\n');
      const answers = [first, second, third].map(({ status, body }) => [status, String(body)]);
      expect(answers).to.deep.equal([
        [200, 'GET Eve'],
        [200, 'POST Ada'],
        [200, 'GET Guest'],
      ]);
      client.socket.destroy();
    }));

  it('stay so with empty headers', () => {
    const telling = (ctx: Koa.Context) => {
      ctx.body = JSON.stringify([ctx.headers.host, ctx.headers['x-empty']]);
    };
    return withSockets(telling, async (service) => {
      const { status, body } = await rawAnswer(service, `GET / HTTP/1.1\r\nHost:\r\nX-Empty:\r\n${upgrade}\r\n`);
      expect([status, String(body)]).to.deep.equal([200, '["",""]']);
    });
  });

  it('leave nothing behind, however many come by one connection', async () => {
    const counts: number[] = [];
    const counting = (ctx: Koa.Context) => {
      counts.push(ctx.req.socket.eventNames().reduce((sum, name) => sum + ctx.req.socket.listenerCount(name), 0));
      ctx.body = 'x';
    };
    await withSockets(counting, async (service) => {
      const client = await RawClient.open(portOf(service));
      for (let n = 0; n < 20; n++) await client.exchange(`GET / HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`);
      client.socket.destroy();
    });
    expect(counts.at(-1)).to.equal(counts[1]);
  });
});

describe('sockets within other frameworks', () => {
  async function expectEcho(service: Parameters<typeof open>[0], path: string): Promise<void> {
    const client = await open(service, path);
    client.send('hello');
    expect(await client.next()).to.equal('hello');
    await client.leave();
  }

  function routed(): Koa {
    const router = new Router();
    router.all('/api/:name', mount('/api', micropie(Root)));
    const app = appOf();
    app.use(router.routes());
    return app;
  }

  const apps: [title: string, make: () => Koa][] = [
    ['a prefix', () => appOf(micropie(Root, { prefix: '/api' }))],
    ['koa-mount', () => appOf(mount('/api', appOf(micropie(Root))))],
    ['@koa/router', () => routed()],
    [
      'a field with a nested controller',
      () =>
        appOf(
          micropie(
            class {
              api = nested(Root);
            },
          ),
        ),
    ],
  ];
  for (const [title, make] of apps)
    it(`are served below ${title}`, () =>
      withSockets(
        (ctx, next) => mount(make())(ctx, next),
        async (service) => {
          await expectEcho(service, '/api/echo');
          expect((await refused(service, '/echo')).status).to.equal(404);
        },
      ));

  it('are served by Express', async () => {
    const app = express();
    app.use('/api', watched(appOf(micropie(Root))).callback());
    const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 0 });
    try {
      await expectEcho(service, '/api/echo');
      expect((await refused(service, '/elsewhere')).status).to.equal(404);
    } finally {
      await service.close();
    }
  });

  it('are served by TLS', async () => {
    const app = appOf(micropie(Root));
    const service = await serve(createTlsServer({ key, cert }, app.callback()), {
      port: 0,
      host: '127.0.0.1',
      deadline: 0,
    });
    try {
      await expectEcho(service, '/echo');
      const { port } = new URL(service.url);
      const own = await open(service, '/echo', { origin: `https://127.0.0.1:${port}` });
      await own.leave();
      expect((await refused(service, '/echo', { origin: `http://127.0.0.1:${port}` })).status).to.equal(403);
    } finally {
      await service.close();
    }
  });

  it('tell the app once of what middleware in front throws when the socket is closed', async () => {
    const app = appOf(async (_ctx, next) => {
      await next();
      throw new Error('too late');
    }, micropie(Root));
    const errors = errorsOf(app);
    const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 0 });
    const client = await open(service, '/echo');
    expect((await client.leave(1000)).code).to.equal(1000);
    await eventually(() => errors.length > 0, 'the app hears of it');
    expect(errors.map(String)).to.deep.equal(['Error: too late']);
    await service.close();
  });
});
