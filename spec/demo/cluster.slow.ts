import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { RedisServer } from '../sessions/redis-server.js';
import { type DemoServer, withDemoServer } from '../support/demo-server.js';
import { eventually } from '../support/socket.js';
import { tour } from '../support/tour.js';

const SERVER = 'demo/cluster/server.ts';
// What it may take to start two workers anew, in milliseconds.
const RESTART = 60_000;

/** Asks the workers on connections that are kept, and never twice for the same, as browsers may. */
class Asking {
  readonly workers = new Map<string, number>();
  readonly failures: string[] = [];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #loops: Promise<void>[];
  #isOver = false;

  constructor(address: string, connections: number) {
    this.#loops = Array.from({ length: connections }, () => this.#keepAsking(address));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }

  async #keepAsking(address: string): Promise<void> {
    while (!this.#isOver)
      try {
        const { worker } = JSON.parse(await post(`${address}/cluster/ask`, this.#agent));
        this.workers.set(worker, (this.workers.get(worker) ?? 0) + 1);
      } catch (error) {
        this.failures.push(String(error));
      }
  }
}

/** @throws Error when the connection breaks, or for any status but 200. */
function post(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', agent }, async (answer) => {
      const body = await text(answer).catch(reject);
      if (answer.statusCode === 200 && body) resolve(body);
      else reject(new Error(`${answer.statusCode} ${body}`));
    });
    asked.on('error', reject).end();
  });
}

function restart(address: string): Promise<Response> {
  return fetch(`${address}/cluster/restart`, { method: 'POST', redirect: 'manual' });
}

/** Opens the page as one visitor: the worker that answered, and how often the page was opened. */
function visitor(address: string) {
  let cookie = '';
  return async () => {
    const answer = await fetch(`${address}/cluster`, { headers: { Cookie: cookie, Connection: 'close' } });
    [cookie = cookie] = answer.headers.getSetCookie().map((one) => one.replace(/;.*/, ''));
    const page = await answer.text();
    const [, worker = ''] = /id="worker">([^<]*)/.exec(page) ?? [];
    const [, visits] = /id="visits">(\d+)/.exec(page) ?? [];
    return { worker, visits: Number(visits) };
  };
}

describe('demo: cluster', function () {
  this.timeout(120_000);

  it('says in the tour, which is one process, how to start it', async () => {
    const { text } = await tour().get('/cluster');
    expect(text).to.contain('the only process').and.contain(SERVER).and.not.contain('<form');
    expect((await tour().post('/cluster/restart')).status).to.equal(409);
  });

  it('restarts nothing by a link', async () => {
    expect((await tour().get('/cluster/restart')).status).to.equal(405);
  });

  it('loses no request of many while each worker is replaced', () =>
    withDemoServer(
      { PORT: '0' },
      async ({ address, stop }: DemoServer) => {
        const asking = new Asking(address, 8);
        try {
          await eventually(() => asking.workers.size === 2, 'both workers answer');
          expect((await restart(address)).headers.get('location')).to.equal('/cluster');
          // While one restart is under way, another one is none.
          await restart(address);
          await eventually(() => asking.workers.size === 4, 'both are replaced', RESTART);
          // The last of the old ones closes still.
          await sleep(1000);
        } finally {
          await asking.end();
        }
        expect(asking.failures).to.deep.equal([]);
        expect([...asking.workers.keys()].sort()).to.deep.equal(['worker 1', 'worker 2', 'worker 3', 'worker 4']);
        expect(await stop()).to.equal(0);
      },
      SERVER,
    ));

  it('keeps sessions over workers and restarts where REDIS_URL is set', async function () {
    const redis = await RedisServer.start();
    if (!redis) return this.skip();
    const env = { PORT: '0', REDIS_URL: `redis://127.0.0.1:${redis.port}` };
    const useIt = async ({ address }: DemoServer) => {
      const visit = visitor(address);
      const visits = [await visit(), await visit(), await visit()];
      await restart(address);
      await eventually(
        async () => {
          visits.push(await visit());
          return visits.at(-1)?.worker === 'worker 4';
        },
        'the last worker answers',
        RESTART,
      );
      expect(visits.map((one) => one.visits)).to.deep.equal(visits.map((_one, index) => index + 1));
      expect(new Set(visits.map(({ worker }) => worker))).to.include.keys('worker 1', 'worker 2', 'worker 4');
    };
    try {
      await withDemoServer(env, useIt, SERVER);
    } finally {
      await redis.kill();
    }
  });

  it('ends where a port is taken, and says so', () =>
    withDemoServer(
      { PORT: '0' },
      async ({ address }) => {
        const env = { PORT: new URL(address).port };
        const problem = await withDemoServer(env, async () => undefined, SERVER).catch(String);
        expect(problem).to.contain('is taken').and.contain('A worker ended before it listened');
      },
      SERVER,
    ));
});
