import { type Serving, serve } from '../lib/index.js';
import { routeTable } from './route-table.js';
import { attachSocketIo } from './socketio/socket-io.js';
import { createDemos, createTour } from './tour.js';

const demos = createDemos(console.log);
const app = createTour(demos);
const service = await start(process.env.PORT || undefined);
const { url } = service;
attachSocketIo(service);

console.log(`${routeTable(demos)}\n`);
for (const { links, about } of demos) console.log(`${url}${links[0]}  ${about}`);
console.log(`\nOpen ${url}`);

/** A port that was asked for is taken or fails; the usual one makes way. */
async function start(port: string | undefined): Promise<Serving> {
  try {
    return await listen(Number(port ?? 3000));
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isTaken || port !== undefined) throw error;
    return listen(0);
  }
}

function listen(port: number): Promise<Serving> {
  return serve(app, { port, host: '127.0.0.1', signals: ['SIGINT', 'SIGTERM'] });
}
