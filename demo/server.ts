import { type Serving, serve } from '../lib/index.js';
import { routeTable } from './route-table.js';
import { createDemos, createTour } from './tour.js';

const USUAL_PORT = 3000;

const demos = createDemos(console.log);
const { url: address } = await listen(process.env.PORT || undefined);

console.log(`${routeTable(demos)}\n`);
for (const { links, about } of demos) console.log(`${address}${links[0]}  ${about}`);
console.log(`\nOpen ${address}`);

/** A port that was asked for is taken or fails; the usual one makes way. */
async function listen(port: string | undefined): Promise<Serving> {
  try {
    return await start(Number(port ?? USUAL_PORT));
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isTaken || port !== undefined) throw error;
    return start(0);
  }
}

function start(port: number): Promise<Serving> {
  return serve(createTour(demos), { port, host: '127.0.0.1', signals: ['SIGINT', 'SIGTERM'], deadline: 2000 });
}
