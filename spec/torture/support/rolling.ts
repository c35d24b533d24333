import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import { Controller, micropie, serve } from '../../../lib/index.js';

/** A service of two workers, each of which is replaced as soon as the next can be. Tells its parent how they ended. */
class Root extends Controller {
  async index() {
    await sleep(20);
    return String(process.pid);
  }
}

/** Has one worker after another take the place of the one before, which ends while the next one starts. */
async function keepReplacing(): Promise<void> {
  for (let worker = await fork(); ; ) {
    const next = await fork();
    worker.once('exit', (code) => process.send?.({ code }));
    worker.process.kill('SIGTERM');
    worker = next;
  }
}

async function fork(): Promise<Worker> {
  const worker = cluster.fork();
  await once(worker, 'listening');
  process.send?.('listening');
  return worker;
}

if (cluster.isPrimary) {
  process.once('message', () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
    process.exit();
  });
  await Promise.all([keepReplacing(), keepReplacing()]);
} else {
  const app = new Koa();
  app.use(micropie(Root));
  await serve(app, { port: Number(process.env['ROLLING_PORT']), host: '127.0.0.1', signals: ['SIGTERM'] });
}
