import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import createError from 'http-errors';
import Koa, { type Middleware } from 'koa';
import session from 'koa-session';
import request from 'supertest';
import * as z from 'zod';
import type { Context } from '../../lib/context.js';
import { Controller, currentRequest, type HttpMiddleware, micropie, reply, sessions, sse } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { begin, withHttp2 } from '../support/http2.js';

interface Session {
  user?: string;
}

class Root extends Controller<Session> {
  login() {
    this.session.user = 'al';
    return 'in';
  }
  logout() {
    this.session = null;
    return 'out';
  }
  replaced() {
    this.session = { user: 'bob' };
    return 'in';
  }
  me() {
    return `I am ${this.session.user}`;
  }
  plain(name = 'nobody') {
    return name;
  }
  who(user = 'nobody') {
    return user;
  }
  named({ user = 'nobody' }) {
    return user;
  }
  declared(user: string) {
    return user;
  }
  optional(user = 'nobody') {
    return user;
  }
  checked(user: string) {
    return user;
  }
  own(ctx: Context) {
    ctx.set('Cache-Control', 'no-store');
    return this.session.user;
  }
  replied() {
    return reply(200, this.session.user ?? '', { 'Cache-Control': 'max-age=5', Vary: 'Accept' });
  }
  redirected() {
    return this.redirect(this.session.user ? '/home' : '/login');
  }
  nothing() {
    return this.session.user ? undefined : null;
  }
  thrown() {
    throw createError(409, `Not for ${this.session.user}`);
  }
  broken() {
    throw new Error(`Not for ${this.session.user}`);
  }
  *streamed() {
    yield `I am ${this.session.user}`;
  }
  async *late() {
    yield 'I am ';
    yield `${this.session.user}`;
  }
  cached(ctx: Context) {
    ctx.set('Cache-Control', 'max-age=5');
    return ['for all'].values();
  }
  *begun() {
    if (this.session.user) throw createError(409);
    yield 'nobody';
  }
  events() {
    return sse([{ data: this.session.user }]);
  }
  piped() {
    return Readable.from([`I am ${this.session.user}`]);
  }
  helper() {
    return currentRequest().session.user === undefined ? 'no' : 'yes';
  }
  posted() {
    return 'posted';
  }

  static routes = {
    declared: { session: ['user'] },
    optional: { session: ['user'] },
    checked: { session: ['user'], params: [] },
    posted: 'POST',
  };
}

const PRIVATE = ['private', 'Cookie'];
const PUBLIC = [undefined, undefined];

type Row = readonly [path: string, headers: readonly (string | undefined)[], status?: number];

describe('An answer', () => {
  const loggedIn: Row[] = [
    ['/me', PRIVATE],
    ['/me/nothing.css', PRIVATE],
    ['/who', PRIVATE],
    ['/who/bob', PUBLIC],
    ['/who?user=bob', PUBLIC],
    ['/named', PRIVATE],
    ['/declared', PRIVATE],
    ['/optional', PRIVATE],
    ['/plain', PUBLIC],
    ['/plain/x', PUBLIC],
    ['/own', ['no-store', 'Cookie']],
    ['/replied', ['max-age=5', 'Cookie']],
    ['/redirected', PRIVATE, 302],
    ['/nothing', PRIVATE, 204],
    ['/thrown', PRIVATE, 409],
    ['/broken', PRIVATE, 500],
    ['/streamed', PRIVATE],
    ['/begun', PRIVATE, 409],
    ['/late', PRIVATE],
    ['/cached', ['max-age=5', undefined]],
    ['/piped', PRIVATE],
    ['/helper', PRIVATE],
    ['/login', PRIVATE],
    ['/replaced', PRIVATE],
    ['/logout', PRIVATE],
    ['/posted', PUBLIC, 405],
    ['/plain/%zz', PUBLIC, 400],
  ];
  const anonymous: Row[] = [
    ['/me', PRIVATE],
    ['/who', PUBLIC],
    ['/named', PUBLIC],
    ['/declared', PRIVATE, 400],
    ['/optional', PRIVATE],
    ['/plain', PUBLIC],
    ['/streamed', PRIVATE],
    ['/begun', PRIVATE],
    // Nothing of a visitor without a cookie can come behind the first chunk.
    ['/late', PUBLIC],
    ['/cached', ['max-age=5', undefined]],
    ['/redirected', PRIVATE, 302],
  ];
  for (const [visitor, rows] of Object.entries({ 'a visitor who is logged in': loggedIn, 'a new visitor': anonymous }))
    for (const [path, headers, status = 200] of rows)
      for (const method of ['get', 'head'] as const)
        it(`to ${method.toUpperCase()} ${path} is ${headers[0] ?? 'public'} for ${visitor}`, async () => {
          const response = await ask(method, path, visitor !== 'a new visitor');
          // HEAD runs no stream, which so can not fail.
          expect(response.status).to.equal(method === 'head' && path === '/begun' ? 200 : status);
          const isUnread = method === 'head' && visitor === 'a new visitor' && ['/streamed', '/begun'].includes(path);
          expect(headersOf(response)).to.deep.equal(isUnread ? PUBLIC : headers);
        });

  const hooks: Readonly<Record<string, HttpMiddleware>> = {
    'a before hook': { beforeRequest: ({ session }) => void session['user'] },
    'a before hook that answers': { beforeRequest: ({ session }) => (session['user'] ? reply(200, 'x') : undefined) },
    'a hook of the arguments': { beforeCall: ({ session }) => void session['user'] },
    'an after hook': { afterRequest: ({ session }) => void session['user'] },
  };
  for (const [title, hook] of Object.entries(hooks))
    it(`is private where ${title} reads the session`, async () => {
      expect(headersOf(await ask('get', '/plain', true, [hook]))).to.deep.equal(PRIVATE);
    });

  it('is private where onError reads the session', async () => {
    const hook: HttpMiddleware = { onError: ({ session }) => reply(400, `Not you, ${session['user']}`) };
    expect(headersOf(await ask('get', '/declared', false, [hook]))).to.deep.equal(PRIVATE);
    const answering: HttpMiddleware = { beforeRequest: () => reply(200, 'answered') };
    expect(headersOf(await ask('get', '/declared', false, [answering]))).to.deep.equal(PRIVATE);
  });

  const others: Middleware = async (ctx, next) => {
    if (ctx.path === '/counted.css') {
      ctx['session'].n = (ctx['session'].n ?? 0) + 1;
      ctx.body = `Visit ${ctx['session'].n}`;
    } else if (ctx.path === '/denied.css') ctx.throw(404, `Not for ${ctx['session'].user}`);
    else if (ctx.path === '/public.css') ctx.body = 'for all';
    else await next();
    if (ctx.path === '/plain/noted') ctx['session'].seen = ctx.path;
    if (ctx.path === '/plain/read') ctx.body += ctx['session'].user;
    if (ctx.path === '/plain/late') ctx.throw(409, `Not for ${ctx['session'].user}`);
  };
  const BEHIND: [path: string, status: number, headers: readonly (string | undefined)[]][] = [
    ['/counted.css', 200, PRIVATE],
    ['/denied.css', 404, PRIVATE],
    ['/public.css', 200, PUBLIC],
    ['/plain', 200, PUBLIC],
    ['/plain/noted', 200, PRIVATE],
    ['/plain/read', 200, PRIVATE],
    ['/plain/late', 409, PRIVATE],
  ];
  for (const [path, status, headers] of BEHIND) {
    it(`to ${path} is ${headers[0] ?? 'public'} where other middleware has the session of sessions()`, async () => {
      const response = await request(appOf(sessions(), others, micropie(Root)).callback()).get(path);
      expect([response.status, ...headersOf(response)]).to.deep.equal([status, ...headers]);
    });

    it(`to ${path} is so over HTTP/2 as well`, async () => {
      await withHttp2(appOf(sessions(), others, micropie(Root)), async (session) => {
        const stream = begin(session, path, 'text/plain', { method: 'GET' });
        stream.end();
        const [head] = await once(stream, 'response');
        expect([head[':status'], ...headersOf({ headers: head })]).to.deep.equal([status, ...headers]);
        stream.resume();
      });
    });
  }

  for (const [path, status, headers] of BEHIND.filter(([path]) => /plain(?!.noted)/.test(path)))
    it(`to ${path} is ${headers[0] ?? 'public'} where middleware around a controller looks at its session`, async () => {
      const response = await request(appOf(others, micropie(Root)).callback()).get(path);
      expect([response.status, ...headersOf(response)]).to.deep.equal([status, ...headers]);
    });

  const shared: [own: string, sent: string][] = [
    ['public, max-age=60', 'private, max-age=60'],
    ['max-age=60 , PUBLIC', 'private, max-age=60'],
    ['public,s-maxage=60, immutable', 'private, immutable'],
    ['s-maxage="60"', 'private'],
    ['max-age=60', 'private, max-age=60'],
    ['no-store', 'no-store'],
    ['public, no-store', 'no-store'],
    ['private, max-age=60', 'private, max-age=60'],
    ['no-cache', 'private, no-cache'],
  ];
  for (const [own, sent] of shared) {
    class Files extends Controller<Session> {
      index(ctx: Context, user = '') {
        if (user) this.session = { user };
        ctx.set('Cache-Control', own);
        return `for ${this.session.user}`;
      }
      replied() {
        this.session.user = 'al';
        return reply(200, 'x', { 'Cache-Control': own });
      }
      other(ctx: Context) {
        ctx.cookies.set('theme', 'dark');
        ctx.set('Cache-Control', own);
        return 'x';
      }
    }
    const front: Middleware = async (ctx, next) => {
      await next();
      if (ctx.path === '/replied') ctx.set('Cache-Control', own);
    };

    it(`with the handler's own Cache-Control: ${own} is ${sent} beside a cookie of the session`, async () => {
      for (const path of ['/?user=al', '/replied']) {
        const response = await request(appOf(front, micropie(Files)).callback()).get(path);
        expect(response.headers['set-cookie']).to.have.lengthOf(1);
        expect(headersOf(response)).to.deep.equal([sent, 'Cookie']);
      }
      const app = new Koa();
      app.keys = ['key'];
      app.use(session(app)).use(micropie(Files));
      expect(headersOf(await request(app.callback()).get('/?user=al'))).to.deep.equal([sent, 'Cookie']);
    });

    it(`with the handler's own Cache-Control: ${own} keeps it where no cookie of a session goes`, async () => {
      const agent = request(appOf(micropie(Files)).callback());
      expect(headersOf(await agent.get('/'))).to.deep.equal([own, 'Cookie']);
      expect(headersOf(await agent.get('/other'))).to.deep.equal([own, undefined]);
    });
  }

  it('of events keeps their own Cache-Control', async () => {
    const [cacheControl, vary] = headersOf(await ask('get', '/events', true));
    expect(cacheControl).to.match(/^no-cache/);
    expect(vary).to.equal('Cookie');
  });

  it('that the app gives an error keeps the headers', async () => {
    const own: Middleware = (ctx, next) =>
      next().catch((error) => Object.assign(ctx, { status: error.status, body: error.message }));
    const response = await request(appOf(own, micropie(Root)).callback()).get('/thrown');
    expect([response.text, ...headersOf(response)]).to.deep.equal(['Not for undefined', ...PRIVATE]);
  });

  it('that is an error forgets the Cache-Control that was meant for its body', async () => {
    class Failing extends Controller<Session> {
      index(ctx: Context) {
        ctx.set('Cache-Control', 'public, max-age=60');
        throw createError(409, `Not for ${this.session.user}`);
      }
    }
    const response = await request(appOf(micropie(Failing)).callback()).get('/');
    expect(headersOf(response)).to.deep.equal(PRIVATE);
  });

  it("is private where the session is the app's own", async () => {
    const app = new Koa();
    app.keys = ['key'];
    app.use(session(app)).use(micropie(Root));
    const agent = request(app.callback());
    expect(headersOf(await agent.get('/me'))).to.deep.equal(PRIVATE);
    expect(headersOf(await agent.get('/optional'))).to.deep.equal(PRIVATE);
    expect(headersOf(await agent.get('/plain'))).to.deep.equal(PUBLIC);
  });

  it('is public where sessions are off', async () => {
    class Plain {
      index(user = 'nobody') {
        return user;
      }
      static routes = { index: { params: [z.string()] } };
    }
    const agent = request(appOf(micropie(Plain, { session: false })).callback());
    expect(headersOf(await agent.get('/'))).to.deep.equal(PUBLIC);
  });
});

async function ask(method: 'get' | 'head', path: string, isLoggedIn: boolean, middlewares: HttpMiddleware[] = []) {
  const app = appOf(micropie(Root, { middlewares }));
  errorsOf(app);
  const agent = request.agent(app.callback());
  if (isLoggedIn) await agent.get('/login').expect(200);
  return agent[method](path).redirects(0);
}

function headersOf({ headers }: { headers: Record<string, string | undefined> }) {
  // That errors vary by Accept as well is another matter.
  const vary = (headers['vary'] ?? '').split(', ').filter((name) => name !== '' && name !== 'Accept');
  return [headers['cache-control'], vary.length === 0 ? undefined : vary.join(', ')];
}
