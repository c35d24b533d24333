import { expect } from 'chai';
import express from 'express';
import session, { MemoryStore, type Settings } from 'express-session';
import type { Middleware } from 'koa';
import { agent } from 'supertest';
import { expressSession } from '../../demo/in-express/express-session.js';
import { Controller, micropie, reply } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { plainProperty } from '../support/sessions.js';

class Root extends Controller {
  async login(user: string) {
    this.session['user'] = user;
    await this.ctx.session.regenerate();
    return Object.keys(this.session);
  }
  async loginFirst(user: string) {
    await this.ctx.session.regenerate();
    this.session['user'] = user;
    return 'in';
  }
  async twice() {
    await this.ctx.session.regenerate();
    await this.ctx.session.regenerate();
    return this.session['user'];
  }
  restored() {
    const before = { ...this.session };
    return new Promise((resolve) => {
      const { regenerate } = this.session;
      if (typeof regenerate !== 'function') return;
      regenerate(() => {
        this.session = before;
        resolve('restored');
      });
    });
  }
  async destroyed(write = '', assign = '') {
    const { session } = this;
    await new Promise((resolve) => Reflect.apply(Object(session['destroy']), session, [resolve]));
    if (write) this.session['user'] = write;
    if (assign) this.session = { user: assign };
    return String(this.session['user'] ?? 'nobody');
  }
  async endedAndRenewed() {
    const { session } = this.ctx;
    this.session = null;
    await session.regenerate();
    return 'ended';
  }
  async anew(user: string) {
    this.session = null;
    this.session = { user };
    await this.ctx.session.regenerate();
    return 'anew';
  }
  async atOnce(user: string) {
    const { session } = this.ctx;
    await Promise.all([session.regenerate(), session.regenerate()]);
    this.session['user'] = user;
    return 'renewed';
  }
  byCallback() {
    const { regenerate } = this.session;
    return new Promise((resolve) => {
      if (typeof regenerate === 'function') regenerate(() => resolve(this.session['user'] ?? 'none'));
    });
  }
  user() {
    return { user: this.session['user'] };
  }
  settings(cookie = 'none') {
    return cookie;
  }
  empty() {
    this.session = {};
    return this.session;
  }
  replace(user: string) {
    this.session = { user };
    return 'replaced';
  }
  fill(...data: string[]) {
    this.session = Object.fromEntries(data.map((name) => [name, 'x']));
    return 'filled';
  }
  spread() {
    this.session = { ...this.session, more: 'more' };
    return 'spread';
  }
  again(user: string) {
    this.session = null;
    this.session['user'] = user;
    return 'again';
  }
  end() {
    this.session = null;
    return 'ended';
  }
  shared(user = '') {
    if (user) this.session['user'] = user;
    return reply(200, `I am ${this.session['user']}`, { 'Cache-Control': 'public, max-age=60' });
  }
  *stream() {
    yield `I am ${this.session['user']}`;
  }
}

/** An Express site with sessions of express-session around the controller. */
function site(options: Partial<Settings> = {}, bridge: Middleware = expressSession) {
  const app = appOf(bridge, micropie(Root));
  const store = options.store ?? new MemoryStore();
  const site = express().set('env', 'test');
  site.use(session({ secret: 'pie', resave: false, saveUninitialized: false, store, ...options }));
  site.use(app.callback());
  return { app, visitor: agent(site), guest: () => agent(site) };
}

const idOf = (answer: { headers: Record<string, unknown> }) =>
  /sid=([^;]+)/.exec(String(answer.headers['set-cookie']))?.[1];

describe('a session of express-session', () => {
  const bridges: [string, Middleware][] = [
    ['a getter', expressSession],
    ['a plain property', plainProperty],
  ];
  const logins = ['/login', '/loginFirst'].flatMap((path) => bridges.map((bridge) => [path, ...bridge] as const));
  for (const [path, title, bridge] of logins)
    it(`gets a new identifier by a promise and keeps what it holds: ${path}, by ${title}`, async () => {
      const { visitor } = site({}, bridge);
      const before = idOf(await visitor.get('/replace/guest').expect(200));
      const after = idOf(await visitor.get(`${path}/ada`).expect(200));
      expect(before).to.be.a('string');
      expect(after).to.be.a('string').and.not.equal(before);
      expect((await visitor.get('/user')).body).to.deep.equal({ user: 'ada' });
    });

  it("keeps its cookie out of shared caches, whatever the handler's own Cache-Control", async () => {
    const { visitor } = site();
    const { headers } = await visitor.get('/shared/ada').expect(200);
    expect(headers['set-cookie']).to.have.lengthOf(1);
    expect(headers['cache-control']).to.equal('private, max-age=60');
    const later = await visitor.get('/shared').expect(200);
    expect(later.headers['set-cookie']).to.equal(undefined);
    expect(later.headers['cache-control']).to.equal('public, max-age=60');
  });

  it('is worth nothing under the old identifier', async () => {
    const { visitor, guest } = site();
    const before = idOf(await visitor.get('/replace/guest'));
    await visitor.get('/login/ada');
    expect((await guest().get('/user').set('Cookie', `connect.sid=${before}`)).body).to.deep.equal({});
  });

  it('gets a new identifier twice', async () => {
    const { visitor } = site();
    await visitor.get('/login/ada');
    expect((await visitor.get('/twice')).text).to.equal('ada');
    expect((await visitor.get('/user')).body).to.deep.equal({ user: 'ada' });
  });

  for (const [title, bridge] of bridges)
    it(`is begun anew for a callback, as express-session has it, by ${title}`, async () => {
      const { visitor } = site({}, bridge);
      await visitor.get('/login/ada');
      expect((await visitor.get('/byCallback')).text).to.equal('none');
    });

  it("fails the handler with the store's error", async () => {
    class Broken extends MemoryStore {
      override destroy(_id: string, callback?: (error?: unknown) => void) {
        callback?.(new Error('The store is down'));
      }
    }
    const { app, visitor } = site({ store: new Broken() });
    const errors = errorsOf(app);
    await visitor.get('/login/ada').expect(500);
    expect(errors.map(String)).to.deep.equal(['Error: The store is down']);
  });

  it('is emptied and filled in place', async () => {
    const { visitor } = site({ cookie: { maxAge: 60_000 } });
    await visitor.get('/login/ada');
    expect(Object.keys((await visitor.get('/empty').expect(200)).body)).to.deep.equal(['cookie']);
    expect((await visitor.get('/user')).body).to.deep.equal({});
    await visitor.get('/replace/bob').expect(200);
    await visitor.get('/spread').expect(200);
    expect((await visitor.get('/user')).body).to.deep.equal({ user: 'bob' });
  });

  it('takes a copy of itself back, also after a new one has begun', async () => {
    const { visitor } = site();
    await visitor.get('/login/ada');
    await visitor.get('/restored').expect(200);
    expect((await visitor.get('/user')).body).to.deep.equal({ user: 'ada' });
  });

  it('that was destroyed is empty, can not be written to, and does not come back', async () => {
    const { app, visitor } = site();
    const errors = errorsOf(app);
    await visitor.get('/login/ada');
    expect((await visitor.get('/destroyed').expect(200)).text).to.equal('nobody');
    expect((await visitor.get('/user')).body).to.deep.equal({});
    await visitor.get('/login/ada');
    await visitor.get('/destroyed?write=bob').expect(500);
    expect(errors.map(({ message }) => message)).to.deep.equal([
      'The session was ended: assign an object to `session` to begin another one',
    ]);
    await visitor.get('/destroyed?assign=eve').expect(200);
    expect((await visitor.get('/user')).body).to.deep.equal({ user: 'eve' });
  });

  for (const [title, bridge] of bridges) {
    it(`that was ended is not brought back by regenerate(), by ${title}`, async () => {
      const { visitor } = site({ unset: 'destroy' }, bridge);
      await visitor.get('/login/ada');
      await visitor.get('/endedAndRenewed').expect(200);
      expect((await visitor.get('/user')).body).to.deep.equal({});
    });

    it(`keeps what was begun behind its end when it is renewed, by ${title}`, async () => {
      const { visitor } = site({}, bridge);
      await visitor.get('/login/ada');
      await visitor.get('/anew/bob').expect(200);
      expect((await visitor.get('/user')).body).to.deep.equal({ user: 'bob' });
    });

    it(`holds on to what is stored after two new identifiers at once, by ${title}`, async () => {
      const { visitor } = site({}, bridge);
      await visitor.get('/login/ada');
      await visitor.get('/atOnce/bob').expect(200);
      expect((await visitor.get('/user')).body).to.deep.equal({ user: 'bob' });
    });
  }

  for (const name of ['touch', 'save', 'regenerate', 'cookie', 'id', 'req', '__proto__'])
    it(`refuses data with a member under a name that its middleware relies on: ${name}`, async () => {
      const { app, visitor } = site();
      const errors = errorsOf(app);
      await visitor.get('/login/ada');
      await visitor.get(`/fill/user/${name}`).expect(500);
      expect(errors.map(({ message }) => message)).to.deep.equal([
        `The session can not hold a value under the name '${name}': its middleware has that name for itself; take another name`,
      ]);
      expect((await visitor.get('/user')).body).to.deep.equal({ user: 'ada' });
    });

  it('gives no argument of the settings of its cookie', async () => {
    const { visitor } = site();
    await visitor.get('/login/ada');
    expect((await visitor.get('/settings').expect(200)).text).to.equal('none');
  });

  it('does not refuse names that every object has', async () => {
    await site().visitor.get('/fill/constructor/toString').expect(200);
  });

  for (const unset of ['keep', 'destroy'] as const)
    it(`can be written to after it was ended, with unset: ${unset}`, async () => {
      const { visitor } = site({ unset });
      await visitor.get('/login/ada');
      await visitor.get('/again/bob').expect(200);
      expect((await visitor.get('/user')).body).to.deep.equal({ user: 'bob' });
    });

  it('is ended with unset: destroy', async () => {
    const { visitor } = site({ unset: 'destroy' });
    await visitor.get('/login/ada');
    await visitor.get('/end').expect(200);
    expect((await visitor.get('/user')).body).to.deep.equal({});
  });

  it('may be read in a stream while its cookie is renewed', async () => {
    const { visitor } = site({ cookie: { maxAge: 60_000 }, rolling: true });
    await visitor.get('/login/ada');
    expect((await visitor.get('/stream')).text).to.equal('I am ada');
  });
});
