/**
 * Sockets beside raw `ws`, and channels: `node --expose-gc spec/bench/sockets.js [seconds]`, behind `npm run build`.
 *
 * The rounds of both sides alternate, each side in a process of its own with the clients in a third; a figure is the
 * median of the pairs' ratios.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Koa from 'koa';
import { WebSocket, WebSocketServer } from 'ws';
import { channel, micropie, serve } from '../../dist/index.js';
import { heap, heapOfEach, inPairs, PAIRS, perMessage, report, withPair } from './pairs.js';

const IDLE = 2000;
const ECHO_CLIENTS = 50;
const AUDIENCE = 1000;
const SUBSCRIBERS = 10_000;
const SIDES = ['ws', 'micropie'];

const script = fileURLToPath(import.meta.url);
const [, , role, seconds = '2'] = process.argv;

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

async function measure(duration) {
  console.log(`Node ${process.version}, ws beside micropie, ${PAIRS} pairs`);
  await withPair(script, SIDES, IDLE, async (pairs) => {
    const each = {};
    for (const side of SIDES) each[side] = await heapOfEach(pairs[side], IDLE);
    console.log(
      `idle socket: ws ${each.ws.toFixed(1)} KiB, micropie ${each.micropie.toFixed(1)} KiB of heap; above: ${(each.micropie - each.ws).toFixed(1)} (below 8)`,
    );
  });
  if (duration === 0) return;
  await withPair(script, SIDES, ECHO_CLIENTS, async (pairs) => {
    const cost = (side) =>
      perMessage(pairs[side].server, () => pairs[side].clients.ask({ ask: 'echo', count: duration * 1000 }));
    report('echo', SIDES, await inPairs(SIDES, cost), 0.95);
  });
  await withPair(script, SIDES, AUDIENCE, async (pairs) => {
    const rounds = 50;
    const cost = (side) =>
      perMessage(pairs[side].server, async () => {
        const { server, clients } = pairs[side];
        const heard = clients.ask({ ask: 'hear', count: rounds * AUDIENCE });
        await server.ask({ ask: 'broadcast', count: rounds });
        return heard;
      });
    report('broadcast to 1,000', SIDES, await inPairs(SIDES, cost), 0.9);
  });
  await measureChannel();
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
