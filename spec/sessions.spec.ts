import { expect } from 'chai';
import type Koa from 'koa';
import mount from 'koa-mount';
import session from 'koa-session';
import {
  Controller,
  type HttpMiddleware,
  type MicropieOptions,
  micropie,
  reply,
  type SessionBackend,
} from '../lib/index.js';
import { appOf, client, errorsOf } from './support/app.js';
import { cookieHeader, cookiesSetBy, gate, guest, idOf, Pad, RecordingBackend, visitor } from './support/sessions.js';

describe('the session cookie', () => {
  const id = '[\\w-]{43}';
  const gone = 'expires=Thu, 01 Jan 1970 00:00:00 GMT';

  it('is for all paths, SameSite=Lax and HttpOnly, and ends with the browser', async () => {
    const response = await client(micropie(Pad)).get('/put/a/1');
    expect(cookiesSetBy(response)).to.have.lengthOf(1);
    expect(cookiesSetBy(response)[0]).to.match(new RegExp(`^session_id=${id}; path=/; samesite=lax; httponly$`));
  });

  it('is Secure on a secure connection, and what a proxy says of it counts only where proxies are trusted', async () => {
    const app = appOf(micropie(Pad));
    const put = async () => {
      const response = await guest(app).get('/put/a/1').set('X-Forwarded-Proto', 'https');
      return cookiesSetBy(response)[0];
    };
    expect(await put()).not.to.contain('secure');
    app.proxy = true;
    expect(await put()).to.match(new RegExp(`^session_id=${id}; path=/; samesite=lax; secure; httponly$`));
  });

  it('follows the options', async () => {
    const options = { session: { cookie: 'sid', secure: true, sameSite: 'strict', domain: 'example.com' } } as const;
    const app = appOf(micropie(Pad, options));
    app.proxy = true;
    const browser = guest(app);
    const response = await browser.get('/put/a/1').set('X-Forwarded-Proto', 'https');
    const flags = 'path=/; domain=example.com; samesite=strict; secure; httponly';
    expect(cookiesSetBy(response)[0]).to.match(new RegExp(`^sid=${id}; ${flags}$`));
    const end = await browser.get('/end').set({ 'X-Forwarded-Proto': 'https', Cookie: cookieHeader(response) });
    expect(cookiesSetBy(end)).to.deep.equal([`sid=; path=/; ${gone}; ${flags.slice('path=/; '.length)}`]);
  });

  it('is not set before something is stored, nor by a request that only reads', async () => {
    const backend = new RecordingBackend();
    const browser = visitor(appOf(micropie(Pad, { sessionBackend: backend })));
    expect(cookiesSetBy(await browser.get('/plain'))).to.deep.equal([]);
    expect(cookiesSetBy(await browser.get('/take/a'))).to.deep.equal([]);
    expect(cookiesSetBy(await browser.get('/empty'))).to.deep.equal([]);
    expect(backend.saves).to.deep.equal([]);
    await browser.get('/put/a/1');
    expect(backend.saves).to.have.lengthOf(1);
    const read = await browser.get('/take/a');
    expect(read.body).to.deep.equal({ value: '1' });
    expect(cookiesSetBy(read)).to.deep.equal([]);
    await browser.get('/put/a/1');
    await browser.get('/plain');
    expect(backend.saves).to.have.lengthOf(1);
  });

  it('is signed where the app has keys, and a tampered one counts for nothing', async () => {
    const backend = new RecordingBackend();
    const app = appOf(micropie(Pad, { sessionBackend: backend }));
    app.keys = ['a key'];
    const browser = guest(app);
    const put = await browser.get('/put/a/1');
    const [, signature] = cookiesSetBy(put);
    expect(signature).to.match(/^session_id\.sig=[\w-]{27}; path=\/; samesite=lax; httponly$/);
    const take = async (cookie: string) => (await browser.get('/take/a').set('Cookie', cookie)).body.value;
    const cookie = cookieHeader(put);
    expect(await take(cookie)).to.equal('1');
    expect(backend.loads).to.have.lengthOf(1);
    expect(await take(cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')))).to.equal(null);
    expect(await take(`session_id=${idOf(put)}`)).to.equal(null);
    expect(backend.loads).to.have.lengthOf(1);
  });

  for (const [how, path] of [
    ['deleting the last member', '/drop/a'],
    ['assigning an empty object', '/empty'],
    ['assigning null', '/end'],
  ] as const)
    it(`is deleted with the record by ${how}`, async () => {
      const backend = new RecordingBackend();
      const browser = visitor(appOf(micropie(Pad, { sessionBackend: backend })));
      const put = await browser.get('/put/a/1');
      expect(backend.records.size).to.equal(1);
      const response = await browser.get(path);
      expect(cookiesSetBy(response)).to.deep.equal([`session_id=; path=/; ${gone}; samesite=lax; httponly`]);
      expect(backend.records.size).to.equal(0);
      expect(backend.saves.at(-1)).to.deep.equal({ id: idOf(put), data: {}, timeout: 0 });
    });

  it('is deleted with its signature', async () => {
    const app = appOf(micropie(Pad));
    app.keys = ['a key'];
    const browser = visitor(app);
    await browser.get('/put/a/1');
    const names = cookiesSetBy(await browser.get('/end')).map((cookie) => [
      cookie.split('=')[0],
      cookie.includes(gone),
    ]);
    expect(names).to.deep.equal([
      ['session_id', true],
      ['session_id.sig', true],
    ]);
  });
});

describe("a session's identifier", () => {
  const unknown = 'A'.repeat(43);

  it('is never adopted from the client', async () => {
    const backend = new RecordingBackend();
    const app = appOf(micropie(Pad, { sessionBackend: backend }));
    const put = await guest(app).get('/put/a/1').set('Cookie', `session_id=${unknown}`);
    expect(backend.loads).to.deep.equal([unknown]);
    expect(idOf(put)).to.have.lengthOf(43).and.not.to.equal(unknown);
    expect([...backend.records.keys()]).to.deep.equal([idOf(put)]);
  });

  for (const id of [
    '__proto__',
    'constructor',
    '../x',
    '%00',
    'a'.repeat(42),
    'a'.repeat(44),
    'a'.repeat(6144),
    `${'a'.repeat(42)}/`,
    `${'a'.repeat(42)}é`,
    '',
  ])
    it(`of the shape ${JSON.stringify(id.slice(0, 45))} never reaches the backend`, async () => {
      const backend = new RecordingBackend();
      const app = appOf(micropie(Pad, { sessionBackend: backend }));
      const cookie = Buffer.from(`session_id=${id}`).toString('latin1');
      const put = await guest(app).get('/put/a/1').set('Cookie', cookie);
      expect(put.status).to.equal(200);
      expect(backend.loads).to.deep.equal([]);
      expect(idOf(put)).to.match(/^[\w-]{43}$/);
    });

  it('is another one for every visitor, also when their first requests overlap', async () => {
    const app = appOf(micropie(Pad));
    const values = Array.from({ length: 20 }, (_, index) => String(index));
    const puts = await Promise.all(values.map((value) => guest(app).get(`/put/a/${value}`)));
    expect(new Set(puts.map(idOf)).size).to.equal(values.length);
    const takes = puts.map((put) => guest(app).get('/take/a').set('Cookie', cookieHeader(put)));
    expect((await Promise.all(takes)).map(({ body }) => body.value)).to.deep.equal(values);
  });

  it('is a new one after regenerate(), which keeps the values and deletes the old record', async () => {
    const backend = new RecordingBackend();
    const browser = visitor(appOf(micropie(Pad, { sessionBackend: backend })));
    const before = idOf(await browser.get('/put/a/1'));
    const renewed = await browser.get('/renew');
    expect(cookiesSetBy(renewed)).to.have.lengthOf(1);
    expect(idOf(renewed)).to.have.lengthOf(43).and.not.to.equal(before);
    expect([...backend.records]).to.deep.equal([[idOf(renewed), { a: '1' }]]);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
  });
});

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

  it('have the settings of the controller that has any, also when another is asked first', async () => {
    const backend = new RecordingBackend();
    const options: MicropieOptions = { sessionBackend: backend, session: { cookie: 'sid' }, prefix: '/other' };
    const browser = visitor(appOf(micropie(Pad), micropie(Other, options)));
    expect(cookieHeader(await browser.get('/put/a/1'))).to.match(/^sid=/);
    expect((await browser.get('/other/take/a')).body).to.deep.equal({ value: '1' });
    expect(backend.records.size).to.equal(1);
  });

  it('can not have two settings', async () => {
    const app = appOf(
      micropie(Pad, { session: { cookie: 'one' } }),
      micropie(Other, { session: { cookie: 'two' }, prefix: '/other' }),
    );
    const errors = errorsOf(app);
    const browser = guest(app);
    expect((await browser.get('/plain')).status).to.equal(200);
    expect((await browser.get('/other/take/a')).status).to.equal(500);
    expect(errors.map(String)).to.deep.equal([
      'TypeError: Controllers on one app share one session: give each the same `session` and `sessionBackend`, or none',
    ]);
  });

  it('can have the same settings twice', async () => {
    const backend = new RecordingBackend();
    const settings = () => ({ sessionBackend: backend, session: { timeout: 60 } });
    const browser = visitor(appOf(micropie(Pad, settings()), micropie(Other, { ...settings(), prefix: '/other' })));
    await browser.get('/put/a/1');
    expect((await browser.get('/other/take/a')).body).to.deep.equal({ value: '1' });
    expect(backend.saves[0]?.timeout).to.equal(60);
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

describe('Controller<Session>', () => {
  interface Visits {
    visits?: number;
  }

  class Root extends Controller<Visits> {
    index() {
      this.session.visits = (this.session.visits ?? 0) + 1;
      return `Visit ${this.session.visits}`;
    }

    wrong() {
      // @ts-expect-error: visits are numbers.
      this.session.visits = 'many';
      // @ts-expect-error: nothing else is in this session.
      return String(this.session.user);
    }

    switch() {
      this.session = { visits: 40 };
      return 'switched';
    }
  }

  it('knows what its session holds, which lives from request to request', async () => {
    const browser = visitor(appOf(micropie(Root)));
    expect((await browser.get('/')).text).to.equal('Visit 1');
    expect((await browser.get('/')).text).to.equal('Visit 2');
    await browser.get('/switch');
    expect((await browser.get('/')).text).to.equal('Visit 41');
  });

  it('shares it with hooks and with `request.session` of a plain class', async () => {
    class Plain {
      user(request: { session: Record<string, unknown> }) {
        return String(request.session['user']);
      }
    }
    const hook: HttpMiddleware = {
      beforeRequest: (request) => {
        request.session['user'] = 'Ada';
      },
    };
    const response = await client(micropie(Plain, { middlewares: [hook] })).get('/user');
    expect([response.text, cookiesSetBy(response).length]).to.deep.equal(['Ada', 1]);
  });
});

describe('arguments from the session', () => {
  class Root extends Controller {
    login(name: string) {
      this.session['userId'] = name;
      this.session['level'] = 3;
      return 'in';
    }

    me(userId: string) {
      return userId;
    }

    level(level = 1) {
      return { level };
    }

    open(userId: string) {
      return userId;
    }

    first(page: string, userId: string) {
      return `${userId} ${page}`;
    }

    keys({ userId, page = '1' }: { userId: string; page?: string }) {
      return `${userId} ${page}`;
    }

    static routes = {
      me: { session: ['userId'] },
      first: { session: ['userId'] },
      keys: { session: ['userId'] },
    };
  }

  const loggedIn = async () => {
    const browser = visitor(appOf(micropie(Root)));
    await browser.get('/login/ada');
    return browser;
  };

  it('are bound by name, after query and body, and keep their type', async () => {
    const browser = await loggedIn();
    expect((await browser.get('/open')).text).to.equal('ada');
    expect((await browser.get('/level')).body).to.deep.equal({ level: 3 });
    expect((await browser.get('/open?userId=eve')).text).to.equal('eve');
    expect((await browser.post('/open').send({ userId: 'eve' })).text).to.equal('eve');
    expect((await browser.get('/open/eve')).text).to.equal('eve');
  });

  it('can not be given by path, query or body where they are declared', async () => {
    const browser = await loggedIn();
    expect((await browser.get('/me/eve')).text).to.equal('ada');
    expect((await browser.get('/me?userId=eve')).text).to.equal('ada');
    expect((await browser.post('/me').type('form').send({ userId: 'eve' })).text).to.equal('ada');
    expect((await browser.post('/me').send({ userId: 'eve' })).text).to.equal('ada');
    expect((await browser.post('/me').field('userId', 'eve')).text).to.equal('ada');
    expect((await browser.post('/me').attach('userId', Buffer.from('eve'), 'eve')).text).to.equal('ada');
    expect((await browser.get('/keys?userId=eve&page=2')).text).to.equal('ada 2');
  });

  it('leave the path to the other parameters where they are declared', async () => {
    expect((await (await loggedIn()).get('/first/2?userId=eve')).text).to.equal('ada 2');
  });

  it('are missing without a session, whatever the client sends', async () => {
    for (const path of ['/me', '/me/eve', '/me?userId=eve']) {
      const { status, text } = await client(micropie(Root)).get(path);
      expect([status, text]).to.deep.equal([400, "400 Bad Request: Missing required parameter 'userId'"]);
    }
  });

  for (const name of [
    'save',
    'maxAge',
    'length',
    'populated',
    'externalKey',
    'regenerate',
    'commit',
    'toJSON',
    'isNew',
    '_expire',
    '_requireSave',
    'constructor',
    '__proto__',
    'toString',
  ])
    it(`are never what a session only has for itself, as ${name}`, async () => {
      class Ask {
        ask(value: string) {
          return value;
        }
        static routes = { ask: { params: [name] } };
      }
      const app = appOf(micropie(Pad, { prefix: '/pad' }), micropie(Ask));
      const browser = visitor(app);
      await browser.get('/pad/put/a/1').expect(200);
      const { status, text } = await browser.get('/ask');
      expect([status, text]).to.deep.equal([400, `400 Bad Request: Missing required parameter '${name}'`]);
    });
});

describe('what a session is when the request did not go well', () => {
  class Root extends Pad {
    fail(value: string) {
      this.session['a'] = value;
      throw new Error('no');
    }

    refuse(value: string) {
      this.session['a'] = value;
      return reply(403, 'no');
    }
  }

  it('is saved with an answer of any status, and with one that a before hook gives', async () => {
    const hook: HttpMiddleware = {
      beforeRequest: (request) => {
        if (request.ctx.path !== '/plain') return undefined;
        request.session['a'] = 'hook';
        return { statusCode: 401, body: 'no' };
      },
    };
    const browser = visitor(appOf(micropie(Root, { middlewares: [hook] })));
    expect(cookiesSetBy(await browser.get('/plain').expect(401))).to.have.lengthOf(1);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: 'hook' });
    await browser.get('/refuse/403').expect(403);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '403' });
  });

  it('is saved after an error where there was one before, and not begun by it', async () => {
    const backend = new RecordingBackend();
    const app = appOf(micropie(Root, { sessionBackend: backend }));
    const errors = errorsOf(app);
    const browser = visitor(app);
    expect(cookiesSetBy(await browser.get('/fail/1').expect(500))).to.deep.equal([]);
    expect(backend.saves).to.deep.equal([]);
    await browser.get('/put/a/0');
    await browser.get('/fail/1').expect(500);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    expect(errors.map(({ message }) => message)).to.deep.equal(['no', 'no']);
  });

  it('is begun by an error that a hook answers', async () => {
    const hook: HttpMiddleware = { onError: () => ({ statusCode: 418, body: 'tea' }) };
    const browser = visitor(appOf(micropie(Root, { middlewares: [hook] })));
    expect(cookiesSetBy(await browser.get('/fail/1').expect(418))).to.have.lengthOf(1);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
  });
});

describe('requests of one session side by side', () => {
  /** Handlers that wait at a gate, so that the test says in which order they go on. */
  function overlapping() {
    const arrived: string[] = [];
    const gates = new Map<string, ReturnType<typeof gate>>();
    class Root extends Pad {
      async slow(name: string, value: string) {
        const { opened, open } = gate();
        gates.set(name, { opened, open });
        arrived.push(name);
        await opened;
        if (value === 'nothing') delete this.session[name];
        else this.session[name] = value;
        return 'slow';
      }
    }
    const arrival = async (count: number) => {
      while (arrived.length < count) await new Promise(setImmediate);
    };
    return { Root, arrival, release: (name: string) => gates.get(name)?.open() };
  }

  const stores: [string, () => SessionBackend | undefined][] = [
    ['memory', () => undefined],
    ['a backend', () => new RecordingBackend()],
  ];
  for (const [where, make] of stores) {
    const appWith = (Root: new () => object) => {
      const sessionBackend = make();
      return appOf(micropie(Root, sessionBackend && { sessionBackend }));
    };

    it(`keep what each of them changed, in ${where}`, async () => {
      const { Root, arrival, release } = overlapping();
      const browser = visitor(appWith(Root));
      await browser.get('/put/z/0');
      const writers = ['a', 'b', 'c'].map((name) => browser.get(`/slow/${name}/${name}`).expect(200).then());
      await arrival(3);
      for (const name of ['c', 'a', 'b']) release(name);
      await Promise.all(writers);
      for (const [name, value] of Object.entries({ a: 'a', b: 'b', c: 'c', z: '0' }))
        expect((await browser.get(`/take/${name}`)).body).to.deep.equal({ value });
    });

    it(`keep what one of them deleted, in ${where}`, async () => {
      const { Root, arrival, release } = overlapping();
      const browser = visitor(appWith(Root));
      await browser.get('/put/z/0');
      const slow = browser.get('/slow/a/1').then();
      await arrival(1);
      await browser.get('/put/b/1');
      await browser.get('/drop/z');
      release('a');
      await slow;
      expect((await browser.get('/take/z')).body).to.deep.equal({ value: null });
      expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    });

    it(`delete what one of them deleted last, in ${where}`, async () => {
      const { Root, arrival, release } = overlapping();
      const browser = visitor(appWith(Root));
      await browser.get('/put/y/0');
      await browser.get('/put/z/0');
      const slow = browser.get('/slow/z/nothing').then();
      await arrival(1);
      await browser.get('/put/b/1');
      release('z');
      await slow;
      expect((await browser.get('/take/z')).body).to.deep.equal({ value: null });
      expect((await browser.get('/take/b')).body).to.deep.equal({ value: '1' });
    });

    it(`end a session of which they deleted all members, each another one, in ${where}`, async () => {
      const { Root, arrival, release } = overlapping();
      const app = appWith(Root);
      const browser = guest(app);
      const cookie = cookieHeader(await browser.get('/put/y/0'));
      await browser.get('/put/z/0').set('Cookie', cookie);
      const slow = browser.get('/slow/z/nothing').set('Cookie', cookie).then();
      await arrival(1);
      await browser.get('/drop/y').set('Cookie', cookie).expect(200);
      release('z');
      await slow;
      const response = await browser.get('/put/x/1').set('Cookie', cookie);
      expect(cookie).not.to.include(idOf(response));
      expect(idOf(response)).to.have.lengthOf(43);
    });

    for (const [what, path] of [
      ['logout', '/end'],
      ['new identifier', '/renew'],
    ] as const)
      it(`do not bring an ended session back, in ${where}: a ${what} holds`, async () => {
        const { Root, arrival, release } = overlapping();
        const browser = guest(appWith(Root));
        const cookie = cookieHeader(await browser.get('/put/user/ada'));
        const slow = browser.get('/slow/a/1').set('Cookie', cookie).then();
        await arrival(1);
        await browser.get(path).set('Cookie', cookie).expect(200);
        release('a');
        const { status, headers } = await slow;
        expect([status, headers['set-cookie']]).to.deep.equal([200, undefined]);
        for (const name of ['user', 'a'])
          expect((await browser.get(`/take/${name}`).set('Cookie', cookie)).body).to.deep.equal({ value: null });
      });
  }
});

describe('what a session may hold', () => {
  class Root extends Pad {
    assorted() {
      Object.assign(this.session, { date: new Date(0), nothing: undefined, nan: Number.NaN, list: [1, { two: 2 }] });
      return 'stored';
    }

    all() {
      return this.session;
    }

    bigint() {
      this.session['a'] = 1n;
      return 'stored';
    }

    cycle() {
      const cycle: unknown[] = [];
      cycle.push(cycle);
      this.session['a'] = cycle;
      return 'stored';
    }

    deep() {
      let deep: unknown[] = [];
      for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
      this.session['a'] = deep;
      return 'stored';
    }

    touch() {
      Reflect.set(Object(this.session['list']), 0, 'changed');
      return 'touched';
    }
  }

  for (const sessionBackend of [undefined, new RecordingBackend()]) {
    const where = sessionBackend ? 'a backend that keeps objects' : 'memory';
    const rooted = () => appOf(micropie(Root, sessionBackend && { sessionBackend }));

    it(`is what JSON carries: dates are texts, NaN is null, undefined is not there, in ${where}`, async () => {
      const browser = visitor(rooted());
      await browser.get('/assorted');
      expect((await browser.get('/all')).body).to.deep.equal({
        date: '1970-01-01T00:00:00.000Z',
        nan: null,
        list: [1, { two: 2 }],
      });
      expect((await browser.get('/take/date')).body).to.deep.equal({ value: '1970-01-01T00:00:00.000Z' });
    });

    it(`is stored as it was when the request ended, part by part, in ${where}`, async () => {
      const browser = visitor(rooted());
      await browser.get('/assorted');
      await browser.get('/touch');
      expect((await browser.get('/all')).body.list).to.deep.equal(['changed', { two: 2 }]);
    });
  }

  for (const [what, path] of [
    ['a bigint', '/bigint'],
    ['a cycle', '/cycle'],
    ['a depth of 100,000', '/deep'],
  ] as const)
    it(`is not ${what}, which is a clear error`, async () => {
      const backend = new RecordingBackend();
      const app = appOf(micropie(Root, { sessionBackend: backend }));
      const errors = errorsOf(app);
      const response = await guest(app).get(path);
      expect([response.status, response.text, cookiesSetBy(response)]).to.deep.equal([
        500,
        'Internal Server Error',
        [],
      ]);
      expect(errors.map(String)).to.deep.equal([
        'TypeError: The session holds something that JSON can not carry, such as a bigint or a cycle',
      ]);
      expect(backend.saves).to.deep.equal([]);
    });

  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'then', '0', ' '])
    it(`is a value under the name ${JSON.stringify(name)}`, async () => {
      const browser = visitor(appOf(micropie(Root)));
      const path = encodeURIComponent(name);
      await browser.get(`/put/${path}/1`).expect(200);
      await browser.get('/put/other/2').expect(200);
      expect((await browser.get('/all')).body).to.deep.equal({ [name]: '1', other: '2' });
      await browser.get(`/drop/${path}`).expect(200);
      expect((await browser.get('/all')).body).to.deep.equal({ other: '2' });
    });

  for (const name of ['save', 'commit', 'regenerate', 'manuallyCommit', 'toJSON', 'length', 'populated', 'externalKey'])
    it(`is not a value under koa-session's own name ${name}, which is a clear error`, async () => {
      const app = appOf(micropie(Root));
      const errors = errorsOf(app);
      const browser = visitor(app);
      await browser.get('/put/a/1').expect(200);
      await browser.get(`/put/${name}/1`).expect(500);
      expect(errors).to.have.lengthOf(1);
      expect(errors[0]).to.be.an.instanceOf(TypeError);
      expect(errors[0]?.message).to.contain(name);
      expect((await browser.get('/all')).body).to.deep.equal({ a: '1' });
    });

  it('is nothing under a name with an underscore, which koa-session would drop without a word', async () => {
    class Cart extends Pad {
      fill() {
        this.session['_cart'] = 1;
      }
    }
    const app = appOf(micropie(Cart));
    const errors = errorsOf(app);
    await visitor(app).get('/fill').expect(500);
    expect(errors.map(({ message }) => message)[0]).to.match(/^The session can not hold values under names that begin/);
  });

  it('is listed with what koa-session adds, and without it as JSON; a copy of either can become the session', async () => {
    class List extends Pad {
      list() {
        return { names: Object.keys(this.session), json: this.session };
      }

      copy() {
        this.session = { ...this.session, b: '2' };
      }
    }
    const browser = visitor(appOf(micropie(List)));
    await browser.get('/put/a/1').expect(200);
    expect((await browser.get('/list')).body).to.deep.equal({
      names: ['isNew', '_requireSave', '_expire', 'a'],
      json: { a: '1' },
    });
    await browser.get('/copy').expect(204);
    expect((await browser.get('/list')).body.json).to.deep.equal({ a: '1', b: '2' });
  });

  it('is never another prototype', async () => {
    class Evil extends Pad {
      mix() {
        Reflect.set(this.session, '__proto__', { admin: true });
        return 'mixed';
      }

      replace() {
        this.session = JSON.parse('{ "a": "1", "__proto__": { "admin": true } }');
        return 'replaced';
      }

      me(admin = false) {
        return { admin };
      }
    }
    const app = appOf(micropie(Evil));
    const errors = errorsOf(app);
    const browser = visitor(app);
    // Where Node was told to do without it, the name is one like any other with an underscore.
    const isSpecial = Object.hasOwn(Object.prototype, '__proto__');
    await browser.get('/put/__proto__/1').expect(isSpecial ? 200 : 500);
    await browser.get('/mix').expect(500);
    await browser.get('/replace').expect(500);
    expect(errors.map(({ message }) => message)).to.deep.equal(
      Array(isSpecial ? 2 : 3).fill(
        "The session can not hold values under names that begin with '_', nor under toJSON, commit, save, regenerate, manuallyCommit and __proto__",
      ),
    );
    expect((await browser.get('/me')).body).to.deep.equal({ admin: false });
    expect(Object.hasOwn(Object.prototype, 'admin')).to.equal(false);
  });
});

describe('a session and a stream', () => {
  class Root extends Pad {
    async *stream() {
      this.session['a'] = 'first';
      yield 'one ';
      try {
        this.session['a'] = 'late';
      } catch (error) {
        yield error instanceof Error ? error.name : 'no error';
      }
      try {
        this.session = {};
      } catch (error) {
        yield ` ${String(error)}`;
      }
    }

    async *bytes() {
      this.session['bytes'] = Buffer.from('a');
      yield 'sent';
    }
  }

  it('goes with what was changed before the first chunk; later changes throw', async () => {
    const browser = visitor(appOf(micropie(Root)));
    const { text } = await browser.get('/stream');
    expect(text).to.equal(
      'one TypeError Error: The session can not change any more: it was stored before the first chunk of the stream was sent',
    );
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: 'first' });
  });

  it('may hold bytes', async () => {
    expect((await client(micropie(Root)).get('/bytes').expect(200)).text).to.equal('sent');
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
