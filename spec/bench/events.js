/**
 * Server-sent events beside `res.write` by hand: `node --expose-gc spec/bench/events.js`, behind `npm run build`.
 *
 * Each side has a process of its own, with its clients in another; a figure is the median of the pairs' ratios.
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Koa from 'koa';
import { channel, micropie, serve, sse } from '../../dist/index.js';
import { heap, heapOfEach, inPairs, PAIRS, perMessage, report, withPair } from './pairs.js';

const AUDIENCE = 1000;
const IDLE = 10_000;
const ROUNDS = 50;
const SIDES = ['by hand', 'micropie'];
const TEXT = 'x'.repeat(100);

const script = fileURLToPath(import.meta.url);
const [, , role, argument] = process.argv;
const roles = { server: runServer, clients: runClients };
await (roles[role] ?? measure)();

/** One of the sides; it tells its port, then its heap or processor time, or sends events to all, when it is asked. */
async function runServer() {
  const { port, send } = await { 'by hand': serveByHand, micropie: serveMicropie }[argument]();
  process.on('message', async ({ ask, count }) => {
    if (ask === 'broadcast') {
      for (let n = 0; n < count; n++) {
        send(TEXT);
        await sleep(5);
      }
      process.send({ answer: count });
    } else if (ask === 'cpu') {
      const { user, system } = process.cpuUsage();
      process.send({ answer: user + system });
    } else process.send({ answer: await heap() });
  });
  process.send({ answer: port });
}

async function serveByHand() {
  const clients = new Set();
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
    res.write(':\n\n');
    clients.add(res);
    res.once('close', () => clients.delete(res));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  let id = 0;
  const send = (text) => {
    id += 1;
    for (const client of clients) client.write(`id: ${id}\ndata: ${text}\n\n`);
  };
  return { port: server.address().port, send };
}

async function serveMicropie() {
  const news = channel();
  class Root {
    index(request) {
      return sse(news.subscribe({ signal: request.signal }));
    }
  }
  const { server } = await serve(new Koa().use(micropie(Root)), { port: 0, host: '127.0.0.1' });
  return { port: server.address().port, send: (text) => news.publish(text) };
}

/** The clients of one side: they connect, and count what comes. */
async function runClients() {
  let connected = 0;
  let received = 0;
  const connect = async () => {
    const [response] = await once(request({ host: '127.0.0.1', port: argument, agent: false }).end(), 'response');
    response.on('data', (chunk) => {
      received += chunk.toString().split('data: ').length - 1;
    });
    connected += 1;
  };
  process.on('message', async ({ ask, count }) => {
    if (ask === 'connect')
      while (connected < count) await Promise.all(Array.from({ length: Math.min(100, count - connected) }, connect));
    else {
      while (received < count) await sleep(1);
      received = 0;
    }
    process.send({ answer: count });
  });
  process.send({ answer: 0 });
}

async function measure() {
  console.log(`Node ${process.version}, server-sent events by hand beside micropie, ${PAIRS} pairs`);
  await withPair(script, SIDES, IDLE, async (pairs) => {
    for (const side of SIDES)
      console.log(
        `${IDLE} idle clients, ${side}: ${(await heapOfEach(pairs[side], IDLE)).toFixed(1)} KiB of heap each`,
      );
  });
  await withPair(script, SIDES, AUDIENCE, async (pairs) => {
    const cost = (side) =>
      perMessage(pairs[side].server, async () => {
        const { server, clients } = pairs[side];
        const heard = clients.ask({ ask: 'hear', count: ROUNDS * AUDIENCE });
        await server.ask({ ask: 'broadcast', count: ROUNDS });
        return heard;
      });
    report(`an event to ${AUDIENCE} clients`, SIDES, await inPairs(SIDES, cost), 0.9);
  });
}
