import cluster from 'node:cluster';
import { once } from 'node:events';
import Koa from 'koa';
import { createClient } from 'redis';
import { serve } from '../../lib/index.js';
import { home } from '../home/index.js';
import { live } from '../live/index.js';
import { clusterDemo } from './index.js';
import { Workers } from './workers.js';

const HOST = '127.0.0.1';
const ENTRIES = [
  {
    title: 'cluster',
    about: 'Two workers, and a restart that loses nothing.',
    actions: [{ text: 'Open', href: '/cluster' }],
  },
  {
    title: 'live',
    about: 'A count by server-sent events that goes on in the next worker.',
    actions: [{ text: 'Open', href: '/live' }],
  },
];

if (cluster.isPrimary) await watch(new Workers());
else await work(process.env.REDIS_URL || undefined);

/** The primary process takes no requests: it starts workers, and replaces them when one of them asks for it. */
async function watch(workers: Workers): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, async () => {
      await workers.stop();
      process.exit();
    });
  cluster.on('message', (_worker, message) => {
    if (message === 'restart') workers.replaceAll();
  });
  const listening = once(cluster, 'listening');
  await workers.start(2);
  const [, { port }] = await listening;
  console.log(`Open http://${HOST}:${port}`);
}

/** A worker is an ordinary service. That `serve` leaves the cluster as well needs no setting. */
async function work(redisUrl: string | undefined): Promise<void> {
  // A terminal sends Ctrl-C to all processes; the primary passes it on, and a second signal would end this at once.
  process.on('SIGINT', () => {});
  const redis = redisUrl === undefined ? undefined : createClient({ url: redisUrl });
  const app = new Koa();
  app.use(clusterDemo(redis));
  app.use(live());
  app.use(home(ENTRIES));
  await serve(app, {
    host: HOST,
    port: Number(process.env.PORT || 3000),
    signals: ['SIGTERM'],
    shutdownHandlers: [() => redis?.isOpen && redis.close()],
  });
}
