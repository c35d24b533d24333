import { expect } from 'chai';
import type { Middleware } from 'koa';
import session from 'koa-session';
import { type Context, Controller, type HttpMiddleware, micropie } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { cookieHeader, cookiesSetBy, guest, Pad, visitor } from '../support/sessions.js';

describe("a session that is the app's own", () => {
  it('is used, with the cookie store too, and nothing is added', async () => {
    const app = appOf();
    app.use(session({ signed: false }, app));
    app.use(micropie(Pad));
    const browser = visitor(app);
    const put = await browser.get('/put/a/1');
    const [name, value = ''] = cookieHeader(put).split('=');
    expect(cookiesSetBy(put)).to.have.lengthOf(1);
    expect(name).to.equal('koa.sess');
    expect(JSON.parse(Buffer.from(value, 'base64').toString())).to.include({ a: '1' });
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    const end = await browser.get('/end');
    expect(cookieHeader(end)).to.equal('koa.sess=');
  });

  it('gives arguments, of what it holds and of nothing else', async () => {
    class Root {
      me(user: string, save = 'none') {
        return { user, save };
      }
    }
    const app = appOf();
    app.use(session({ signed: false }, app));
    app.use(micropie(Pad, { prefix: '/pad' }));
    app.use(micropie(Root));
    const browser = visitor(app);
    await browser.get('/pad/put/user/Ada');
    expect((await browser.get('/me')).body).to.deep.equal({ user: 'Ada', save: 'none' });
  });

  it('may be a plain property of the context', async () => {
    const stored = { a: '1' };
    const app = appOf(async (ctx, next) => {
      ctx.session = stored;
      await next();
    }, micropie(Pad));
    const response = await guest(app).get('/take/a');
    expect([response.body, cookiesSetBy(response)]).to.deep.equal([{ value: '1' }, []]);
  });

  it('is refused with the cure where nothing can stand for it, unless sessions are off', async () => {
    const fixed: Middleware = (ctx, next) => {
      Object.defineProperty(ctx, 'session', { get: () => ({ a: '1' }) });
      return next();
    };
    const app = appOf(fixed, micropie(Pad));
    const errors = errorsOf(app);
    await guest(app).get('/take/a').expect(500);
    expect(errors.map(String)).to.deep.equal([
      'TypeError: ctx.session is not configurable, so that nobody can tell when it is read: define it with `configurable: true`, or turn the sessions of this controller off with `session: false`',
    ]);
    class Root {
      index(ctx: Context) {
        return Reflect.get(ctx, 'session');
      }
    }
    expect((await guest(appOf(fixed, micropie(Root, { session: false }))).get('/')).body).to.deep.equal({ a: '1' });
  });

  it('can be written to after it was ended, and is seen by all', async () => {
    class Root extends Controller {
      again() {
        this.session = null;
        this.session['a'] = '2';
        return { ...this.ctx.session };
      }
      me(a = 'none') {
        return a;
      }
    }
    const ending: HttpMiddleware = {
      beforeRequest: (request) => {
        if (request.query('begin') === undefined) return;
        request.session = null;
        request.session['a'] = request.query('begin');
      },
    };
    const app = appOf();
    app.use(session({ signed: false }, app));
    app.use(micropie(Root, { middlewares: [ending] }));
    const browser = visitor(app);
    expect((await browser.get('/again').expect(200)).body).to.deep.equal({ a: '2' });
    expect((await browser.get('/me')).text).to.equal('2');
    expect((await browser.get('/me?begin=3')).text).to.equal('3');
    expect((await browser.get('/me')).text).to.equal('3');
  });

  describe('of a class of its own', () => {
    class Own {
      [name: string]: unknown;
      cookie = { path: '/' };
      user = 'ada';
    }
    class Root extends Controller {
      async renew() {
        const regenerate: unknown = this.session['regenerate'];
        return {
          result: await Reflect.apply(
            Object(regenerate),
            this.session,
            this.request.query('keep') ? [{ keep: 1 }] : [],
          ),
        };
      }
      fill() {
        this.session = { cookie: { path: '/evil' } };
      }
      user() {
        return this.session['user'];
      }
    }
    const mountOf = (held: Own) =>
      appOf((ctx, next) => {
        ctx.session = held;
        return next();
      }, micropie(Root));

    it('may renew itself at once, and gets its arguments', async () => {
      const given: unknown[] = [];
      class Renewing extends Own {
        regenerate(...args: unknown[]) {
          given.push(args.map((one) => typeof one));
        }
      }
      const app = mountOf(new Renewing());
      await guest(app).get('/renew').expect(200);
      await guest(app).get('/renew?keep=1').expect(200);
      expect(given).to.deep.equal([['function'], ['object']]);
    });

    it('may be frozen', async () => {
      class Renewing extends Own {
        regenerate() {}
      }
      await guest(mountOf(Object.freeze(new Renewing())))
        .get('/user')
        .expect(200, 'ada');
    });

    it('keeps its own cookie: other data under that name are refused', async () => {
      const held = new Own();
      const app = mountOf(held);
      const errors = errorsOf(app);
      await guest(app).get('/fill').expect(500);
      expect([held.cookie, errors.length]).to.deep.equal([{ path: '/' }, 1]);
    });
  });
});
