import Router from '@koa/router';
import { expect } from 'chai';
import Koa from 'koa';
import mount from 'koa-mount';
import { Controller, type Micropie, type MicropieOptions, micropie } from '../../lib/index.js';
import { appOf, client, errorsOf } from '../support/app.js';
import { cookieHeader, cookiesSetBy, guest, idOf, Pad, RecordingBackend, visitor } from '../support/sessions.js';

describe('sessions of one app', () => {
  class Other extends Controller {
    take(name: string) {
      return { value: this.session[name] ?? null };
    }
  }

  it('are shared by its controllers and mounts', async () => {
    const app = appOf(micropie(Pad, { prefix: '/pad' }), micropie(Other, { prefix: '/other' }));
    app.use(mount('/mounted', micropie(Other)));
    const browser = visitor(app);
    await browser.get('/pad/put/a/1');
    expect((await browser.get('/other/take/a')).body).to.deep.equal({ value: '1' });
    expect((await browser.get('/mounted/take/a')).body).to.deep.equal({ value: '1' });
  });

  it('can have the same settings twice', async () => {
    const backend = new RecordingBackend();
    const settings = () => ({ sessionBackend: backend, session: { timeout: 60 } });
    const browser = visitor(appOf(micropie(Pad, settings()), micropie(Other, { ...settings(), prefix: '/other' })));
    await browser.get('/put/a/1');
    expect((await browser.get('/other/take/a')).body).to.deep.equal({ value: '1' });
    expect(backend.saves[0]?.timeout).to.equal(60);
  });

  it('that are turned off can give no parameter: an error at start', () => {
    class Root {
      me(user = 'nobody') {
        return user;
      }
      static routes = { me: { session: ['user'] } };
    }
    expect(() => micropie(Root, { session: false })).to.throw(
      TypeError,
      "Root.me takes 'user' from the session, which `session: false` turns off in the options of micropie()",
    );
  });

  it('are turned off by `session: false`', async () => {
    const app = appOf(micropie(Pad, { session: false }));
    const errors = errorsOf(app);
    const browser = guest(app);
    expect((await browser.get('/plain')).status).to.equal(200);
    const put = await browser.get('/put/a/1');
    expect([put.status, cookiesSetBy(put)]).to.deep.equal([500, []]);
    expect(errors.map(({ message }) => message)).to.deep.equal([
      'Sessions are turned off here: remove `session: false` from the options of micropie()',
    ]);
  });

  it('leave the options as they were given', async () => {
    const settings = Object.freeze({ cookie: 'sid', timeout: 60 });
    const options = Object.freeze({ session: settings, sessionBackend: new RecordingBackend() });
    await client(micropie(Pad, options)).get('/put/a/1').expect(200);
    expect(Object.keys(options)).to.deep.equal(['session', 'sessionBackend']);
    expect(settings).to.deep.equal({ cookie: 'sid', timeout: 60 });
  });
});

describe('sessions of two apps', () => {
  it('are apart, also where one controller serves both', async () => {
    const pad = micropie(Pad);
    const [one, two] = [appOf(pad), appOf(pad)];
    const put = await guest(one).get('/put/a/1');
    const take = (app: Koa) => guest(app).get('/take/a').set('Cookie', cookieHeader(put));
    expect((await take(one)).body).to.deep.equal({ value: '1' });
    expect((await take(two)).body).to.deep.equal({ value: null });
  });
});

describe('mounts with session settings of their own', () => {
  class Sub extends Pad {}

  const places: Record<string, (app: Koa, controller: Micropie) => unknown> = {
    'beside it': (app, controller) => app.use(mount('/sub', controller)),
    'in a sub-app of koa-mount': (app, controller) => {
      const sub = new Koa();
      sub.use(controller);
      app.use(mount('/sub', sub));
    },
    'inside @koa/router': (app, controller) => {
      const router = new Router({ prefix: '/sub' });
      router.use(controller);
      router.all('/{*rest}', () => {});
      app.use(router.routes());
    },
  };

  for (const [place, use] of Object.entries(places))
    for (const isFirst of [true, false])
      for (const order of [
        ['', '/sub'],
        ['/sub', ''],
      ])
        it(`${place}, ${isFirst ? 'in front' : 'behind'}, work whoever is asked first: ${order.join(' then ')}`, async () => {
          const backend = new RecordingBackend();
          const app = appOf();
          const options: MicropieOptions = { sessionBackend: backend, session: { cookie: 'sid', timeout: 60 } };
          const isRouted = place === 'inside @koa/router';
          const sub = () => use(app, micropie(Sub, { ...options, prefix: isRouted ? '/sub' : '' }));
          if (isFirst) sub();
          app.use(micropie(Pad));
          if (!isFirst) sub();
          const browser = visitor(app);
          for (const path of order) {
            const put = await browser.get(`${path}/put/a/1`).expect(200);
            expect(cookieHeader(put)).to.match(path === '' ? /^session_id=/ : /^sid=/);
          }
          for (const path of [...order, ...order])
            expect((await browser.get(`${path}/take/a`)).body).to.deep.equal({ value: '1' });
          expect(backend.saves.map(({ timeout }) => timeout)).to.deep.equal([60]);
        });

  for (const order of [
    ['/one', '/two', '/plain'],
    ['/two', '/plain', '/one'],
  ])
    it(`share a session where the settings are equal, asked ${order.join(', ')}`, async () => {
      const app = appOf();
      for (const path of ['/one', '/two']) app.use(mount(path, micropie(Pad, { session: { timeout: 8 * 3600 } })));
      app.use(mount('/plain', micropie(Pad)));
      const browser = visitor(app);
      for (const [index, path] of order.entries()) await browser.get(`${path}/put/a${index}/1`).expect(200);
      for (const path of order)
        for (const index of order.keys())
          expect((await browser.get(`${path}/take/a${index}`)).body).to.deep.equal({ value: '1' });
    });

  it('and the same cookie are refused: the one made last, wherever it uses the session', async () => {
    const app = appOf();
    const [first, last] = [micropie(Pad, { session: { timeout: 60 } }), micropie(Pad)];
    app.use(mount('/last', last)).use(mount('/first', first));
    const errors = errorsOf(app);
    const browser = guest(app);
    await browser.get('/first/put/a/1').expect(200);
    for (const path of ['/last/put/a/1', '/last/take/a', '/last/end']) await browser.get(path).expect(500);
    await browser.get('/last/plain').expect(200);
    await browser.get('/first/put/a/1').expect(200);
    expect(errors.map(String)).to.deep.equal(
      Array(3).fill(
        "TypeError: Two mounts of this app have different session settings and the same cookie 'session_id': give one of them another `session.cookie`, or both the same `session` and `sessionBackend`",
      ),
    );
  });

  for (const isUsedFirst of ['made first', 'made last'])
    for (const first of ['/one', '/two'])
      it(`and the same cookie are refused beside each other: the one made last, whoever is asked first: ${first}, the mount ${isUsedFirst} in front`, async () => {
        const one = micropie(Pad, { prefix: '/one', session: { timeout: 100 } });
        const two = micropie(Pad, { prefix: '/two', session: { timeout: 200 } });
        const app = isUsedFirst === 'made first' ? appOf(one, two) : appOf(two, one);
        errorsOf(app);
        for (const path of [first, '/two', '/one', '/two'])
          await guest(app)
            .get(`${path}/put/a/1`)
            .expect(path === '/one' ? 200 : 500);
      });

  const COOKIES = [undefined, 'shop', 'admin'].map((cookie) => ({ prefix: `/${cookie ?? 'default'}`, cookie }));
  for (const from of COOKIES)
    for (const to of COOKIES.filter((one) => one !== from))
      it(`have no session of each other in one backend: that of ${from.prefix} under ${to.prefix}'s cookie`, async () => {
        const sessionBackend = new RecordingBackend();
        const mounts = COOKIES.map(({ prefix, cookie }) =>
          micropie(Pad, { prefix, sessionBackend, session: cookie === undefined ? {} : { cookie } }),
        );
        const browser = guest(appOf(...mounts));
        const put = cookieHeader(await browser.get(`${from.prefix}/put/user/mallory`).expect(200));
        const take = async (path: string, cookie: string) =>
          (await browser.get(`${path}/take/user`).set('Cookie', cookie)).body.value;
        expect(await take(from.prefix, put)).to.equal('mallory');
        const known = [put.split('=')[1], ...sessionBackend.records.keys()];
        for (const value of known)
          expect(await take(to.prefix, `${to.cookie ?? 'session_id'}=${value}`), String(value)).to.equal(null);
      });

  it('keep the identifiers of the default cookie as they are, and name any other', async () => {
    const sessionBackend = new RecordingBackend();
    const own = micropie(Pad, { prefix: '/own', sessionBackend, session: { cookie: 'own' } });
    const browser = guest(appOf(own, micropie(Pad, { sessionBackend })));
    const values = [];
    for (const path of ['', '/own']) values.push(cookieHeader(await browser.get(`${path}/put/a/1`)).split('=')[1]);
    expect([...sessionBackend.records.keys()]).to.deep.equal([values[0], `own.${values[1]}`]);
  });

  it('sign their cookie with the keys of the app that answers', async () => {
    const pad = micropie(Pad);
    const sub = new Koa();
    sub.keys = ['a key of its own'];
    sub.use(pad);
    const app = appOf();
    app.use(mount('/main', pad));
    const answer = sub.callback();
    app.use((ctx) => {
      ctx.respond = false;
      return answer(ctx.req, ctx.res);
    });
    const browser = guest(app);
    expect(cookiesSetBy(await browser.get('/main/put/a/1'))).to.have.lengthOf(1);
    const put = await browser.get('/put/a/1');
    expect(cookiesSetBy(put)).to.have.lengthOf(2);
    const take = (cookie: string) => browser.get('/take/a').set('Cookie', cookie);
    expect((await take(cookieHeader(put))).body).to.deep.equal({ value: '1' });
    expect((await take(`session_id=${idOf(put)}`)).body).to.deep.equal({ value: null });
  });
});
