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

  private constructor(redisPort: number) {
    const file = fileURLToPath(new URL('redis-process.ts', import.meta.url));
    this.process = spawn(process.execPath, ['--import', 'tsx', file, `redis://127.0.0.1:${redisPort}`], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Without the settings of the process that runs the specs, such as for coverage.
      env: { PATH: process.env['PATH'] },
    });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (data) => {
        this.output += data;
      });
  }

  static async start(redisPort: number): Promise<ServerProcess> {
    const server = new ServerProcess(redisPort);
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

describe('Sessions in Redis', () => {
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
    servers = await Promise.all([ServerProcess.start(port), ServerProcess.start(port)]);
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
