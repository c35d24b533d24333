import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import { serve } from '../../lib/index.js';

/** A service in a process of its own, or in a worker of it, as its arguments say; it prints what happens. */
const features = new Set(process.argv.slice(2));
const tell = (text: string) => process.stdout.write(`${text}\n`);
const hang = () => new Promise(() => setInterval(() => {}, 1000));

async function start(name: string): Promise<void> {
  const app = new Koa().use(async (ctx) => {
    tell('asked');
    await sleep(200);
    ctx.body = name;
  });
  const { url } = await serve(app, {
    port: 0,
    host: '127.0.0.1',
    signals: ['SIGTERM', 'SIGINT'],
    deadline: 1000,
    startupHandlers: features.has('slow') ? [() => tell('starting'), () => sleep(200), () => tell('never')] : [],
    shutdownHandlers: [
      () => tell(`${name} closed`),
      function closeDatabase() {
        if (features.has('hang')) tell('hangs');
        return features.has('hang') ? hang() : undefined;
      },
    ],
  });
  tell(url);
}

if (features.has('cluster') && cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on('online', () => tell(`worker ${worker.process.pid}`));
  worker.on('exit', (code) => {
    tell(`worker left ${worker.exitedAfterDisconnect} ${code}`);
    process.exit();
  });
} else {
  await start('one');
  if (features.has('two')) await start('two');
}
