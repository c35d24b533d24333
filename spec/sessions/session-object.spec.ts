import { expect } from 'chai';
import { Controller, type HttpMiddleware, micropie } from '../../lib/index.js';
import { appOf, client, errorsOf } from '../support/app.js';
import { cookiesSetBy, guest, Pad, RecordingBackend, visitor } from '../support/sessions.js';

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

    become(name: string) {
      this.session = JSON.parse(`{ "a": "2", ${JSON.stringify(name)}: { "admin": true } }`);
      return 'become';
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

  for (const name of [
    'save',
    'commit',
    'regenerate',
    'manuallyCommit',
    'toJSON',
    'length',
    'populated',
    'externalKey',
    'maxAge',
    'isNew',
    '_expire',
    '_requireSave',
    '_maxAge',
    '_session',
    '_cart',
    '__proto__',
  ])
    it(`is not a value under koa-session's own name ${name}, which is a clear error`, async () => {
      const app = appOf(micropie(Root));
      const errors = errorsOf(app);
      const browser = visitor(app);
      await browser.get('/put/a/1').expect(200);
      await browser.get(`/put/${name}/1`).expect(500);
      await browser.get(`/become/${name}`).expect(500);
      expect(errors).to.have.lengthOf(2);
      for (const error of errors) {
        expect(error).to.be.an.instanceOf(TypeError);
        expect(error.message).to.contain(`The session can not hold a value under the name '${name}': `);
      }
      expect((await browser.get('/all')).body).to.deep.equal({ a: '1' });
      expect(Object.hasOwn(Object.prototype, 'admin')).to.equal(false);
    });

  it('is not given by a backend under such a name, and the rest is', async () => {
    const backend = new RecordingBackend();
    const app = appOf(micropie(Root, { sessionBackend: backend }));
    const id = 'A'.repeat(43);
    backend.records.set(id, { a: '1', length: 2, _x: 3 });
    const all = await guest(app).get('/all').set('Cookie', `session_id=${id}`);
    expect(all.body).to.deep.equal({ a: '1' });
  });

  it('is listed as its members alone; a copy can become the session', async () => {
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
    expect((await browser.get('/list')).body).to.deep.equal({ names: ['a'], json: { a: '1' } });
    await browser.get('/copy').expect(204);
    expect((await browser.get('/list')).body.json).to.deep.equal({ a: '1', b: '2' });
  });

  for (const value of ['text', 1, true, undefined])
    it(`is not ${JSON.stringify(value)}`, async () => {
      class Wrong extends Controller {
        index() {
          Reflect.set(this.ctx, 'session', value);
        }
      }
      const app = appOf(micropie(Wrong));
      const errors = errorsOf(app);
      await guest(app).get('/').expect(500);
      expect(errors.map(String)).to.deep.equal(['TypeError: The session can only be an object, or null to end it']);
    });
});
