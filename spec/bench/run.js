/**
 * Measures the library and its peers side by side: `node run.js [--full] [--node 24] [--rounds 5] [--seconds 2]
 * [--only greet,form] [--peers koa,fastify]`. Prints tables of ratios to Koa by hand. Without `--full` it is what a
 * change may move, in ten minutes.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { measureLoad, measureRoutes, measureServe } from './load.js';
import { measureMemory } from './memory.js';
import { startRedis } from './redis.js';
import { hasMicroPie } from './server.js';
import { measureStartUp } from './startup.js';
import { measureUploads } from './uploads.js';
import { WORKS } from './work.js';

const SHORT = { works: 'greet,json,validated,session,stream,startup', peers: 'micropie,micropie-controller' };
const FULL = {
  works: [...Object.keys(WORKS), 'serve', 'upload', 'startup', 'memory'].join(','),
  peers: 'koa,micropie,micropie-controller,koa-router,routing-controllers,express,fastify,hono,node,micropie-python',
};

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    node: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string' },
    peers: { type: 'string' },
  },
});

const extent = values.full ? FULL : SHORT;
const node = values.node
  ? execFileSync('npx', ['-y', '-p', `node@${values.node}`, 'node', '-p', 'process.execPath'], {
      encoding: 'utf8',
    }).trim()
  : process.execPath;
const settings = {
  node,
  rounds: Number(values.rounds ?? (values.full ? 5 : 3)),
  seconds: Number(values.seconds),
  peers: (values.peers ?? extent.peers).split(',').filter((peer) => peer !== 'micropie-python' || hasMicroPie()),
};
const chosen = new Set((values.only ?? extent.works).split(','));

const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
console.log(
  `Node ${version}, ${cpus()[0].model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
);
console.log(`${new Date().toISOString().slice(0, 10)}, ${settings.rounds} rounds of ${settings.seconds} s\n`);

if (values.full && !hasMicroPie()) console.log('Without MicroPie on uvicorn: `python3` (or $PYTHON) has not both.\n');
const poll = '/sys/module/haltpoll/parameters/guest_halt_poll_ns';
if (existsSync(poll) && Number(readFileSync(poll)) === 0)
  console.log(`A virtual machine of which an idle core halts: figures are steadier after "echo 2000000 > ${poll}".\n`);

const endRedis = chosen.has('redis') ? await startRedis() : undefined;
for (const work of Object.keys(WORKS)) if (chosen.has(work)) await measureLoad(work, settings);
endRedis?.();
if (chosen.has('serve')) await measureServe(settings);
if (chosen.has('routes')) await measureRoutes(settings);
// Before the uploads, behind which it once took 17 ms longer.
if (chosen.has('startup')) await measureStartUp(settings);
if (chosen.has('upload')) await measureUploads(settings);
if (chosen.has('memory')) await measureMemory(settings);
