import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { Keyv } from 'keyv';
import {
  InMemorySessionBackend,
  type KeyvLike,
  keyvSessionBackend,
  micropie,
  type SessionBackend,
} from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { cookieHeader, cookiesSetBy, gate, guest, idOf, Pad, RecordingBackend, visitor } from '../support/sessions.js';

const padOf = (sessionBackend: SessionBackend) => appOf(micropie(Pad, { sessionBackend }));

describe('SessionBackend', () => {
  it('saves nothing but the data, for 8 hours', async () => {
    const backend = new RecordingBackend();
    const browser = visitor(padOf(backend));
    const id = idOf(await browser.get('/put/a/1'));
    await browser.get('/put/b/2');
    expect(backend.saves).to.deep.equal([
      { id, data: { a: '1' }, timeout: 28_800 },
      { id, data: { a: '1', b: '2' }, timeout: 28_800 },
    ]);
  });

  it('deletes by an empty object and a timeout of 0', async () => {
    const backend = new RecordingBackend();
    const browser = visitor(padOf(backend));
    const id = idOf(await browser.get('/put/a/1'));
    await browser.get('/end');
    expect(backend.saves.at(-1)).to.deep.equal({ id, data: {}, timeout: 0 });
  });

  it('that keeps objects does not see what a request changes in them before or after it is saved', async () => {
    const { opened, open } = gate();
    const kept: number[] = [];
    class Root extends Pad {
      begin() {
        this.session['list'] = kept;
        return 'begun';
      }

      async change() {
        Object(this.session['list']).push(1);
        await opened;
        return 'changed';
      }
    }
    const backend = new RecordingBackend();
    const browser = visitor(appOf(micropie(Root, { sessionBackend: backend })));
    const record = backend.records.get(idOf(await browser.get('/begin')));
    kept.push(0);
    expect(record).to.deep.equal({ list: [] });
    const change = browser.get('/change').then();
    while (backend.loads.length === 0) await new Promise(setImmediate);
    const meanwhile = await browser.get('/take/list');
    open();
    await change;
    expect(meanwhile.body).to.deep.equal({ value: [] });
    expect((await browser.get('/take/list')).body).to.deep.equal({ value: [1] });
  });

  it('may answer with anything that can be awaited', async () => {
    const records = new RecordingBackend();
    /** As query builders do, this does its work when somebody waits for it. */
    // biome-ignore lint/suspicious/noThenProperty: this is what is tested.
    const lazy = <T>(work: () => T) => ({ then: (resolve: (value: T) => void) => resolve(work()) });
    // biome-ignore lint/suspicious/noThenProperty: this is what is tested.
    const broken = { then: (_resolve: () => void, reject: (error: Error) => void) => reject(new Error('down')) };
    const backend: object = {
      load: (id: string) => lazy(() => records.load(id)),
      save: (id: string, data: Record<string, unknown>, timeout: number) => lazy(() => records.save(id, data, timeout)),
    };
    const lazyBackend = Object.assign(new RecordingBackend(), backend);
    const app = padOf(lazyBackend);
    const errors = errorsOf(app);
    const browser = visitor(app);
    await browser.get('/put/a/1');
    expect(records.saves).to.have.lengthOf(1);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    Object.assign(lazyBackend, { load: () => broken });
    await browser.get('/take/a').expect(503);
    expect(errors.map(({ message }) => message)).to.deep.equal(["The session backend can't load: down"]);
  });

  it('is told of every change, also where koa-session sees none for the same CRC32', async () => {
    const [one, two] = collision();
    const { resolve } = createRequire(import.meta.url);
    const { crc32: hash }: { crc32(text: string): number } = createRequire(resolve('koa-session'))('crc');
    expect(one).not.to.equal(two);
    expect(hash(JSON.stringify({ a: one }))).to.equal(hash(JSON.stringify({ a: two })));
    const browser = visitor(padOf(new InMemorySessionBackend()));
    await browser.get(`/put/a/${one}`);
    await browser.get(`/put/a/${two}`);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: two });
  });

  /** Two texts which, as the value `a` of a session, have the same checksum. */
  function collision(): [string, string] {
    const seen = new Map<number, string>();
    for (let count = 0; ; count += 1) {
      const text = createHash('md5').update(String(count)).digest('hex');
      const sum = crc32(JSON.stringify({ a: text }));
      const other = seen.get(sum);
      if (other) return [other, text];
      seen.set(sum, text);
    }
  }

  for (const garbage of [[], ['a'], 'text', 42, true])
    it(`that gives ${JSON.stringify(garbage)} is reported, and a new session begins`, async () => {
      const backend = new RecordingBackend();
      const app = padOf(Object.assign(backend, { load: () => garbage }));
      const errors = errorsOf(app);
      const old = 'A'.repeat(43);
      const put = await guest(app).get('/put/a/1').set('Cookie', `session_id=${old}`);
      expect(put.status).to.equal(200);
      expect([...backend.records.keys()])
        .to.deep.equal([idOf(put)])
        .and.not.to.include(old);
      expect(errors.map(({ message }) => message)).to.deep.equal([
        'The session backend gave something that is no session; a new one begins',
      ]);
    });

  for (const nothing of [null, undefined, {}])
    it(`that gives ${JSON.stringify(nothing)} has no such session, and a new one begins`, async () => {
      const app = padOf(Object.assign(new RecordingBackend(), { load: () => nothing }));
      const put = await guest(app)
        .get('/put/a/1')
        .set('Cookie', `session_id=${'A'.repeat(43)}`);
      expect([put.status, idOf(put).length]).to.deep.equal([200, 43]);
    });
});

describe('A session backend that fails', () => {
  const failures: [how: string, fail: () => never | Promise<never>, reason: string][] = [
    [
      'throws',
      () => {
        throw new Error('down');
      },
      'down',
    ],
    ['rejects', () => Promise.reject(new Error('down')), 'down'],
    ['rejects with no error', () => Promise.reject('down'), "Not an error was thrown: 'down'"],
    [
      'rejects with what has no text',
      () => Promise.reject({ toString: null }),
      'Not an error was thrown: { toString: null }',
    ],
  ];

  for (const [how, fail, reason] of failures) {
    it(`is 503 when load ${how}, without the handler, and recovers`, async () => {
      let called = 0;
      class Root extends Pad {
        count() {
          called += 1;
          return 'counted';
        }
      }
      const backend = new RecordingBackend();
      const app = appOf(micropie(Root, { sessionBackend: backend }));
      const errors = errorsOf(app);
      const browser = visitor(app);
      await browser.get('/put/a/1');
      Object.assign(backend, { load: fail });
      const response = await browser.get('/count');
      expect([response.status, response.text, called]).to.deep.equal([503, 'Service Unavailable', 0]);
      expect(cookiesSetBy(response)).to.deep.equal([]);
      expect(errors.map(({ message }) => message)).to.deep.equal([`The session backend can't load: ${reason}`]);
      Reflect.deleteProperty(backend, 'load');
      expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    });

    it(`is 503 when save ${how}, and sets no cookie, and recovers`, async () => {
      const backend = new RecordingBackend();
      const app = padOf(backend);
      const errors = errorsOf(app);
      const browser = visitor(app);
      Object.assign(backend, { save: fail });
      const response = await browser.get('/put/a/1');
      expect([response.status, response.text]).to.deep.equal([503, 'Service Unavailable']);
      expect(cookiesSetBy(response)).to.deep.equal([]);
      expect(errors.map(({ message }) => message)).to.deep.equal([`The session backend can't save: ${reason}`]);
      Reflect.deleteProperty(backend, 'save');
      await browser.get('/put/a/1').expect(200);
      Object.assign(backend, { save: fail });
      expect(cookiesSetBy(await browser.get('/end').expect(503))).to.deep.equal([]);
      expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    });
  }

  it('does not change the status of a handler that fails too, and both failures are reported', async () => {
    class Root extends Pad {
      fail() {
        this.session['a'] = '2';
        throw Object.assign(new Error('conflict'), { status: 409, expose: true });
      }
    }
    const backend = new RecordingBackend();
    const app = appOf(micropie(Root, { sessionBackend: backend }));
    const errors = errorsOf(app);
    const browser = visitor(app);
    await browser.get('/put/a/1');
    Object.assign(backend, { save: () => Promise.reject(new Error('down')) });
    const response = await browser.get('/fail');
    expect([response.status, response.text]).to.deep.equal([409, '409 Conflict: conflict']);
    expect(errors.map(({ message }) => message)).to.deep.equal(["The session backend can't save: down", 'conflict']);
  });

  it('by hanging is 503 after 2 seconds, however many requests wait for it, and recovers', async function () {
    this.timeout(4000);
    const { opened, open } = gate();
    let arrived = 0;
    class Root extends Pad {
      async slow(value: string) {
        arrived += 1;
        await opened;
        this.session['a'] = value;
        return 'slow';
      }
    }
    const backend = new RecordingBackend();
    const app = appOf(micropie(Root, { sessionBackend: backend }));
    const errors = errorsOf(app);
    const put = await guest(app).get('/put/a/1');
    const get = (path: string) => guest(app).get(path).set('Cookie', cookieHeader(put)).then();
    const slow = ['2', '3', '4'].map((value) => get(`/slow/${value}`));
    while (arrived < 3) await new Promise(setImmediate);
    Object.assign(backend, { load: () => new Promise(() => {}), save: () => new Promise(() => {}) });
    const start = performance.now();
    open();
    const responses = await Promise.all([...slow, get('/take/a'), guest(app).get('/put/a/1').then()]);
    expect(performance.now() - start).to.be.within(1990, 2400);
    expect(responses.map(({ status }) => status)).to.deep.equal([503, 503, 503, 503, 503]);
    expect(errors).to.have.lengthOf(5);
    for (const { message } of errors)
      expect(message).to.match(/^The session backend can't (load|save): no answer within 2000 ms$/);
    Reflect.deleteProperty(backend, 'load');
    Reflect.deleteProperty(backend, 'save');
    expect((await get('/take/a')).body).to.deep.equal({ value: '1' });
    await get('/put/a/5');
    expect((await get('/take/a')).body).to.deep.equal({ value: '5' });
  });
});

describe('new InMemorySessionBackend(maxSessions)', () => {
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  it('gives what was saved, until its time without use is over', async () => {
    const backend = new InMemorySessionBackend();
    backend.save('used', { a: 1 }, 0.1);
    backend.save('unused', { a: 1 }, 0.1);
    await pause(60);
    expect(backend.load('used')).to.deep.equal({ a: 1 });
    await pause(60);
    expect([backend.load('used'), backend.load('unused')]).to.deep.equal([{ a: 1 }, undefined]);
    await pause(110);
    expect(backend.load('used')).to.equal(undefined);
  });

  it('deletes by empty data and by a timeout of 0', () => {
    const backend = new InMemorySessionBackend();
    for (const [data, timeout] of [
      [{}, 60],
      [{ a: 2 }, 0],
    ] as const) {
      backend.save('id', { a: 1 }, 60);
      backend.save('id', data, timeout);
      expect(backend.load('id')).to.equal(undefined);
    }
  });

  it('is full at its maximum: the session unused for longest goes', () => {
    const backend = new InMemorySessionBackend(2);
    backend.save('a', { a: 1 }, 60);
    backend.save('b', { b: 1 }, 60);
    backend.load('a');
    backend.save('c', { c: 1 }, 60);
    expect(['a', 'b', 'c'].map((id) => backend.load(id))).to.deep.equal([{ a: 1 }, undefined, { c: 1 }]);
    backend.save('a', { a: 2 }, 60);
    expect(backend.load('c')).to.deep.equal({ c: 1 });
  });

  it('keeps copies: neither what was saved nor what was loaded changes them', () => {
    const backend = new InMemorySessionBackend();
    const data = { list: [1] };
    backend.save('id', data, 60);
    data.list.push(2);
    Object.assign(backend.load('id') ?? {}, { list: [3] });
    expect(backend.load('id')).to.deep.equal({ list: [1] });
  });

  it('sweeps out those that are over, at most once a minute', () => {
    const { now } = Date;
    try {
      let time = now();
      Date.now = () => time;
      const backend = new InMemorySessionBackend(3);
      backend.save('first', { a: 1 }, 7200);
      time += 1000;
      for (const id of ['over', 'over too']) backend.save(id, { a: 1 }, 10);
      time += 61_000;
      // Without the sweep the store would be full here, and the first one would go.
      backend.save('new', { a: 1 }, 10);
      expect(backend.load('first')).to.deep.equal({ a: 1 });
    } finally {
      Date.now = now;
    }
  });
});

describe('keyvSessionBackend(keyv)', () => {
  const id = 'A'.repeat(43);

  /** A store that can be made to fail, by throwing as most adapters of databases do, or as Redis and others do. */
  class FailingStore extends Map<string, unknown> {
    fail: 'throws' | 'emits' | undefined;
    readonly #listeners: ((error: Error) => void)[] = [];

    on(event: string, listener: (error: Error) => void): this {
      if (event === 'error') this.#listeners.push(listener);
      return this;
    }

    override get(key: string): unknown {
      return this.#fails() ? undefined : super.get(key);
    }

    override set(key: string, value: unknown): this {
      return this.#fails() ? this : super.set(key, value);
    }

    override delete(key: string): boolean {
      return this.#fails() ? false : super.delete(key);
    }

    #fails(): boolean {
      const error = new Error('store is down');
      if (this.fail === 'throws') throw error;
      if (this.fail === 'emits') for (const listener of this.#listeners) listener(error);
      return this.fail !== undefined;
    }
  }

  it('keeps sessions in a Keyv instance, under keys of their own', async () => {
    const keyv = new Keyv();
    const browser = visitor(padOf(keyvSessionBackend(keyv)));
    const put = await browser.get('/put/a/1');
    expect(await keyv.get(`session:${idOf(put)}`)).to.deep.equal({ a: '1' });
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    await browser.get('/end');
    expect(await keyv.has(`session:${idOf(put)}`)).to.equal(false);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: null });
  });

  it('does not take what else is in the store for a session', async () => {
    const keyv = new Keyv();
    await keyv.set(id, { admin: true });
    expect(await keyvSessionBackend(keyv).load(id)).to.equal(undefined);
  });

  it('lets sessions end in time', async () => {
    const backend = keyvSessionBackend(new Keyv());
    await backend.save(id, { a: 1 }, 0.03);
    expect(await backend.load(id)).to.deep.equal({ a: 1 });
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(await backend.load(id)).to.equal(undefined);
  });

  it('deletes by empty data and by a timeout of 0, also what is not there', async () => {
    const backend = keyvSessionBackend(new Keyv());
    for (const [data, timeout] of [
      [{}, 60],
      [{ a: 2 }, 0],
    ] as const) {
      await backend.save(id, { a: 1 }, 60);
      await backend.save(id, data, timeout);
      expect(await backend.load(id)).to.equal(undefined);
      await backend.save(id, data, timeout);
    }
  });

  const settings = [{}, { emitErrors: false }, { throwOnErrors: true }];
  for (const fail of ['throws', 'emits'] as const)
    for (const options of settings)
      it(`fails where a store ${fail}, with the options ${JSON.stringify(options)}, and recovers`, async () => {
        const store = new FailingStore();
        const keyv = new Keyv({ store, ...options });
        const { opts, throwOnErrors } = keyv;
        const app = padOf(keyvSessionBackend(keyv));
        const errors = errorsOf(app);
        const browser = visitor(app);
        await browser.get('/put/a/1').expect(200);
        store.fail = fail;
        for (const path of ['/take/a', '/put/a/2', '/end'])
          expect(cookiesSetBy(await browser.get(path).expect(503))).to.deep.equal([]);
        expect(cookiesSetBy(await guest(app).get('/put/a/2').expect(503))).to.deep.equal([]);
        expect(errors.splice(0, 3).map(({ message }) => message)).to.deep.equal(
          Array(3).fill("The session backend can't load: store is down"),
        );
        expect(errors.map(({ message }) => message).join()).to.match(
          /^The session backend can't save: (store is down|Keyv did not store the session)$/,
        );
        store.fail = undefined;
        expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
        expect([keyv.opts, keyv.throwOnErrors]).to.deep.equal([opts, throwOnErrors]);
      });

  for (const fail of ['throws', 'emits'] as const)
    for (const options of settings)
      it(`does not take a session for deleted where a store ${fail}, with ${JSON.stringify(options)}`, async () => {
        const store = new FailingStore();
        const backend = keyvSessionBackend(new Keyv({ store, ...options }));
        await backend.save(id, { a: 1 }, 60);
        store.fail = fail;
        const failed = await Promise.resolve(backend.save(id, {}, 0)).catch((error) => error);
        expect(failed).to.be.an('error').with.property('message', 'store is down');
      });

  it('takes anything with get, set and delete', async () => {
    const records = new Map<string, Record<string, unknown>>();
    const minimal: KeyvLike = {
      get: async (key) => records.get(key),
      set: async (key, value) => records.set(key, value),
      delete: async (key) => records.delete(key),
    };
    const browser = visitor(padOf(keyvSessionBackend(minimal)));
    await browser.get('/put/a/1').expect(200);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    await browser.get('/end').expect(200);
    expect(records.size).to.equal(0);
  });

  it('does not warn of listeners, however many requests there are', async () => {
    const keyv = new Keyv();
    const backend = keyvSessionBackend(keyv);
    await Promise.all(Array.from({ length: 200 }, () => backend.load(id)));
    expect(keyv.listeners('error').length).to.equal(1);
  });
});
