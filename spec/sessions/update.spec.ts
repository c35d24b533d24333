import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createClient } from 'redis';
import {
  InMemorySessionBackend,
  micropie,
  type RedisLike,
  redisSessionBackend,
  type SessionBackend,
  type SessionData,
} from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { cookieHeader, guest, idOf, Pad, RecordingBackend } from '../support/sessions.js';
import { RedisServer } from './redis-server.js';

/** Backends of which one can see, and set, how long a session still has. */
interface Timed {
  readonly backend: SessionBackend;
  left(id: string): Promise<number>;
  age(id: string, seconds: number): Promise<void>;
}

describe('SessionBackend.update(id, changes, timeout)', () => {
  let redis: RedisServer | undefined;
  let client: ReturnType<typeof createClient> | undefined;

  before(async () => {
    redis = await RedisServer.start();
    if (redis) client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  });

  after(async () => {
    await client?.close();
    await redis?.kill();
  });

  const makers: Record<string, () => Timed | undefined> = {
    memory: inMemory,
    Redis: () => client && inRedis(client),
  };

  for (const [where, make] of Object.entries(makers)) {
    async function withSession(run: (timed: Timed, id: string) => Promise<void>, data: SessionData = { a: 1, b: 'x' }) {
      const timed = make();
      if (!timed) return console.warn(`    redis-server is not installed: not checked in ${where}`);
      const id = `${Math.random()}`;
      await timed.backend.save(id, data, 1000);
      await run(timed, id);
    }

    it(`changes, adds and removes members, in ${where}`, () =>
      withSession(async ({ backend }, id) => {
        expect(await backend.update?.(id, { a: [2], c: null, b: undefined }, 1000)).to.equal(true);
        expect(await backend.load(id)).to.deep.equal({ a: [2], c: null });
      }));

    it(`refuses a session that is not there, and stores nothing, in ${where}`, () =>
      withSession(async ({ backend }, id) => {
        await backend.save(id, {}, 0);
        expect(await backend.update?.(id, { a: 2 }, 1000)).to.equal(false);
        expect(await backend.update?.(id, {}, 1000)).to.equal(false);
        expect(Object.keys((await backend.load(id)) ?? {})).to.deep.equal([]);
      }));

    it(`ends a session with its last member, in ${where}`, () =>
      withSession(async ({ backend }, id) => {
        expect(await backend.update?.(id, { a: undefined, b: undefined }, 1000)).to.equal(true);
        expect(await backend.update?.(id, { a: 2 }, 1000)).to.equal(false);
      }));

    it(`renews the time with a change, in ${where}`, () =>
      withSession(async ({ backend, left, age }, id) => {
        await age(id, 10);
        await backend.update?.(id, { a: 2 }, 1000);
        expect(await left(id)).to.be.within(999, 1000);
      }));

    it(`renews the time without a change, at most once a minute, in ${where}`, () =>
      withSession(async ({ backend, left, age }, id) => {
        await age(id, 50);
        expect(await backend.update?.(id, {}, 1000)).to.equal(true);
        expect(await left(id)).to.be.within(948, 950);
        await age(id, 11);
        expect(await backend.update?.(id, {}, 1000)).to.equal(true);
        expect(await left(id)).to.be.within(999, 1000);
        expect(await backend.load(id)).to.deep.equal({ a: 1, b: 'x' });
      }));

    it(`renews a short session in time, in ${where}`, () =>
      withSession(async ({ backend, left, age }, id) => {
        await backend.save(id, { a: 1 }, 40);
        await age(id, 11);
        await backend.update?.(id, {}, 40);
        expect(await left(id)).to.be.within(39, 40);
      }));
  }

  /** Its clock is moved instead of its entries. */
  function inMemory(): Timed {
    const backend = new InMemorySessionBackend();
    const { now } = Date;
    let offset = 0;
    const at = <T>(seconds: number, run: () => T): T => {
      Date.now = () => now() + seconds * 1000;
      try {
        return run();
      } finally {
        Date.now = now;
      }
    };
    return {
      backend: {
        load: (id) => at(offset, () => backend.load(id)),
        save: (id, data, timeout) => at(offset, () => backend.save(id, data, timeout)),
        update: (id, changes, timeout) => at(offset, () => backend.update(id, changes, timeout)),
      },
      // An update that finds nothing changes nothing, and neither does one that is refused.
      async left(id) {
        let low = 0;
        for (let step = 1024; step >= 1; step /= 2)
          if (at(offset + low + step, () => backend.update(id, {}, 1e-9))) low += step;
        return low + 1;
      },
      async age(_id, seconds) {
        offset += seconds;
      },
    };
  }

  function inRedis(
    connected: RedisLike & { pTTL(key: string): Promise<number>; pExpire(key: string, ms: number): unknown },
  ): Timed {
    return {
      backend: redisSessionBackend(connected),
      left: async (id) => (await connected.pTTL(`session:${id}`)) / 1000,
      async age(id, seconds) {
        await connected.pExpire(`session:${id}`, (await connected.pTTL(`session:${id}`)) - seconds * 1000);
      },
    };
  }
});

describe('a backend', () => {
  class Updating extends RecordingBackend {
    readonly updates: { id: string; changes: SessionData; timeout: number }[] = [];

    update(id: string, changes: SessionData, timeout: number): boolean {
      this.updates.push({ id, changes, timeout });
      const data = this.records.get(id);
      if (data) this.records.set(id, { ...data, ...changes });
      return data !== undefined;
    }
  }

  it('with update is told the members that changed, and is not asked for the others', async () => {
    const backend = new Updating();
    const browser = guest(appOf(micropie(Pad, { sessionBackend: backend, session: { timeout: 60 } })));
    const put = await browser.get('/put/a/1');
    const cookie = cookieHeader(put);
    await browser.get('/put/b/2').set('Cookie', cookie);
    await browser.get('/drop/a').set('Cookie', cookie);
    await browser.get('/put/b/2').set('Cookie', cookie);
    const id = idOf(put);
    expect(backend.updates).to.deep.equal([
      { id, changes: { b: '2' }, timeout: 60 },
      { id, changes: { a: undefined }, timeout: 60 },
    ]);
    expect([backend.saves.length, backend.loads.length]).to.deep.equal([1, 3]);
  });

  for (const make of [() => new Updating(), () => new RecordingBackend()]) {
    const kind = make() instanceof Updating ? 'with update' : 'without update';

    it(`${kind} has a session renewed that is only read, now and then`, async function () {
      this.timeout(5000);
      const backend = make();
      const browser = guest(appOf(micropie(Pad, { sessionBackend: backend, session: { timeout: 1 } })));
      const written = () => backend.saves.length + (backend instanceof Updating ? backend.updates.length : 0);
      const cookie = cookieHeader(await browser.get('/put/a/1'));
      const until = performance.now() + 1200;
      let reads = 0;
      for (; performance.now() < until; reads += 1) {
        await browser.get('/plain').set('Cookie', cookie).expect(200);
        await sleep(10);
      }
      // Within a quarter to a half of the timeout, which here stands for the minute.
      expect(written() - 1).to.be.within(2, 5);
      expect(reads).to.be.above(10);
      expect((await browser.get('/take/a').set('Cookie', cookie)).body).to.deep.equal({ value: '1' });
    });
  }
});
