import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { routeTable } from './route-table.js';
import { createDemos, createTour } from './tour.js';

const HOST = '127.0.0.1';
const USUAL_PORT = 3000;

const demos = createDemos(console.log);
const server = createServer(createTour(demos).callback());
await listen(server, process.env.PORT || undefined);
const address = addressOf(server);

console.log(`${routeTable(demos)}\n`);
for (const { links, about } of demos) console.log(`${address}${links[0]}  ${about}`);
console.log(`\nOpen ${address}`);

// An orderly end, so that temporary files go.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit());

/** A port that was asked for is taken or fails; the usual one makes way. */
async function listen(server: Server, port: string | undefined): Promise<void> {
  try {
    await once(server.listen(Number(port ?? USUAL_PORT), HOST), 'listening');
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isTaken || port !== undefined) throw error;
    await once(server.listen(0, HOST), 'listening');
  }
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return `http://${HOST}:${address.port}`;
}
