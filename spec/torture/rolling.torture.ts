import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type BuildOptions, build } from 'esbuild';

const CONNECTIONS = 100;
const SECONDS = 20;
const RESTARTS = 10;
// All in one file, without a compiler, so that a worker starts in a moment.
const BUNDLE: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ['ejs', 'ws'],
  // lib has a createRequire of its own.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
};

describe('a service of two workers', () => {
  let folder: string;
  let service: ChildProcess;
  const codes: number[] = [];
  let port = 0;

  before(async function () {
    this.timeout(30_000);
    folder = await mkdtemp(join(tmpdir(), 'koa-micropie-'));
    const outfile = join(folder, 'rolling.mjs');
    await build({ ...BUNDLE, entryPoints: [fileURLToPath(new URL('./support/rolling.ts', import.meta.url))], outfile });
    port = await freePort();
    const env = { ...process.env, ROLLING_PORT: String(port) };
    service = fork(outfile, { execArgv: [], env });
    await once(service, 'message');
    service.on('message', (message: { code?: number }) => {
      if (message.code !== undefined) codes.push(message.code);
    });
  });

  after(async () => {
    if (service.exitCode === null) {
      service.send('stop');
      await once(service, 'exit');
    }
    await rm(folder, { recursive: true });
  });

  it(`is restarted ${RESTARTS} times and more within some ${SECONDS} s, and ${CONNECTIONS} connections lose nothing`, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const start = performance.now();
    // A machine that has other work gets the time that it needs.
    const isOver = () => performance.now() - start > (codes.length < RESTARTS ? 3 : 1) * SECONDS * 1000;
    const failures: string[] = [];
    const processes = new Set<string>();
    let answered = 0;
    const ask = async () => {
      while (!isOver())
        try {
          processes.add(await answerOf(agent, port));
          answered += 1;
        } catch (error) {
          failures.push(String(error));
        }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, ask));
    agent.destroy();
    console.log(
      `      ${codes.length} restarts, ${answered} answers of ${processes.size} processes, ${failures.length} failed`,
    );
    expect(failures).to.deep.equal([]);
    expect(codes.filter((code) => code !== 0)).to.deep.equal([]);
    expect(codes.length).to.be.at.least(RESTARTS);
    expect(processes.size).to.be.at.least(RESTARTS);
  }).timeout(4 * SECONDS * 1000);
});

/** @throws Error when the connection breaks, or for any status but 200. */
function answerOf(agent: Agent, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ agent, port, host: '127.0.0.1' }, async (response) => {
      const body = await text(response).catch(reject);
      if (response.statusCode === 200 && body) resolve(body);
      else reject(new Error(`${response.statusCode} ${body}`));
    });
    request.on('error', reject);
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address === 'object' && address) return address.port;
  throw new Error('There is no free port');
}
