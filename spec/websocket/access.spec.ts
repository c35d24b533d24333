import { once } from 'node:events';
import { expect } from 'chai';
import Koa from 'koa';
import { createSession } from 'koa-session';
import {
  Controller,
  type HttpMiddleware,
  InMemorySessionBackend,
  micropie,
  type Request,
  reply,
  type Socket,
  serve,
  sessions,
} from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { eventually } from '../support/socket.js';
import { handshake, open, rawTalk, refused, withSockets } from '../support/sockets.js';
import { warningsOf } from '../support/warnings.js';

class Root extends Controller<{ user?: string; seen?: number }> {
  calls: string[] = [];

  login(user: string) {
    this.session.user = user;
  }

  me() {
    return this.session;
  }

  async ws_talk(socket: Socket, user = 'nobody') {
    this.calls.push('talk');
    await socket.send(`hello ${user}`);
    for await (const message of socket) {
      if (message === 'fail') throw new Error('a secret');
      if (message === 'note') this.session.seen = 7;
    }
  }

  ws_thrown(_socket: Socket, status: number) {
    return this.ctx.throw(status, 'no, since '.padEnd(200, 'ä'));
  }

  static routes = { ws_talk: { session: ['user'] }, ws_thrown: { params: [Number] } };
}

describe('the Origin of a socket', () => {
  const table: [title: string, origin: (port: string) => string, host: string | undefined, isLet: boolean][] = [
    ['its own', (port) => `http://127.0.0.1:${port}`, undefined, true],
    ['its own in capitals', (port) => `HTTP://127.0.0.1:${port}`, undefined, true],
    ['its own by https, in front of which a proxy ends TLS', (port) => `https://127.0.0.1:${port}`, undefined, true],
    ['its own without the default port', () => 'https://app.example', 'app.example:443', true],
    ['its own by IPv6', () => 'http://[::1]:8080', '[0:0:0:0:0:0:0:1]:8080', true],
    ['one that is allowed', () => 'https://friend.example', undefined, true],
    ['another port', () => 'http://127.0.0.1:1', undefined, false],
    ['another site', () => 'https://evil.example', undefined, false],
    ['a longer name', () => 'http://localhost.evil.example', 'localhost', false],
    ['one with its own in front', () => 'http://localhost@evil.example', 'localhost', false],
    ['a page of an allowed one by http', () => 'http://friend.example', undefined, false],
    ['none of a page, as in a frame', () => 'null', undefined, false],
    ['a file', () => 'file://', undefined, false],
    ['nothing', () => '', undefined, false],
    ['no origin at all', () => 'x', undefined, false],
  ];
  for (const [title, origin, host, isLet] of table)
    it(`${isLet ? 'may' : 'may not'} be ${title}`, () => {
      const root = new Root();
      return withSockets(micropie(root, { websocket: { origins: ['https://friend.example'] } }), async (service) => {
        const headers = { origin: origin(new URL(service.url).port), ...(host !== undefined && { host }) };
        if (isLet) await (await open(service, '/talk', { headers })).leave();
        else {
          const { status, text } = await refused(service, '/talk', { headers });
          expect(status).to.equal(403);
          expect(text).to.match(/^403 Forbidden: Pages of this origin may not/);
        }
        expect(root.calls).to.have.length(isLet ? 1 : 0);
      });
    });

  it('is asked before the session and the hooks', async () => {
    const log: string[] = [];
    const hook = { beforeWebSocket: () => void log.push('hook') };
    const backend = { load: () => void log.push('load'), save: () => {} };
    await withSockets(micropie(Root, { middlewares: [hook], sessionBackend: backend }), async (service) => {
      const headers = { origin: 'https://evil.example', cookie: `session_id=${'x'.repeat(43)}` };
      expect((await refused(service, '/talk', { headers })).status).to.equal(403);
      expect(log).to.deep.equal([]);
    });
  });
});

describe('hooks around sockets', () => {
  const log: string[] = [];
  const logging = (name: string): HttpMiddleware => ({
    beforeRequest: () => void log.push(`${name} request`),
    beforeWebSocket: () => void log.push(`${name} before`),
    afterWebSocket: () => void log.push(`${name} after`),
  });

  beforeEach(() => log.splice(0));

  for (const names of [
    ['a', 'b'],
    ['b', 'a'],
  ])
    it(`run in the order ${names}, before and after alike; those of the route lie within`, async () => {
      class Own {
        async ws_talk(socket: Socket) {
          log.push('handler');
          for await (const _ of socket);
        }
        static routes = { ws_talk: { middlewares: [logging('own')] } };
      }
      await withSockets(micropie(Own, { middlewares: names.map(logging) }), async (service) => {
        await (await open(service, '/talk')).leave();
        await eventually(() => log.length === 7, 'all have run');
        const [x, y] = names;
        expect(log).to.deep.equal([
          ...[`${x} before`, `${y} before`, 'own before', 'handler'],
          ...['own after', `${x} after`, `${y} after`],
        ]);
      });
    });

  const answers: [title: string, answer: unknown, status: number, text: string][] = [
    ['a status and a body', { statusCode: 401, body: 'Who are you?' }, 401, 'Who are you?'],
    ['a reply with headers', reply(503, { later: true }, { 'Retry-After': '5' }), 503, '{"later":true}'],
    ['a status of success', { statusCode: 200, body: 'no socket' }, 200, 'no socket'],
  ];
  for (const [title, answer, status, text] of answers)
    it(`refuse by HTTP with ${title}, and neither another hook nor the handler runs`, async () => {
      const root = new Root();
      const hooks = [{ beforeWebSocket: () => answer as Request['ctx'] }, logging('later')] as HttpMiddleware[];
      await withSockets(micropie(root, { middlewares: hooks }), async (service) => {
        const refusal = await refused(service, '/talk');
        expect([refusal.status, refusal.text]).to.deep.equal([status, text]);
        expect([...log, ...root.calls]).to.deep.equal([]);
      });
    });

  it("see the arguments in beforeCall, the mount's and the route's, and may refuse by HTTP", async () => {
    const seen: unknown[] = [];
    const watching: HttpMiddleware = { beforeCall: (_request, args) => void seen.push({ ...args }) };
    const refusing: HttpMiddleware = {
      beforeCall: (_request, { room }) => (room === 'secret' ? reply(403, 'No') : undefined),
    };
    class Rooms {
      async ws_room(socket: Socket, room: string, page = 1) {
        await socket.send(`${room} ${page}`);
      }
      static routes = {
        ws_room: { middlewares: [refusing] },
      };
    }
    await withSockets(micropie(Rooms, { middlewares: [watching] }), async (service) => {
      const refusal = await refused(service, '/room/secret');
      expect([refusal.status, refusal.text]).to.deep.equal([403, 'No']);
      const client = await open(service, '/room/open?page=2');
      expect(await client.next()).to.equal('open 2');
      expect(seen).to.deep.equal([{ room: 'secret' }, { room: 'open', page: 2 }]);
    });
  });

  it('that throw are errors by HTTP, which onError may answer', () => {
    const hooks: HttpMiddleware[] = [
      { beforeWebSocket: ({ ctx }) => ctx.throw(418, 'a pot') },
      { onError: (_request, error) => (error.message === 'a pot' ? { statusCode: 409, body: 'answered' } : undefined) },
    ];
    return withSockets(micropie(Root, { middlewares: hooks }), async (service) => {
      const { status, text } = await refused(service, '/talk');
      expect([status, text]).to.deep.equal([409, 'answered']);
    });
  });

  const byHand: [title: string, answer: (request: Request) => void, expected: RegExp][] = [
    ['whole', ({ ctx }) => ctx.res.end('by hand'), /^HTTP\/1.1 404 .*by hand$/s],
    ['in part', ({ ctx }) => ctx.res.write('by hand'), /^HTTP\/1.1 404 (?!.*HTTP).*by hand/s],
    ['by the end of the connection', ({ ctx }) => ctx.req.socket.end(), /^$/],
  ];
  for (const [title, answer, expected] of byHand)
    it(`may answer by hand, ${title}: no handshake follows, and the request is over`, () => {
      const root = new Root();
      let closed = 0;
      const hook: HttpMiddleware = {
        beforeWebSocket: (request) => {
          request.ctx.res.once('close', () => {
            closed += 1;
          });
          answer(request);
        },
      };
      return withSockets(micropie(root, { middlewares: [hook] }), async (service) => {
        expect(String(await rawTalk(service, Buffer.from(handshake('/talk'))))).to.match(expected);
        await eventually(() => closed === 1, 'the response is closed');
        expect(root.calls).to.deep.equal([]);
      });
    });

  it('run for a socket that is not there where the controller owns its prefix, and it is 404', () =>
    withSockets(micropie(Root, { middlewares: [logging('a')], fallthrough: false }), async (service) => {
      expect((await refused(service, '/nowhere')).status).to.equal(404);
      expect(log).to.deep.equal(['a before']);
    }));

  it('do not run after an error', async () => {
    const app = appOf(micropie(Root, { middlewares: [logging('a')] }));
    const errors = errorsOf(app);
    const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 0 });
    const client = await open(service, '/talk');
    client.send('fail');
    expect(await client.closed).to.deep.equal({ code: 1011, reason: '' });
    await service.close();
    expect(errors.map(String)).to.deep.equal(['Error: a secret']);
    expect(log).to.deep.equal(['a before']);
  });

  it('warn at start where a beforeRequest has no beforeWebSocket beside it', async () => {
    const warnings = await warningsOf(() => micropie(Root, { middlewares: [{ beforeRequest() {} }] }));
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include('No hook guards Root.ws_talk, Root.ws_thrown: beforeRequest does not run');
    // Neither of these warns: the guard would tell.
    micropie(Root, { middlewares: [{ beforeRequest() {}, beforeWebSocket() {} }] });
    micropie(
      class {
        index() {}
      },
      { middlewares: [{ beforeRequest() {} }] },
    );
  });

  it('are not the only ones to warn: a socket that is not served does, once', async () => {
    const { default: request } = await import('supertest');
    const app = appOf(micropie(Root));
    const warnings = await warningsOf(async () => {
      for (const path of ['/me', '/nothing']) await request(app.callback()).get(path);
    });
    expect(warnings).to.deep.equal([
      'KOA_MICROPIE_SOCKET_SERVE: Root.ws_talk is a socket that nobody can reach: use serve(app, { port }) in place of app.listen(port)',
    ]);
  });
});

describe('what a handler throws', () => {
  const table: [status: number, code: number, reason: RegExp, isTold: boolean][] = [
    [400, 1008, /^no, since ä{50,60}$/, false],
    [403, 1008, /^no, since /, false],
    [500, 1011, /^$/, true],
    [503, 1011, /^$/, true],
  ];
  for (const [status, code, reason, isTold] of table)
    it(`closes with ${code} for ${status}`, async () => {
      const app = appOf(micropie(Root));
      const errors = errorsOf(app);
      const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 0 });
      const closed = await (await open(service, `/thrown/${status}`)).closed;
      await service.close();
      expect(closed.code).to.equal(code);
      expect(closed.reason).to.match(reason);
      expect(errors).to.have.length(isTold ? 1 : 0);
    });

  it('is nothing to be told where it waited with the signal and its client left', async () => {
    let reason: unknown;
    class Waiting {
      async ws_index(_socket: Socket, request: Request) {
        try {
          await once(process, 'never', { signal: request.signal });
        } finally {
          reason = request.signal.reason;
        }
      }
    }
    await withSockets(micropie(Waiting), async (service) => {
      const client = await open(service, '/');
      client.ws.terminate();
      await eventually(() => reason !== undefined, 'the signal aborts');
      expect(String(reason)).to.equal('AbortError: The client has left');
    });
  });
});

describe('the session of a socket', () => {
  const cookieOf = (header: string | readonly string[] | undefined) =>
    [header ?? []]
      .flat()
      .map((one) => String(one).split(';')[0])
      .join('; ');

  it('gives arguments, and keeps what the handler has changed when the socket is closed', () =>
    withSockets(micropie(Root), async ({ url }) => {
      const login = await fetch(`${url}/login/Ada`);
      const headers = { cookie: cookieOf(login.headers.getSetCookie()) };
      const client = await open({ url }, '/talk?user=Eve', { headers });
      expect(await client.next()).to.equal('hello Ada');
      client.send('note');
      await client.leave();
      const stored = async () => (await fetch(`${url}/me`, { headers })).json();
      await eventually(async () => JSON.stringify(await stored()).includes('seen'), 'it is stored');
      expect(await stored()).to.deep.equal({ user: 'Ada', seen: 7 });
    }));

  const beginning: HttpMiddleware = { beforeWebSocket: ({ session }) => void Object.assign(session, { user: 'Eve' }) };

  const places: [title: string, make: (backend: InMemorySessionBackend) => Koa][] = [
    ['the controller', (backend) => appOf(micropie(Root, { middlewares: [beginning], sessionBackend: backend }))],
    ['sessions() in front', (backend) => appOf(sessions({ backend }), micropie(Root, { middlewares: [beginning] }))],
    [
      'koa-session in front',
      () => {
        const app = new Koa();
        app.keys = ['a key'];
        app.use(createSession({ key: 'app' }, app));
        app.use(micropie(Root, { middlewares: [beginning] }));
        return app;
      },
    ],
    [
      'koa-session in front, behind the end of another one',
      () => {
        const app = new Koa();
        app.keys = ['a key'];
        app.use(createSession({ key: 'app' }, app));
        const ending: HttpMiddleware = {
          beforeWebSocket: (request) => {
            request.session = null;
          },
        };
        app.use(micropie(Root, { middlewares: [ending, beginning] }));
        return app;
      },
    ],
  ];
  for (const [title, make] of places)
    it(`begins in a hook, with its cookie in the 101, where it is of ${title}`, async () => {
      const service = await serve(make(new InMemorySessionBackend()), { port: 0, host: '127.0.0.1', deadline: 0 });
      const client = await open(service, '/talk');
      expect(await client.next()).to.equal('hello Eve');
      const headers = { cookie: cookieOf(client.headers['set-cookie']) };
      expect(await (await fetch(`${service.url}/me`, { headers })).json()).to.deep.equal({ user: 'Eve' });
      await client.leave();
      await service.close();
    });

  it('that begins in the handler comes too late, which the app is told', async () => {
    const app = appOf(micropie(Root));
    const errors = errorsOf(app);
    const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 0 });
    const client = await open(service, '/talk');
    client.send('note');
    await client.leave();
    await service.close();
    expect(errors.map(String)).to.deep.equal([
      'Error: A session was begun behind the handshake, which has carried no cookie: begin it in beforeWebSocket',
    ]);
  });
});
