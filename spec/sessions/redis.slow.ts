import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import request from 'supertest';
import { cookieHeader, cookiesSetBy } from '../support/sessions.js';
import { RedisServer } from './redis-server.js';

/** A process with a server that keeps its sessions in Redis, and what it wrote to its console. */
class ServerProcess {
  readonly process: ChildProcess;
  output = '';
  #url = '';

  private constructor(redisPort: number, kind: string) {
    const file = fileURLToPath(new URL('redis-process.ts', import.meta.url));
    this.process = spawn(process.execPath, ['--import', 'tsx', file, `redis://127.0.0.1:${redisPort}`, kind], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Without the settings of the process that runs the specs, such as for coverage.
      env: { PATH: process.env['PATH'] },
    });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (data) => {
        this.output += data;
      });
  }

  static async start(redisPort: number, kind: string): Promise<ServerProcess> {
    const server = new ServerProcess(redisPort, kind);
    const [{ port }] = await once(server.process, 'message');
    server.#url = `http://127.0.0.1:${port}`;
    return server;
  }

  async get(path: string, cookie = '') {
    return request(this.#url).get(path).set('Cookie', cookie);
  }

  isAlive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }
}

for (const kind of ['redis', 'keyv'])
  describe(`Sessions in Redis, by ${kind}`, () => {
    let redis: RedisServer | undefined;
    let servers: ServerProcess[] = [];

    before(async function () {
      this.timeout(20_000);
      redis = await RedisServer.start();
      if (!redis) {
        console.warn('    redis-server is not installed: what is said of sessions in Redis is not checked');
        this.skip();
      }
      const { port } = redis;
      servers = await Promise.all([ServerProcess.start(port, kind), ServerProcess.start(port, kind)]);
    });

    after(async () => {
      for (const server of servers) server.process.kill();
      await redis?.kill();
    });

    function both(): [RedisServer, ServerProcess, ServerProcess] {
      const [one, two] = servers;
      if (redis && one && two) return [redis, one, two];
      throw new Error('The servers are not there');
    }

    /** Ends at the latest with the time of the test. */
    async function recovered(server: ServerProcess, cookie: string): Promise<void> {
      while ((await server.get('/take/user', cookie)).status !== 200);
    }

    it('are shared by two processes', async () => {
      const [, one, two] = both();
      const put = await one.get('/put/user/ada');
      const cookie = cookieHeader(put);
      expect((await two.get('/take/user', cookie)).body).to.deep.equal({ value: 'ada' });
      await two.get('/put/city/Rome', cookie);
      expect((await one.get('/take/city', cookie)).body).to.deep.equal({ value: 'Rome' });
      expect(cookiesSetBy(await two.get('/end', cookie))[0]).to.match(/^session_id=;/);
      expect((await one.get('/take/user', cookie)).body).to.deep.equal({ value: null });
    });

    for (const name of ['constructor', 'hasOwnProperty', 'toString', ':x', ' '])
      it(`hold a value under the name ${JSON.stringify(name)} as sessions in memory do`, async () => {
        const [, one, two] = both();
        const cookie = cookieHeader(await one.get('/put/a/:1'));
        await one.get(`/put/${encodeURIComponent(name)}/:1`, cookie);
        expect((await two.get('/take/a', cookie)).body).to.deep.equal({ value: ':1' });
        expect((await two.get(`/take/${encodeURIComponent(name)}`, cookie)).body).to.deep.equal({ value: ':1' });
      });

    const rounds = kind === 'redis' ? 200 : 50;
    it(`stay ended, however slow the writers in the other process are: ${rounds} rounds`, async function () {
      this.timeout(60_000);
      const [, one, two] = both();
      let revived = 0;
      for (let round = 0; round < rounds; round += 1) {
        const cookie = cookieHeader(await one.get('/put/user/ada'));
        const writers = [0, 2, 4].map((ms) => two.get(`/late/n${ms}/${ms}`, cookie));
        await new Promise((resolve) => setTimeout(resolve, round % 6));
        const [ended, ...written] = await Promise.all([one.get('/end', cookie), ...writers]);
        expect([ended, ...written].map(({ status }) => status)).to.deep.equal([200, 200, 200, 200]);
        const takes = ['user', 'n0', 'n2', 'n4'].map((name, n) => (n % 2 ? one : two).get(`/take/${name}`, cookie));
        revived += (await Promise.all(takes)).filter(({ body }) => body.value !== null).length;
      }
      expect(revived).to.equal(0);
    });

    it('are not logged in by a regenerate() in one process after an end in the other: 20 rounds', async function () {
      this.timeout(60_000);
      const [, one, two] = both();
      for (let round = 0; round < 20; round += 1) {
        const old = cookieHeader(await one.get('/put/cart/1'));
        const login = two.get('/login/ada/40', old);
        await new Promise((resolve) => setTimeout(resolve, round % 8));
        await one.get('/end', old);
        const cookies = cookieHeader(await login);
        // The end was first where the login had it loaded before, and else the login had a new session.
        if (cookies) expect((await one.get('/take/cart', cookies)).body).to.deep.equal({ value: null });
        expect((await one.get('/take/user', old)).body).to.deep.equal({ value: null });
      }
    });

    it('get a new identifier by regenerate(), before and after data are stored, for both processes', async () => {
      const [, one, two] = both();
      const first = cookieHeader(await one.get('/login/ada'));
      expect((await two.get('/take/user', first)).body).to.deep.equal({ value: 'ada' });
      await two.get('/put/cart/1', first);
      const second = cookieHeader(await two.get('/login/eve', first));
      expect(second)
        .to.match(/^session_id=[\w-]{43}$/)
        .and.not.equal(first);
      for (const [name, value] of Object.entries({ user: 'eve', cart: '1' }))
        expect((await one.get(`/take/${name}`, second)).body).to.deep.equal({ value });
      expect((await one.get('/take/user', first)).body).to.deep.equal({ value: null });
    });

    if (kind === 'redis')
      it('lose none of 100 parallel writes to different members in two processes', async function () {
        this.timeout(20_000);
        const [, one, two] = both();
        const cookie = cookieHeader(await one.get('/put/a/1'));
        const names = Array.from({ length: 100 }, (_, n) => `n${n}`);
        await Promise.all(names.map((name, n) => (n % 2 ? one : two).get(`/late/${name}/20`, cookie)));
        const values = await Promise.all(
          names.map(async (name) => (await one.get(`/take/${name}`, cookie)).body.value),
        );
        expect(values).to.deep.equal(names.map(() => 'late'));
      });

    it('are 503 while Redis is down, and there again when it is, without a restart', async function () {
      this.timeout(15_000);
      const [server, one, two] = both();
      const cookie = cookieHeader(await one.get('/put/user/ada'));
      const waiting = once(one.process, 'message');
      const during = one.get('/wait/on', cookie);
      await waiting;
      await server.kill();
      one.process.send('go on');
      const start = performance.now();
      const down = await Promise.all([
        during,
        one.get('/take/user', cookie),
        two.get('/put/user/eve'),
        two.get('/end', cookie),
      ]);
      expect(performance.now() - start).to.be.below(2500);
      expect(down.map((response) => [response.status, response.text, cookiesSetBy(response)])).to.deep.equal(
        Array(4).fill([503, 'Service Unavailable', []]),
      );
      expect((await one.get('/plain')).status).to.equal(200);
      await server.start();
      for (const process of [one, two]) await recovered(process, cookie);
      const again = await one.get('/put/user/ada');
      expect((await two.get('/take/user', cookieHeader(again))).body).to.deep.equal({ value: 'ada' });
      expect([one.isAlive(), two.isAlive()]).to.deep.equal([true, true]);
      expect([one.output, two.output]).to.deep.equal(['', '']);
    });
  });
