/**
 * Sockets beside raw `ws`, and channels: `node --expose-gc spec/bench/sockets.js [seconds]`, behind `npm run build`.
 *
 * The rounds of both sides alternate, each side in a process of its own with the clients in a third; a figure is the
 * median of the pairs' ratios.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Koa from 'koa';
import { WebSocket, WebSocketServer } from 'ws';
import { channel, micropie, serve } from '../../dist/index.js';

const IDLE = 2000;
const ECHO_CLIENTS = 50;
const AUDIENCE = 1000;
const SUBSCRIBERS = 10_000;
const PAIRS = 7;
const SIDES = ['ws', 'micropie'];

const [, script, role, seconds = '2'] = process.argv;

const roles = { server: runServer, clients: runClients };
if (roles[role]) await roles[role]();
else await measure(Number(role ?? seconds));

/** One of the sides; it tells its port, then its heap, or broadcasts, when it is asked. */
async function runServer() {
  const sockets = new Set();
  const port = await { ws: serveRaw, micropie: serveMicropie }[process.argv[3]](sockets);
  process.on('message', async ({ ask, count }) => {
    if (ask === 'broadcast') {
      const start = performance.now();
      for (let n = 0; n < count; n++) {
        for (const socket of sockets) socket.send('x'.repeat(100));
        await new Promise(setImmediate);
      }
      process.send({ answer: performance.now() - start });
    } else if (ask === 'cpu') {
      const { user, system } = process.cpuUsage();
      process.send({ answer: user + system });
    } else process.send({ answer: await heap() });
  });
  process.send({ answer: port });
}

async function heap() {
  for (let n = 0; n < 5; n++) {
    await sleep(50);
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}

async function serveRaw(sockets) {
  const server = createServer();
  const wss = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false });
  wss.on('connection', (ws) => {
    sockets.add(ws);
    ws.on('close', () => sockets.delete(ws));
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server.address().port;
}

async function serveMicropie(sockets) {
  class Root {
    async ws_index(socket) {
      sockets.add(socket);
      for await (const message of socket) socket.send(message);
      sockets.delete(socket);
    }
  }
  const { server } = await serve(new Koa().use(micropie(Root)), { port: 0, host: '127.0.0.1' });
  return server.address().port;
}

/** The clients of one side: connects, and echoes as fast as it can, or counts what comes. */
async function runClients() {
  const port = Number(process.argv[3]);
  const all = [];
  let received = 0;
  process.on('message', async ({ ask, count }) => {
    if (ask === 'connect') {
      while (all.length < count) {
        const some = Array.from(
          { length: Math.min(100, count - all.length) },
          () => new WebSocket(`ws://127.0.0.1:${port}`),
        );
        await Promise.all(some.map((ws) => once(ws, 'open')));
        for (const ws of some)
          ws.on('message', () => {
            received += 1;
          });
        all.push(...some);
      }
      process.send({ answer: all.length });
    } else if (ask === 'echo') process.send({ answer: await echo(all, count) });
    else {
      while (received < count) await sleep(1);
      received = 0;
      process.send({ answer: count });
    }
  });
  process.send({ answer: 0 });
}

async function echo(all, milliseconds) {
  const text = 'x'.repeat(100);
  let count = 0;
  const answer = function () {
    count += 1;
    this.send(text);
  };
  for (const ws of all) {
    ws.on('message', answer);
    ws.send(text);
  }
  await sleep(milliseconds);
  for (const ws of all) ws.off('message', answer);
  await sleep(100);
  return count;
}

function start(...args) {
  const child = fork(
    fileURLToPath(new URL(script.startsWith('/') ? `file://${script}` : script, import.meta.url)),
    args,
    {
      execArgv: ['--expose-gc'],
    },
  );
  const ask = async (message) => {
    child.send(message);
    return (await once(child, 'message'))[0].answer;
  };
  return once(child, 'message').then(([{ answer }]) => ({ answer, ask, end: () => child.kill() }));
}

async function withPair(count, use) {
  const pairs = {};
  for (const side of SIDES) {
    const server = await start('server', side);
    const clients = await start('clients', String(server.answer));
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

async function measure(duration) {
  console.log(`Node ${process.version}, ws beside micropie, ${PAIRS} pairs`);
  await withPair(IDLE, async (pairs) => {
    const each = {};
    for (const side of SIDES) {
      const { server, before } = pairs[side];
      each[side] = ((await server.ask({ ask: 'heap' })) - before) / IDLE / 1024;
    }
    console.log(
      `idle socket: ws ${each.ws.toFixed(1)} KiB, micropie ${each.micropie.toFixed(1)} KiB of heap; above: ${(each.micropie - each.ws).toFixed(1)} (below 8)`,
    );
  });
  if (duration === 0) return;
  await withPair(ECHO_CLIENTS, async (pairs) => {
    const cost = (side) =>
      perMessage(pairs[side].server, () => pairs[side].clients.ask({ ask: 'echo', count: duration * 1000 }));
    report('echo', await inPairs(cost), 0.95);
  });
  await withPair(AUDIENCE, async (pairs) => {
    const rounds = 50;
    const cost = (side) =>
      perMessage(pairs[side].server, async () => {
        const { server, clients } = pairs[side];
        const heard = clients.ask({ ask: 'hear', count: rounds * AUDIENCE });
        await server.ask({ ask: 'broadcast', count: rounds });
        return heard;
      });
    report('broadcast to 1,000', await inPairs(cost), 0.9);
  });
  await measureChannel();
}

async function inPairs(run) {
  const pairs = [];
  for (const side of [...SIDES, ...SIDES]) await run(side);
  for (let n = 0; n < PAIRS; n++) {
    const pair = {};
    for (const side of n % 2 ? SIDES : [...SIDES].reverse()) pair[side] = await run(side);
    pairs.push(pair);
  }
  return pairs;
}

/** Microseconds of processor time of a server for each message; other processes do not show in it. */
async function perMessage(server, run) {
  const before = await server.ask({ ask: 'cpu' });
  const count = await run();
  return ((await server.ask({ ask: 'cpu' })) - before) / count;
}

function report(what, pairs, goal) {
  const medianOf = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const [ws, own] = SIDES.map((side) => medianOf(pairs.map((pair) => pair[side])).toFixed(1));
  const ratio = medianOf(pairs.map((pair) => pair.ws / pair.micropie)).toFixed(3);
  console.log(`${what}: ws ${ws} µs a message, micropie ${own}; rate ${ratio} of raw (goal ${goal})`);
}

/** All that a publish costs, until every subscriber has got it. */
async function measureChannel() {
  const news = channel();
  const stop = new AbortController();
  let received = 0;
  const readers = Array.from({ length: SUBSCRIBERS }, async () => {
    for await (const _ of news.subscribe({ signal: stop.signal })) received += 1;
  });
  const times = [];
  for (let n = 0; n < 300; n++) {
    await new Promise(setImmediate);
    const goal = received + SUBSCRIBERS;
    const begun = performance.now();
    news.publish({ n });
    while (received < goal) await null;
    times.push(((performance.now() - begun) * 1e6) / SUBSCRIBERS);
  }
  times.sort((a, b) => a - b);
  const begun = performance.now();
  stop.abort();
  await Promise.all(readers);
  console.log(
    `channel, ${SUBSCRIBERS} subscribers: ${Math.round(times[150])} ns each (goal 400); all ended in ${(performance.now() - begun).toFixed(1)} ms`,
  );
}
