import type { IncomingMessage } from 'node:http';
import { Server } from 'socket.io';
import type { Serving } from '../../lib/index.js';
import { tally } from './tally.js';

/** Has Socket.IO listen to a server that is serving a controller. It is told to end when the service closes. */
export function attachSocketIo({ server, signal }: Pick<Serving, 'server' | 'signal'>, shared = tally): Server {
  const io = new Server(server, {
    // Socket.IO would end the handshakes of others, here of the controller's sockets, that take longer than a second.
    destroyUpgrade: false,
    // Any page on the web may open a socket, with the visitor's cookies; Socket.IO lets it, unlike a controller.
    allowRequest: (request, answer) => answer(null, isOfThisOrigin(request)),
  });
  io.on('connection', (socket) => {
    socket.emit('count', shared.count);
    socket.on('add', (answer: unknown) => {
      const count = shared.add();
      // Whether there is a function to answer by is the client's choice.
      if (typeof answer === 'function') answer(count);
    });
  });
  broadcast(io, shared, signal);
  // A socket is no request that ends by itself: the service would wait for it until its deadline.
  signal.addEventListener('abort', () => io.disconnectSockets(true), { once: true });
  return io;
}

async function broadcast(io: Server, shared: typeof tally, signal: AbortSignal): Promise<void> {
  for await (const { data } of shared.changes.subscribe({ signal })) io.emit('count', data);
}

/** A program sends no Origin. */
function isOfThisOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}
