import { expect } from 'chai';
import { Keyv } from 'keyv';
import { type KeyvLike, keyvSessionBackend, micropie, type SessionBackend } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { cookiesSetBy, guest, idOf, Pad, visitor } from '../support/sessions.js';

const padOf = (sessionBackend: SessionBackend) => appOf(micropie(Pad, { sessionBackend }));

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
    expect([...records.values()]).to.deep.equal([{ ended: true }]);
  });

  it('does not warn of listeners, however many requests there are', async () => {
    const keyv = new Keyv();
    const backend = keyvSessionBackend(keyv);
    await Promise.all(Array.from({ length: 200 }, () => backend.load(id)));
    expect(keyv.listeners('error').length).to.equal(1);
  });

  it('marks an ended session, so that a writer who loaded it before does not bring it back', async () => {
    const keyv = new Keyv();
    const [one, two] = [keyvSessionBackend(keyv), keyvSessionBackend(keyv)];
    await one.save(id, { user: 'ada' }, 60);
    expect(await two.load(id)).to.deep.equal({ user: 'ada' });
    await one.save(id, {}, 0);
    await two.save(id, { user: 'ada', late: true }, 60);
    expect([await one.load(id), await two.load(id)]).to.deep.equal([undefined, undefined]);
    expect(await keyv.has(`session:${id}`)).to.equal(false);
  });

  it('keeps the mark as long as the longest session that it saved, and 8 hours at least', async () => {
    const keyv = new Keyv();
    const backend = keyvSessionBackend(keyv);
    const left = async () => ((await keyv.getRaw(`session-ended:${id}`))?.expires ?? 0) - Date.now();
    await backend.save(id, {}, 0);
    expect(await left()).to.be.within(28_790_000, 28_800_000);
    await backend.save('other', { a: 1 }, 100_000);
    await backend.save(id, {}, 0);
    expect(await left()).to.be.within(99_990_000, 100_000_000);
  });
});
