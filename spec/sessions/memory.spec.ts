import { expect } from 'chai';
import { Controller, InMemorySessionBackend, micropie } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { cookiesSetBy, guest } from '../support/sessions.js';

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

  it('keeps those who came back, whatever number of new visitors there is', () => {
    const backend = new InMemorySessionBackend(1000);
    const known = Array.from({ length: 900 }, (_, n) => `known ${n}`);
    for (const id of known) backend.save(id, { user: id }, 60);
    for (const id of known) backend.load(id);
    for (let n = 0; n < 5000; n += 1) backend.save(`new ${n}`, { n }, 60);
    expect(known.filter((id) => backend.load(id) === undefined)).to.deep.equal([]);
    expect(backend.load('new 4899')).to.equal(undefined);
    expect(backend.load('new 4999')).to.deep.equal({ n: 4999 });
  });

  it('keeps a tenth for new visitors: among those who came back the one unused for longest goes', () => {
    const backend = new InMemorySessionBackend(10);
    for (let n = 0; n < 10; n += 1) {
      backend.save(`${n}`, { n }, 60);
      backend.load(`${n}`);
    }
    expect(backend.load('0')).to.equal(undefined);
    for (let n = 1; n < 10; n += 1) expect(backend.load(`${n}`)).to.deep.equal({ n });
  });

  it('is full at its bytes, too, which every change counts anew', () => {
    const backend = new InMemorySessionBackend(100, 10_000);
    backend.save('known', { a: 'x'.repeat(1000) }, 60);
    backend.load('known');
    for (let n = 0; n < 50; n += 1) backend.save(`new ${n}`, { a: 'x'.repeat(1000) }, 60);
    const has = (...names: string[]) => names.map((name) => backend.load(name) !== undefined);
    expect(has('new 41', 'known', 'new 42', 'new 49')).to.deep.equal([false, true, true, true]);
    backend.update('known', { a: 'x'.repeat(7000) }, 60);
    expect(has('known', 'new 42', 'new 49', 'new 47', 'new 48')).to.deep.equal([true, false, true, false, true]);
  });

  it('drops as many small ones as a large one needs without keeping others waiting', function () {
    this.timeout(60_000);
    const backend = new InMemorySessionBackend(100_000, 2 ** 20);
    for (let n = 0; n < 200_000; n += 1) backend.save(`small${n}`, { n }, 60);
    const { user } = process.cpuUsage();
    backend.save('large', { text: 'x'.repeat(2 ** 20 - 100) }, 60);
    // Where each drop walks over all that were dropped before, it takes more than ten times as long.
    expect((process.cpuUsage().user - user) / 1000, 'milliseconds').to.be.below(500);
    expect(backend.load('large')).to.have.property('text');
    expect(backend.load('small199999')).to.deep.equal({ n: 199_999 });
    expect(backend.load('small100000')).to.equal(undefined);
  });

  it('takes a session of 1 MiB, and says what to do about a larger one, which is as it was', () => {
    const backend = new InMemorySessionBackend();
    const sized = (bytes: number) => ({ a: 'ä'.repeat((bytes - 8) / 2) });
    backend.save('id', sized(1_048_576), 60);
    expect(() => backend.save('id', sized(1_048_578), 60)).to.throw(
      'The session has 1048578 bytes as JSON, and in memory it may have 1048576: keep large values elsewhere, and their key in the session',
    );
    expect(() => backend.update('id', { b: 1 }, 60)).to.throw('1048582 bytes');
    expect(backend.load('id')).to.deep.equal(sized(1_048_576));
  });

  it('answers 500 to a session that is too large, and sets no cookie', async () => {
    class Large extends Controller {
      index() {
        this.session['a'] = 'x'.repeat(1_048_576);
        return 'stored';
      }
    }
    const app = appOf(micropie(Large));
    const errors = errorsOf(app);
    const response = await guest(app).get('/');
    expect([response.status, cookiesSetBy(response)]).to.deep.equal([500, []]);
    expect(errors.map(({ message }) => message).join()).to.match(/^The session has 1048584 bytes as JSON/);
  });
});
