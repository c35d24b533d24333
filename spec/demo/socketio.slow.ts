import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { io } from 'socket.io-client';
import { socketio } from '../../demo/socketio/index.js';
import { attachSocketIo } from '../../demo/socketio/socket-io.js';
import { Tally } from '../../demo/socketio/tally.js';
import { type Serving, serve } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { eventually } from '../support/socket.js';
import { open, refused } from '../support/sockets.js';
import { tour } from '../support/tour.js';

async function withBoth(
  use: (service: Serving, tally: Tally) => Promise<void>,
  ...inFront: Middleware[]
): Promise<void> {
  const tally = new Tally();
  const service = await serve(appOf(...inFront, socketio(tally)), { port: 0, host: '127.0.0.1', deadline: 5000 });
  attachSocketIo(service, tally);
  try {
    await use(service, tally);
  } finally {
    await service.close();
  }
}

/** A client of Socket.IO, and the numbers that it hears. */
function connect({ url }: Serving, transport: 'websocket' | 'polling', headers: Readonly<Record<string, string>> = {}) {
  const client = io(url, { transports: [transport], forceNew: true, reconnection: false, extraHeaders: headers });
  const heard: number[] = [];
  client.on('count', (count) => heard.push(count));
  return { client, heard };
}

describe('demo: socketio', () => {
  for (const transport of ['websocket', 'polling'] as const)
    it(`shares a number between Socket.IO by ${transport}, the controller's socket, and HTTP`, () =>
      withBoth(async (service) => {
        const { client, heard } = connect(service, transport);
        const own = await open(service, '/socketio/count');
        await eventually(() => heard.length === 1, 'Socket.IO tells the number');
        own.send('+');
        await eventually(() => heard.includes(1), 'Socket.IO hears of the other');
        expect(await client.timeout(2000).emitWithAck('add')).to.equal(2);
        expect(await own.received(3)).to.deep.equal(['0', '1', '2']);
        expect(await (await fetch(`${service.url}/socketio/count`)).json()).to.deep.equal({ count: 2 });
        client.disconnect();
        await own.leave();
      }));

  it("lets the controller's handshakes take longer than Socket.IO waits for others", () =>
    withBoth(
      async (service) => {
        const own = await open(service, '/socketio/count');
        expect(await own.next()).to.equal('0');
        await own.leave();
      },
      async (_ctx, next) => {
        await sleep(1300);
        await next();
      },
    ));

  it('refuses pages of other origins by both', () =>
    withBoth(async (service) => {
      const origin = 'https://evil.example';
      expect((await refused(service, '/socketio/count', { origin })).status).to.equal(403);
      for (const transport of ['websocket', 'polling'] as const) {
        const { client } = connect(service, transport, { origin });
        const problem = await new Promise<Error>((resolve, reject) => {
          client.on('connect_error', resolve);
          client.on('connect', () => reject(new Error(`It connected by ${transport}`)));
        });
        expect(problem).to.be.an('error');
        client.disconnect();
      }
    }));

  it('takes messages that no page of this demo sends', () =>
    withBoth(async (service, tally) => {
      const { client } = connect(service, 'websocket');
      client.emit('add', 'no function', { deep: [] });
      client.emit('other');
      await eventually(() => tally.count === 1, 'it counts');
      expect(client.connected).to.equal(true);
      client.disconnect();
    }));

  it('closes at once, with clients of both', () =>
    withBoth(async (service) => {
      const { client, heard } = connect(service, 'websocket');
      const own = await open(service, '/socketio/count');
      await eventually(() => heard.length === 1, 'it is connected');
      const begun = Date.now();
      const [{ code }] = await Promise.all([own.closed, service.close()]);
      expect(code).to.equal(1001);
      expect(Date.now() - begun).to.be.below(2500);
      await eventually(() => !client.connected, 'the client knows');
    }));

  it('has a page in the tour', async () => {
    const visitor = tour();
    expect((await visitor.get('/socketio')).text).to.contain('src="/socketio/socketio.js"');
    expect((await visitor.get('/socketio/socketio.js')).type).to.match(/javascript$/);
  });
});
