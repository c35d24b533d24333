/**
 * Measures the library and its peers side by side: `node run.js [--node 24] [--rounds 5] [--seconds 2]
 * [--only greet,form]`. Prints tables of ratios to Koa by hand.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { measureLoad, measureRoutes } from './load.js';
import { measureMemory } from './memory.js';
import { hasMicroPie } from './server.js';
import { measureStartUp } from './startup.js';
import { measureUploads } from './uploads.js';
import { WORKS } from './work.js';

const { values } = parseArgs({
  options: {
    node: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string', default: [...Object.keys(WORKS), 'upload', 'startup', 'memory'].join(',') },
    peers: {
      type: 'string',
      default:
        'koa,micropie,micropie-controller,koa-router,routing-controllers,express,fastify,hono,node,micropie-python',
    },
  },
});

const node = values.node
  ? execFileSync('npx', ['-y', '-p', `node@${values.node}`, 'node', '-p', 'process.execPath'], {
      encoding: 'utf8',
    }).trim()
  : process.execPath;
const settings = {
  node,
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  peers: values.peers.split(',').filter((peer) => peer !== 'micropie-python' || hasMicroPie()),
};
const chosen = new Set(values.only.split(','));

const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
console.log(
  `Node ${version}, ${cpus()[0].model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
);
console.log(`${new Date().toISOString().slice(0, 10)}, ${settings.rounds} rounds of ${settings.seconds} s\n`);

if (values.peers.includes('micropie-python') && !hasMicroPie())
  console.log('Without MicroPie on uvicorn: `python3` (or $PYTHON) has not both.\n');
const poll = '/sys/module/haltpoll/parameters/guest_halt_poll_ns';
if (existsSync(poll) && Number(readFileSync(poll)) === 0)
  console.log(`A virtual machine of which an idle core halts: figures are steadier after "echo 2000000 > ${poll}".\n`);

for (const work of Object.keys(WORKS)) if (chosen.has(work)) await measureLoad(work, settings);
if (chosen.has('routes')) await measureRoutes(settings);
// Before the uploads, behind which it once took 17 ms longer.
if (chosen.has('startup')) await measureStartUp(settings);
if (chosen.has('upload')) await measureUploads(settings);
if (chosen.has('memory')) await measureMemory(settings);
