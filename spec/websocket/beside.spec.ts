import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { Server as SocketIo } from 'socket.io';
import { io } from 'socket.io-client';
import { WebSocketServer } from 'ws';
import { micropie, type Socket, serve } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { open, refused } from '../support/sockets.js';

class Root {
  async ws_echo(socket: Socket) {
    for await (const message of socket) await socket.send(message);
  }
}

function attachSocketIo(server: Server) {
  const all = new SocketIo(server, { destroyUpgrade: false });
  all.on('connection', (socket) => socket.on('ask', (text, answer) => answer(`io ${text}`)));
  return () => all.disconnectSockets(true);
}

async function useSocketIo(url: string) {
  const client = io(url, { transports: ['websocket'], forceNew: true, reconnection: false });
  try {
    expect(await client.timeout(2000).emitWithAck('ask', 'it')).to.equal('io it');
  } finally {
    client.disconnect();
  }
}

/** A server of `ws` for one path, set up as its own guide says for several on one server. */
function attachWs(server: Server, delay = 0) {
  const all = new WebSocketServer({ noServer: true });
  all.on('connection', (ws) => ws.on('message', (data) => ws.send(`ws ${data}`)));
  server.on('upgrade', async (req, socket, head) => {
    if (req.url !== '/other') return;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    all.handleUpgrade(req, socket, head, (ws) => all.emit('connection', ws, req));
  });
  return () => all.clients.forEach((client) => void client.terminate());
}

async function useWs(url: string) {
  const client = await open({ url }, '/other');
  client.send('it');
  expect(await client.next()).to.equal('ws it');
  await client.leave();
}

const others: [title: string, attach: (server: Server) => () => void, use: (url: string) => Promise<void>][] = [
  ['Socket.IO', attachSocketIo, useSocketIo],
  ['another server of ws', attachWs, useWs],
  ['one that takes its time', (server) => attachWs(server, 300), useWs],
];

describe('sockets on one server', () => {
  for (const [title, attach, use] of others)
    for (const order of ['before', 'after'] as const)
      it(`with ${title}, attached ${order} serve: each answers its own, and nobody's is 404`, async () => {
        const server = createServer(appOf(micropie(Root)).callback());
        let detach = order === 'before' ? attach(server) : undefined;
        const service = await serve(server, { port: 0, host: '127.0.0.1', deadline: 0 });
        detach ??= attach(server);
        try {
          for (let round = 0; round < 2; round++) {
            const client = await open(service, '/echo');
            client.send('ours');
            expect(await client.next()).to.equal('ours');
            await use(service.url);
            await client.leave();
          }
          expect((await refused(service, '/nobody')).status).to.equal(404);
          const plain = await fetch(`${service.url}/nobody`);
          expect(plain.status).to.equal(404);
        } finally {
          detach();
          await service.close();
        }
      });

  it('goes on without serve when it is closed', async () => {
    const server = createServer(appOf(micropie(Root)).callback());
    const service = await serve(server, { port: 0, host: '127.0.0.1', deadline: 0 });
    await service.close();
    expect(server.listenerCount('upgrade')).to.equal(0);
    expect(server.listening).to.equal(false);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    server.close();
  });
});
