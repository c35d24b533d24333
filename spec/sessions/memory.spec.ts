import { expect } from 'chai';
import { InMemorySessionBackend } from '../../lib/index.js';

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
