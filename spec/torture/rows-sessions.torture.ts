import { expect } from 'chai';
import type { RawClient, RawResponse } from '../support/socket.js';
import { get, TortureServer, tortured } from './support/torture.js';

const ID = /^session_id=([\w-]{43}); path=\/; samesite=lax; httponly$/i;

function idOf({ headers }: RawResponse): string {
  return ID.exec(headers['set-cookie'] ?? '')?.[1] ?? '';
}

function ask(client: RawClient, path: string, id?: string): Promise<RawResponse> {
  return client.exchange(get(path, id === undefined ? '' : `Cookie: session_id=${id}\r\n`));
}

function text({ status, body }: RawResponse): string {
  return `${status} ${body}`;
}

describe('sessions under torture', () => {
  const server = tortured('sessions');
  const records = () => server().tell<Record<string, Record<string, unknown>>>('records');

  afterEach(async () => {
    await server().tell('trouble', {});
    await server().tell('clear');
  });

  describe('an identifier of the client', () => {
    const WRONG_SHAPE: Record<string, string> = {
      __proto__: '__proto__',
      constructor: 'constructor',
      'a path': '../x',
      'an escaped NUL': 'a%00b',
      '6 KB': 'A'.repeat(6000),
      '42 characters': 'A'.repeat(42),
      '44 characters': 'A'.repeat(44),
      'another alphabet': `${'A'.repeat(42)}=`,
      nothing: '',
      JSON: '{"id":1}',
      Base64: Buffer.from('{"views":1}').toString('base64'),
    };
    for (const [what, id] of Object.entries(WRONG_SHAPE))
      it(`of the wrong shape never reaches the store: ${what}`, () =>
        server().trial({ handlers: ['take', 'put'] }, async (client) => {
          expect(text(await ask(client, '/take/a', id))).to.equal('200 {"value":null}');
          const made = idOf(await ask(client, '/put/a/1', id));
          expect(made).to.have.length(43).and.not.to.equal(id);
          expect(await server().tell('loads')).to.deep.equal([]);
          expect(await records()).to.deep.equal({ [made]: { a: '1' } });
        }));

    it('that is unknown is not adopted', () =>
      server().trial({ handlers: ['put'] }, async (client) => {
        const id = 'A'.repeat(43);
        const made = idOf(await ask(client, '/put/a/1', id));
        expect(Object.keys(await records())).to.deep.equal([made]);
        expect(made).not.to.equal(id);
      }));

    it('whose signature does not fit never reaches the store', () =>
      server().trial({ handlers: ['put', 'take', 'take', 'take'] }, async (client) => {
        const cookie = (await ask(client, '/signed/put/a/1')).headers['set-cookie'] ?? '';
        const [, id = ''] = /session_id=([\w-]{43})/.exec(cookie) ?? [];
        const [, signature = ''] = /session_id\.sig=([\w-]+)/.exec(cookie) ?? [];
        const take = (value: string) => client.exchange(get('/signed/take/a', `Cookie: ${value}\r\n`));
        expect(text(await take(`session_id=${id}; session_id.sig=${signature}`))).to.equal('200 {"value":"1"}');
        expect(await server().tell('loads')).to.deep.equal([id]);
        for (const sig of [`; session_id.sig=x${signature.slice(1)}`, ''])
          expect(text(await take(`session_id=${id}${sig}`))).to.equal('200 {"value":null}');
        expect(await server().tell('loads')).to.deep.equal([id]);
      }));
  });

  it('regenerate() gives a new identifier, keeps the data, and deletes the old record', () =>
    server().trial({ handlers: ['put', 'renew', 'all', 'take'] }, async (client) => {
      const old = idOf(await ask(client, '/put/a/1'));
      const renewed = idOf(await ask(client, '/renew', old));
      expect(renewed).to.have.length(43).and.not.to.equal(old);
      expect(await records()).to.deep.equal({ [renewed]: { a: '1' } });
      expect(text(await ask(client, '/all', renewed))).to.equal('200 {"a":"1"}');
      expect(text(await ask(client, '/take/a', old))).to.equal('200 {"value":null}');
    }));

  it('ending it deletes the record, and the cookie with the same attributes', () =>
    server().trial({ handlers: ['put', 'end'] }, async (client) => {
      const id = idOf(await ask(client, '/put/a/1'));
      const cookie = (await ask(client, '/end', id)).headers['set-cookie'] ?? '';
      expect(cookie).to.match(/^session_id=; path=\/; expires=Thu, 01 Jan 1970 [^;]+; samesite=lax; httponly$/i);
      expect(await records()).to.deep.equal({});
    }));

  it('a request that only reads saves nothing and sets no cookie', () =>
    server().trial({ handlers: ['put', 'take', 'plain', 'all'] }, async (client) => {
      const id = idOf(await ask(client, '/put/a/1'));
      await server().tell('trouble', { save: 'fails' });
      for (const path of ['/take/a', '/plain', '/all']) {
        const response = await ask(client, path, id);
        expect([response.status, response.headers['set-cookie']]).to.deep.equal([200, undefined]);
      }
    }));

  it('writers side by side keep what each of them wrote', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => server().connect()));
    try {
      await server().trial({ handlers: ['put', ...Array(20).fill('putLate'), 'all'] }, async (client) => {
        const id = idOf(await ask(client, '/put/a/1'));
        await Promise.all(clients.map((one, n) => ask(one, `/putLate/n${n}/v${n}`, id)));
        const all = JSON.parse((await ask(client, '/all', id)).body.toString());
        expect(all).to.deep.equal(Object.fromEntries([['a', '1'], ...clients.map((_, n) => [`n${n}`, `v${n}`])]));
        for (const one of clients) one.socket.destroy();
      });
    } finally {
      for (const one of clients) one.socket.destroy();
    }
  });

  it('first requests side by side get a session each', async () => {
    const before = await server().begin();
    const clients = await Promise.all(Array.from({ length: 50 }, () => server().connect()));
    const ids = await Promise.all(clients.map(async (one, n) => idOf(await ask(one, `/putLate/own/v${n}`))));
    expect(new Set(ids).size).to.equal(50);
    expect(await records()).to.deep.equal(Object.fromEntries(ids.map((id, n) => [id, { own: `v${n}` }])));
    for (const one of clients) one.socket.destroy();
    await server().ledger({ handlers: Array(50).fill('putLate') }, before);
  });

  it('a slower request does not revive a session that was ended', async () => {
    const other = await server().connect();
    await server().trial({ handlers: ['put', 'putLate', 'end', 'take'] }, async (client) => {
      const id = idOf(await ask(client, '/put/a/1'));
      const slow = ask(other, '/putLate/b/2?ms=100', id);
      while ((await server().report()).handlers.length < 2);
      await ask(client, '/end', id);
      await slow;
      expect(await records()).to.deep.equal({});
      expect(text(await ask(client, '/take/a', id))).to.equal('200 {"value":null}');
      other.socket.destroy();
    });
  });

  describe('a store whose load', () => {
    for (const trouble of ['fails', 'throws', 'rejects with nothing', 'hangs'])
      it(`${trouble} is 503 in time, without the handler, and recovers`, () =>
        server().trial({ handlers: ['put', 'take'], errors: 1 }, async (client) => {
          const id = idOf(await ask(client, '/put/a/1'));
          await server().tell('trouble', { load: trouble });
          const began = performance.now();
          const response = await ask(client, '/take/a', id);
          expect(text(response)).to.equal('503 Service Unavailable');
          expect(response.headers).not.to.have.property('set-cookie');
          expect(performance.now() - began, 'milliseconds').to.be.below(2500);
          await server().tell('trouble', {});
          expect(text(await ask(client, '/take/a', id))).to.equal('200 {"value":"1"}');
        }));

    for (const trouble of ['gives a list', 'gives a text', 'gives a number'])
      it(`${trouble} gives a new session, and is reported`, () =>
        server().trial({ handlers: ['put', 'take', 'put'], errors: 2 }, async (client) => {
          const id = idOf(await ask(client, '/put/a/1'));
          await server().tell('trouble', { load: trouble });
          expect(text(await ask(client, '/take/a', id))).to.equal('200 {"value":null}');
          expect(idOf(await ask(client, '/put/a/2', id)))
            .to.have.length(43)
            .and.not.to.equal(id);
        }));

    for (const trouble of ['gives null', 'gives nothing'])
      it(`${trouble} has no such session`, () =>
        server().trial({ handlers: ['put', 'take'] }, async (client) => {
          const id = idOf(await ask(client, '/put/a/1'));
          await server().tell('trouble', { load: trouble });
          expect(text(await ask(client, '/take/a', id))).to.equal('200 {"value":null}');
        }));
  });

  describe('a store whose save', () => {
    for (const trouble of ['fails', 'throws', 'rejects with nothing', 'hangs']) {
      it(`${trouble} is 503 after a good handler, without a cookie`, () =>
        server().trial({ handlers: ['put', 'put'], errors: 1 }, async (client) => {
          await server().tell('trouble', { save: trouble });
          const response = await ask(client, '/put/a/1');
          expect(text(response)).to.equal('503 Service Unavailable');
          expect(response.headers).not.to.have.property('set-cookie');
          await server().tell('trouble', {});
          expect(idOf(await ask(client, '/put/a/1'))).to.have.length(43);
        }));

      it(`${trouble} does not change the status of a handler that fails; both are told`, () =>
        server().trial({ handlers: ['put', 'fails'], errors: 1 }, async (client) => {
          const id = idOf(await ask(client, '/put/a/1'));
          await server().tell('trouble', { save: trouble });
          expect((await ask(client, '/fails', id)).status).to.equal(418);
          const { errors } = await server().report();
          expect(errors.map(({ status }) => status).sort()).to.deep.equal([418, 503]);
        }));
    }
  });

  it('a slow store is waited for', async () => {
    await server().tell('trouble', { ms: 300 });
    await server().trial({ handlers: ['put', 'take'] }, async (client) => {
      const id = idOf(await ask(client, '/put/a/1'));
      expect(text(await ask(client, '/take/a', id))).to.equal('200 {"value":"1"}');
    });
  });

  it('a store that hangs holds up nobody without a session', async () => {
    const other = await server().connect();
    await server().trial({ handlers: ['put', 'plain'], errors: 1 }, async (client) => {
      const id = idOf(await ask(client, '/put/a/1'));
      await server().tell('trouble', { load: 'hangs' });
      const waiting = ask(other, '/take/a', id);
      const began = performance.now();
      expect(text(await ask(client, '/plain'))).to.equal('200 plain');
      expect(performance.now() - began, 'milliseconds').to.be.below(500);
      expect((await waiting).status).to.equal(503);
      other.socket.destroy();
    });
  });

  describe('values', () => {
    const REFUSED = ['cycle', 'bigint', 'getter'];
    for (const what of REFUSED)
      it(`of the kind '${what}' are a clear error, and nothing is stored`, () =>
        server().trial({ handlers: ['value'], errors: 1 }, async (client) => {
          const response = await ask(client, `/value/${what}`);
          expect([response.status, response.headers['set-cookie']]).to.deep.equal([500, undefined]);
          expect(await records()).to.deep.equal({});
          expect((await server().report()).errors[0]?.text).to.include(
            'The session holds something that JSON can not carry',
          );
        }));

    const CARRIED: [what: string, stored: unknown][] = [
      ['map', {}],
      ['date', '1970-01-01T00:00:00.000Z'],
      ['nan', null],
      ['large', 'x'.repeat(5_000_000)],
    ];
    for (const [what, value] of CARRIED)
      it(`of the kind '${what}' come back as JSON carries them`, () =>
        server().trial({ handlers: ['value', 'take'] }, async (client) => {
          const id = idOf(await ask(client, `/value/${what}`));
          expect(JSON.parse((await ask(client, '/take/value', id)).body.toString())).to.deep.equal({ value });
        }));

    for (const what of ['undefined', 'function', 'symbol'])
      it(`of the kind '${what}' are nothing to JSON: no session begins`, () =>
        server().trial({ handlers: ['value'] }, async (client) => {
          const response = await ask(client, `/value/${what}`);
          expect([response.status, response.headers['set-cookie']]).to.deep.equal([200, undefined]);
        }));

    for (const what of ['deep', 'deeper'])
      it(`that are ${what} than others are stored, or a clear error`, async () => {
        const before = await server().begin();
        const client = await server().connect();
        const { status } = await ask(client, `/value/${what}`);
        client.socket.destroy();
        expect(status).to.be.oneOf([200, 500]);
        await server().ledger({ handlers: ['value'], errors: status === 200 ? 0 : 1 }, before);
      });
  });

  describe('names', () => {
    const REFUSED = ['__proto__', 'toJSON', 'commit', 'save', 'regenerate', 'manuallyCommit', 'isNew', 'length'];
    const REFUSED_TOO = [
      'populated',
      'externalKey',
      'maxAge',
      '_ctx',
      '_expire',
      '_maxAge',
      '_session',
      '_requireSave',
    ];
    for (const name of [...REFUSED, ...REFUSED_TOO])
      it(`that the session's object needs are refused by name: ${name}`, () =>
        server().trial({ handlers: ['put'], errors: 1 }, async (client) => {
          const { status, headers } = await ask(client, `/put/${name}/x`);
          expect([status, headers['set-cookie']]).to.deep.equal([500, undefined]);
          expect((await server().report()).errors[0]?.text).to.include(`under the name '${name}'`);
          expect(await records()).to.deep.equal({});
        }));

    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'then', 'inspect', '0', '%20'])
      it(`that mean something elsewhere are values: ${name}`, () =>
        server().trial({ handlers: ['put', 'take'] }, async (client) => {
          const id = idOf(await ask(client, `/put/${name}/x`));
          expect(text(await ask(client, `/take/${name}`, id))).to.equal('200 {"value":"x"}');
        }));
  });

  describe('sub-apps of koa-mount', () => {
    const MOUNTS = [
      ['', 'session_id'],
      ['/sub/one', 'one'],
      ['/sub/two', 'two'],
      ['/sub/too', 'two'],
    ] as const;

    for (const order of permutations([0, 1, 2, 3]))
      it(`answer the same asked in the order ${order.join(' ')}`, async () => {
        // Which was asked first is only new in a process that was not asked yet.
        const fresh = await TortureServer.start(new URL('./support/apps/sessions.ts', import.meta.url));
        try {
          await fresh.trial({ handlers: [...Array(4).fill('put'), ...Array(4).fill('take')] }, async (client) => {
            const cookies = new Map<string, string>();
            for (const index of order) {
              const [path, name] = MOUNTS[index] ?? ['', ''];
              const cookie = cookies.get(name);
              const put = await client.exchange(get(`${path}/put/a/${name}`, cookie ? `Cookie: ${cookie}\r\n` : ''));
              const value = (put.headers['set-cookie'] ?? cookie ?? '').split(';')[0] ?? '';
              expect([put.status, value.split('=')[0]]).to.deep.equal([200, name]);
              cookies.set(name, value);
            }
            const all = [...cookies.values()].join('; ');
            for (const [path, name] of MOUNTS)
              expect(text(await client.exchange(get(`${path}/take/a`, `Cookie: ${all}\r\n`)))).to.equal(
                `200 {"value":"${name}"}`,
              );
          });
        } finally {
          await fresh.stop();
        }
      });
  });

  describe('sessions in memory', () => {
    const askMemory = (client: RawClient, path: string, id?: string) =>
      client.exchange(get(`/memory${path}`, id === undefined ? '' : `Cookie: memory=${id}\r\n`));
    const memoryId = ({ headers }: RawResponse) => /^memory=([\w-]{43})/.exec(headers['set-cookie'] ?? '')?.[1] ?? '';

    it('keep those logged in through 100,000 new visitors', async function () {
      this.timeout(180_000);
      const clients = await Promise.all(Array.from({ length: 20 }, () => server().connect()));
      const [client] = clients;
      if (!client) throw new Error('There is no client');
      const before = await server().begin();
      const id = memoryId(await askMemory(client, '/put/user/ada'));
      await askMemory(client, '/take/user', id);
      await Promise.all(
        clients.map(async (one) => {
          for (let n = 0; n < 5_000; n += 1) await askMemory(one, '/put/a/1');
        }),
      );
      expect(text(await askMemory(client, '/take/user', id))).to.equal('200 {"value":"ada"}');
      const { memory } = await server().report();
      expect((memory - before.memory) / 2 ** 20, 'MiB').to.be.below(250);
      for (const one of clients) one.socket.destroy();
    });

    it('of 1 MiB each, 500 of them, stay within bounds', async function () {
      this.timeout(180_000);
      const before = await server().begin();
      const client = await server().connect();
      const id = memoryId(await askMemory(client, '/put/user/ada'));
      await askMemory(client, '/take/user', id);
      let last = '';
      for (let n = 0; n < 500; n += 1) last = memoryId(await askMemory(client, '/large/a'));
      expect(text(await askMemory(client, '/take/user', id))).to.equal('200 {"value":"ada"}');
      expect((await askMemory(client, '/take/a', last)).body.length).to.be.above(1_040_000);
      const { memory } = await server().report();
      expect((memory - before.memory) / 2 ** 20, 'MiB').to.be.below(350);
      client.socket.destroy();
    });

    it('of more than 1 MiB are a clear error, and stay what they were', () =>
      server().trial({ handlers: ['large', 'large', 'take'], errors: 1 }, async (client) => {
        const id = memoryId(await askMemory(client, '/large/a'));
        expect((await askMemory(client, '/large/b', id)).status).to.equal(500);
        expect((await server().report()).errors[0]?.text).to.include('keep large values elsewhere');
        expect(text(await askMemory(client, '/take/b', id))).to.equal('200 {"value":null}');
      }));
  });
});

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}
