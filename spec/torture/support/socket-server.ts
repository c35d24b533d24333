import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import { micropie, type Socket, serve } from '../../../lib/index.js';

/** A server of its own process, which tells its port, and on demand what it holds. */
let running = 0;
let begun = 0;
const failures: string[] = [];

class Root {
  async ws_echo(socket: Socket, name = '') {
    begun += 1;
    running += 1;
    try {
      for await (const message of socket) await socket.send(name === '' ? message : name);
    } finally {
      running -= 1;
    }
  }

  alive() {
    return 'yes';
  }
}

for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (thrown) => failures.push(String(thrown?.stack ?? thrown)));
const app = new Koa().use(micropie(Root, { websocket: { maxPayload: 1000 } }));
app.on('error', (error) => {
  // Refusals are the client's own fault.
  if (!(error?.status < 500)) failures.push(String(error?.stack ?? error));
});
const service = await serve(app, { port: 0, host: '127.0.0.1' });

process.on('message', async (what) => {
  if (what === 'close') return void service.close().then(() => process.exit());
  for (let n = 0; n < 5; n++) {
    await sleep(50);
    globalThis.gc?.();
  }
  process.send?.({ heap: process.memoryUsage().heapUsed, running, begun, failures });
});
process.once('disconnect', () => process.exit());
process.send?.({ url: service.url });
