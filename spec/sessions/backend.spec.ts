import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { InMemorySessionBackend, micropie, type SessionBackend } from '../../lib/index.js';
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
