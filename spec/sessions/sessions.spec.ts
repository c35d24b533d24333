import { expect } from 'chai';
import type { Middleware } from 'koa';
import session from 'koa-session';
import { type HttpMiddleware, type Micropie, micropie, type SessionsOptions, sessions } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { cookieHeader, cookiesSetBy, guest, idOf, Pad, RecordingBackend, visitor } from '../support/sessions.js';

describe('ctx.session', () => {
  /** Notes `ctx.session` as the app's middleware in front of a controller finds it. */
  function observed(...controllers: Micropie[]) {
    const seen: { before: unknown; after: unknown }[] = [];
    const note: Middleware = async (ctx, next) => {
      const before: unknown = ctx['session'];
      await next();
      seen.push({ before, after: ctx['session']?.a });
    };
    return { app: appOf(note, ...controllers), seen };
  }

  it('is undefined before the controller, also on later requests, and right after it', async () => {
    const { app, seen } = observed(micropie(Pad));
    const browser = visitor(app);
    for (const path of ['/plain', '/put/a/1', '/plain', '/take/a', '/end', '/plain']) await browser.get(path);
    expect(seen.map(({ before }) => before)).to.deep.equal(Array(6).fill(undefined));
    expect(seen.map(({ after }) => after)).to.deep.equal([undefined, '1', '1', '1', undefined, undefined]);
    expect('session' in app.context).to.equal(false);
  });

  it('is not there for requests that no controller answers', async () => {
    const { app, seen } = observed(micropie(Pad));
    const browser = visitor(app);
    await browser.get('/put/a/1');
    await browser.get('/nothing').expect(404);
    expect(seen.at(-1)).to.deep.equal({ before: undefined, after: undefined });
  });

  it('is the session in hooks', async () => {
    const seen: unknown[] = [];
    const hook: HttpMiddleware = {
      beforeRequest: ({ ctx }) => void seen.push(ctx.session['a']),
      afterRequest: ({ ctx }) => void seen.push(ctx.session['a']),
    };
    const browser = visitor(appOf(micropie(Pad, { middlewares: [hook] })));
    await browser.get('/put/a/1');
    await browser.get('/put/a/2');
    expect(seen).to.deep.equal([undefined, '1', '1', '2']);
  });
});

describe('sessions(options)', () => {
  const counting: Middleware = async (ctx, next) => {
    ctx['session'].requests = (ctx['session'].requests ?? 0) + 1;
    await next();
    ctx['session'].last = ctx.path;
  };

  it('gives the session to the whole app, before and behind controllers', async () => {
    const browser = visitor(appOf(sessions(), counting, micropie(Pad)));
    await browser.get('/put/a/1').expect(200);
    await browser.get('/nothing').expect(404);
    for (const [name, value] of Object.entries({ requests: 3, last: '/nothing', a: '1' }))
      expect((await browser.get(`/take/${name}`)).body).to.deep.equal({
        value: name === 'requests' ? value : name === 'last' ? '/take/requests' : value,
      });
  });

  it('is what controllers use, whatever settings they have', async () => {
    const [front, own] = [new RecordingBackend(), new RecordingBackend()];
    const pad = micropie(Pad, { sessionBackend: own, session: { cookie: 'own' } });
    const browser = visitor(appOf(sessions({ cookie: 'sid', timeout: 60, backend: front }), pad));
    const put = await browser.get('/put/a/1');
    expect(cookiesSetBy(put)).to.have.lengthOf(1);
    expect(cookieHeader(put)).to.match(/^sid=/);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    expect(front.saves.map(({ data, timeout }) => ({ data, timeout }))).to.deep.equal([
      { data: { a: '1' }, timeout: 60 },
    ]);
    expect(own.saves).to.deep.equal([]);
    expect(cookieHeader(await browser.get('/end'))).to.equal('sid=');
  });

  it('adds nothing where the app has a session already', async () => {
    const app = appOf();
    app.use(session({ signed: false }, app));
    app.use(sessions());
    app.use(micropie(Pad));
    const put = await guest(app).get('/put/a/1');
    expect(cookieHeader(put)).to.match(/^koa\.sess=[^;]+$/);
  });

  it('stores what was there before an error, and does not begin a session by it', async () => {
    const failing: Middleware = (ctx) => {
      ctx['session'].failed = ctx.path;
      ctx.throw(418);
    };
    const browser = visitor(appOf(sessions(), micropie(Pad), failing));
    expect(cookiesSetBy(await browser.get('/fail').expect(418))).to.deep.equal([]);
    await browser.get('/put/a/1');
    await browser.get('/fail').expect(418);
    expect((await browser.get('/take/failed')).body).to.deep.equal({ value: '/fail' });
  });

  it('is the one in front where there are two', async () => {
    const backend = new RecordingBackend();
    const browser = visitor(appOf(sessions({ backend }), counting, sessions(), micropie(Pad)));
    await browser.get('/put/a/1').expect(200);
    expect([...backend.records.values()]).to.deep.equal([{ requests: 1, a: '1', last: '/put/a/1' }]);
  });

  it('is 503 when its backend fails, without a cookie', async () => {
    const backend = Object.assign(new RecordingBackend(), { save: () => Promise.reject(new Error('down')) });
    const app = appOf(sessions({ backend }), counting, micropie(Pad));
    const errors = errorsOf(app);
    const response = await guest(app).get('/plain');
    expect([response.status, cookiesSetBy(response)]).to.deep.equal([503, []]);
    expect(errors.map(({ message }) => message)).to.deep.equal(["The session backend can't save: down"]);
  });

  it('has methods that middleware written for Koa calls, with callbacks too', async () => {
    const backend = new RecordingBackend();
    const login: Middleware = async (ctx, next) => {
      if (ctx.path !== '/login') return next();
      // As passport does.
      await new Promise((resolve) => ctx['session'].regenerate(resolve));
      ctx['session'].user = 'ada';
      await new Promise((resolve) => ctx['session'].save(resolve));
      ctx.body = { ...ctx['session'] };
    };
    const browser = visitor(appOf(sessions({ backend }), login, micropie(Pad)));
    const before = idOf(await browser.get('/put/a/1'));
    const response = await browser.get('/login').expect(200);
    expect(response.body).to.deep.equal({ a: '1', user: 'ada' });
    expect([...backend.records]).to.deep.equal([[idOf(response), { a: '1', user: 'ada' }]]);
    expect(idOf(response)).not.to.equal(before);
  });

  const wrong: [options: unknown, message: string][] = [
    [null, 'sessions: options must be an object'],
    ['x', 'sessions: options must be an object'],
    [{ cookie: '' }, 'sessions: options.cookie must be a cookie name'],
    [{ persistent: 1 }, 'sessions: options.persistent must be true or false'],
    [{ backend: {} }, 'sessions: options.backend must have the methods load(id) and save(id, data, timeout)'],
    [
      { sessionBackend: {} },
      'sessions: options.sessionBackend is unknown; there are cookie, timeout, persistent, secure, sameSite, domain, backend',
    ],
  ];
  for (const [options, message] of wrong)
    it(`refuses ${JSON.stringify(options)} at once`, () => {
      expect(() => sessions(options as SessionsOptions)).to.throw(TypeError, message);
    });
});
