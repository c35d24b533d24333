import { expect } from 'chai';
import session from 'koa-session';
import { InMemorySessionBackend, micropie, sessions } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { cookieHeader, cookiesSetBy, gate, guest, idOf, Pad, RecordingBackend, visitor } from '../support/sessions.js';

describe('ctx.session.regenerate()', () => {
  const opened: (() => void)[] = [];
  const open = () => {
    for (const one of opened.splice(0)) one();
  };

  class Root extends Pad {
    async before(user: string) {
      await this.ctx.session.regenerate();
      this.session['user'] = user;
      return 'in';
    }

    async after(user: string) {
      this.session['user'] = user;
      await this.ctx.session.regenerate();
      return 'in';
    }

    async replaced(user: string) {
      await this.ctx.session.regenerate();
      this.session = { user };
      return 'in';
    }

    async twice(user: string) {
      await this.ctx.session.regenerate();
      this.session['user'] = user;
      await this.ctx.session.regenerate();
      return 'in';
    }

    async slow(user: string) {
      await this.ctx.session.regenerate();
      this.session['user'] = user;
      const { opened: passed, open: pass } = gate();
      opened.push(pass);
      await passed;
      return 'in';
    }

    async out() {
      await this.ctx.session.regenerate();
      this.session = null;
      return 'out';
    }

    async fail(user: string) {
      await this.ctx.session.regenerate();
      this.session['user'] = user;
      this.ctx.throw(418);
    }
  }

  const apps = {
    memory: () => appOf(micropie(Root)),
    'memory as a backend': () => appOf(micropie(Root, { sessionBackend: new InMemorySessionBackend() })),
    'a backend without update': () => appOf(micropie(Root, { sessionBackend: new RecordingBackend() })),
    'sessions()': () => appOf(sessions(), micropie(Root)),
  };
  const take = async (browser: ReturnType<typeof guest>, name: string, cookie: string) =>
    (await browser.get(`/take/${name}`).set('Cookie', cookie)).body.value;

  for (const [where, make] of Object.entries(apps)) {
    for (const order of ['before', 'after', 'replaced', 'twice']) {
      it(`logs a new visitor in, with ${where}: ${order}`, async () => {
        const browser = guest(make());
        const login = await browser.get(`/${order}/ada`).expect(200);
        expect(cookiesSetBy(login)).to.have.lengthOf(1);
        expect(await take(browser, 'user', cookieHeader(login))).to.equal('ada');
      });

      it(`logs a known visitor in under a new identifier, with ${where}: ${order}`, async () => {
        const browser = guest(make());
        const old = cookieHeader(await browser.get('/put/cart/1'));
        const login = await browser.get(`/${order}/ada`).set('Cookie', old).expect(200);
        expect(cookiesSetBy(login)).to.have.lengthOf(1);
        expect(idOf(login)).to.have.lengthOf(43);
        expect(old).not.to.include(idOf(login));
        const cookie = cookieHeader(login);
        expect(await take(browser, 'user', cookie)).to.equal('ada');
        expect(await take(browser, 'cart', cookie)).to.equal(order === 'replaced' ? null : '1');
        for (const name of ['user', 'cart']) expect(await take(browser, name, old)).to.equal(null);
      });
    }

    it(`keeps what it holds where nothing changes, with ${where}`, async () => {
      const browser = guest(make());
      const old = cookieHeader(await browser.get('/put/cart/1'));
      const renewed = await browser.get('/renew').set('Cookie', old);
      expect(await take(browser, 'cart', cookieHeader(renewed))).to.equal('1');
      expect(await take(browser, 'cart', old)).to.equal(null);
    });

    it(`begins no session that holds nothing, with ${where}`, async () => {
      expect(cookiesSetBy(await guest(make()).get('/renew').expect(200))).to.deep.equal([]);
    });

    it(`does not log in where the session was ended meanwhile, with ${where}`, async () => {
      const browser = guest(make());
      const old = cookieHeader(await browser.get('/put/cart/1'));
      const slow = browser.get('/slow/ada').set('Cookie', old).then();
      while (opened.length === 0) await new Promise(setImmediate);
      await browser.get('/end').set('Cookie', old).expect(200);
      open();
      const response = await slow;
      expect([response.status, cookiesSetBy(response)]).to.deep.equal([200, []]);
      expect(await take(browser, 'user', old)).to.equal(null);
    });

    it(`lets one of two win that run side by side, with ${where}`, async () => {
      const browser = guest(make());
      const old = cookieHeader(await browser.get('/put/cart/1'));
      const slow = ['ada', 'eve'].map((user) => browser.get(`/slow/${user}`).set('Cookie', old).then());
      while (opened.length < 2) await new Promise(setImmediate);
      open();
      const cookies = (await Promise.all(slow)).map(cookieHeader).filter(Boolean);
      expect(cookies).to.have.lengthOf(1);
      expect(await take(browser, 'cart', cookies.join())).to.equal('1');
      expect(await take(browser, 'cart', old)).to.equal(null);
    });

    it(`and an end in one request leave nothing, with ${where}`, async () => {
      const browser = guest(make());
      const old = cookieHeader(await browser.get('/put/cart/1'));
      expect(cookieHeader(await browser.get('/out').set('Cookie', old))).to.equal('session_id=');
      expect(await take(browser, 'cart', old)).to.equal(null);
    });

    it(`stores nothing under the old identifier when the login fails, with ${where}`, async () => {
      const browser = guest(make());
      const old = cookieHeader(await browser.get('/put/cart/1'));
      await browser.get('/fail/ada').set('Cookie', old).expect(418);
      expect(await take(browser, 'user', old)).to.equal(null);
      expect(await take(browser, 'cart', old)).to.equal('1');
    });
  }

  it('keeps what others changed meanwhile', async () => {
    const browser = guest(appOf(micropie(Root)));
    const old = cookieHeader(await browser.get('/put/cart/1'));
    const slow = browser.get('/slow/ada').set('Cookie', old).then();
    while (opened.length === 0) await new Promise(setImmediate);
    await browser.get('/put/city/Rome').set('Cookie', old);
    open();
    const cookie = cookieHeader(await slow);
    for (const [name, value] of Object.entries({ cart: '1', city: 'Rome', user: 'ada' }))
      expect(await take(browser, name, cookie)).to.equal(value);
  });

  it('is 503 without a cookie where the backend fails, and the old session is as it was', async () => {
    const backend = new RecordingBackend();
    const app = appOf(micropie(Root, { sessionBackend: backend }));
    const errors = errorsOf(app);
    const browser = guest(app);
    const old = cookieHeader(await browser.get('/put/cart/1'));
    Object.assign(backend, { save: () => Promise.reject(new Error('down')) });
    const response = await browser.get('/before/ada').set('Cookie', old);
    expect([response.status, cookiesSetBy(response)]).to.deep.equal([503, []]);
    Reflect.deleteProperty(backend, 'save');
    expect(await take(browser, 'cart', old)).to.equal('1');
    expect(await take(browser, 'user', old)).to.equal(null);
    expect(errors).to.have.lengthOf(1);
  });

  for (const order of ['before', 'after'])
    it(`works with the app's own koa-session, as that has it: ${order}`, async () => {
      const app = appOf();
      app.use(session({ signed: false }, app));
      app.use(micropie(Root));
      const browser = visitor(app);
      await browser.get('/put/cart/1');
      await browser.get(`/${order}/ada`).expect(200);
      expect((await browser.get('/take/user')).body).to.deep.equal({ value: 'ada' });
      expect((await browser.get('/take/cart')).body).to.deep.equal({ value: '1' });
    });
});
