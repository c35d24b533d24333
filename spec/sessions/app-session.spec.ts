import { expect } from 'chai';
import type { Middleware } from 'koa';
import session from 'koa-session';
import { type Context, Controller, micropie } from '../../lib/index.js';
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

  it('can be written to after it was ended', async () => {
    class Root extends Controller {
      again() {
        this.session = null;
        this.session['a'] = '2';
        return 'again';
      }
    }
    const app = appOf();
    app.use(session({ signed: false }, app));
    app.use(micropie(Root));
    const browser = visitor(app);
    await browser.get('/again').expect(200);
  });
});
