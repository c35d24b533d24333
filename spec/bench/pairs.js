/** Two servers of one kind beside each other, each with its clients in a process of its own; their rounds alternate. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export const PAIRS = 7;

/** The heap that is in use when all garbage is gone, in bytes; it needs `--expose-gc`. */
export async function heap() {
  for (let n = 0; n < 5; n++) {
    await sleep(50);
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}

function start(script, ...args) {
  const child = fork(script, args, { execArgv: ['--expose-gc'] });
  const ask = async (message) => {
    child.send(message);
    return (await once(child, 'message'))[0].answer;
  };
  return once(child, 'message').then(([{ answer }]) => ({ answer, ask, end: () => child.kill() }));
}

/** Starts the script as server and as clients of each side, has the clients connect, and ends all behind `use`. */
export async function withPair(script, sides, count, use) {
  const pairs = {};
  for (const side of sides) {
    const server = await start(script, 'server', side);
    const clients = await start(script, 'clients', String(server.answer));
    const before = await server.ask({ ask: 'heap' });
    await clients.ask({ ask: 'connect', count });
    pairs[side] = { server, clients, before };
  }
  try {
    return await use(pairs);
  } finally {
    for (const { server, clients } of Object.values(pairs)) {
      clients.end();
      server.end();
    }
  }
}

/** What is measured of each side, in pairs. */
export async function inPairs(sides, run) {
  const pairs = [];
  for (const side of [...sides, ...sides]) await run(side);
  for (let n = 0; n < PAIRS; n++) {
    const pair = {};
    for (const side of n % 2 ? sides : [...sides].reverse()) pair[side] = await run(side);
    pairs.push(pair);
  }
  return pairs;
}

/** Microseconds of processor time of a server for each message; other processes do not show in it. */
export async function perMessage(server, run) {
  const before = await server.ask({ ask: 'cpu' });
  const count = await run();
  return ((await server.ask({ ask: 'cpu' })) - before) / count;
}

/** KiB of heap that each of the clients takes on its server. */
export async function heapOfEach({ server, before }, count) {
  return ((await server.ask({ ask: 'heap' })) - before) / count / 1024;
}

export function report(what, [raw, own], pairs, goal) {
  const medianOf = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const [base, ours] = [raw, own].map((side) => medianOf(pairs.map((pair) => pair[side])).toFixed(1));
  const ratio = medianOf(pairs.map((pair) => pair[raw] / pair[own])).toFixed(3);
  console.log(`${what}: ${raw} ${base} µs a message, ${own} ${ours}; rate ${ratio} of ${raw} (goal ${goal})`);
}
