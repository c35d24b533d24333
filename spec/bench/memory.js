import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServer } from './server.js';
import { printTable } from './statistics.js';

const run = promisify(execFile);
const PEERS = ['koa', 'micropie', 'micropie-controller'];
const ALLOCATION = fileURLToPath(new URL('allocation.js', import.meta.url));
const REQUESTS = 2_000_000;

/** Bytes allocated per request, and the heap after two million of them. */
export async function measureMemory({ node }) {
  const rows = [];
  for (const peer of PEERS) {
    const { stdout } = await run('taskset', [
      '-c',
      '0',
      node,
      '--expose-gc',
      // No collection may come in between.
      '--min-semi-space-size=256',
      '--max-semi-space-size=256',
      ALLOCATION,
      peer,
    ]);
    const server = await startServer(node, peer, 'greet', ['--expose-gc']);
    await load(server, 100_000);
    const before = await server.memory();
    await load(server, REQUESTS);
    const after = await server.memory();
    await server.stop();
    rows.push({
      peer,
      'bytes per request': Number(stdout).toFixed(0),
      'heap before, MiB': (before.heapUsed / 2 ** 20).toFixed(1),
      [`heap after ${REQUESTS.toLocaleString('en')} requests, MiB`]: (after.heapUsed / 2 ** 20).toFixed(1),
    });
  }
  printTable('memory', rows);
}

/** wrk counts time, not requests: it is called until enough were answered. */
async function load({ url }, requests) {
  for (let done = 0; done < requests; ) {
    const { stdout } = await run('taskset', ['-c', '1', 'wrk', '-t1', '-c64', '-d10s', `${url}/greet/Alice`]);
    done += Number(/(\d+) requests in/.exec(stdout)[1]);
  }
}
