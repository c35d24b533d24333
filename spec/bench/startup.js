import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, printTable } from './statistics.js';

const run = promisify(execFile);
const cwd = fileURLToPath(new URL('.', import.meta.url));

const PROGRAMS = {
  'koa alone': `await import('koa');`,
  'koa and koa-micropie': `await import('koa'); await import('../../dist/index.js');`,
  'the same, and micropie(Root)': `await import('koa'); const { micropie } = await import('../../dist/index.js'); micropie(class { greet(name = 'Guest') { return name; } });`,
  'koa and @koa/router': `await import('koa'); await import('@koa/router');`,
  'koa, @koa/router, @koa/bodyparser and koa-session': `await import('koa'); await import('@koa/router'); await import('@koa/bodyparser'); await import('koa-session');`,
  express: `await import('express');`,
  fastify: `await import('fastify');`,
};

/** Whole processes, in turn: from their start until all is imported. */
export async function measureStartUp({ node, rounds }) {
  const times = new Map(Object.keys(PROGRAMS).map((name) => [name, []]));
  for (let round = 0; round < rounds * 2; round += 1)
    for (const [name, program] of Object.entries(PROGRAMS)) {
      const code = `const start = performance.now(); ${program} console.log(performance.now() - start);`;
      const { stdout } = await run('taskset', ['-c', '0', node, '--input-type=module', '-e', code], { cwd });
      times.get(name).push(Number(stdout));
    }
  const base = median(times.get('koa alone'));
  printTable(
    'start-up',
    [...times].map(([program, values]) => ({
      program,
      'import, ms': median(values).toFixed(1),
      'more than koa, ms': (median(values) - base).toFixed(1),
    })),
  );
}
