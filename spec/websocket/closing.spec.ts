import { once } from 'node:events';
import { expect } from 'chai';
import { micropie, type Request, type Socket, serve } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { portOf } from '../support/serving.js';
import { RawClient } from '../support/socket.js';
import { handshake, open, type SocketClient } from '../support/sockets.js';

describe('sockets of a service that closes', () => {
  const log: string[] = [];
  beforeEach(() => log.splice(0));

  class Root {
    async ws_reads(socket: Socket) {
      for await (const _ of socket);
      await new Promise((resolve) => setTimeout(resolve, 100));
      log.push('handler');
    }

    async ws_waits(_socket: Socket, request: Request) {
      await once(process, 'never', { signal: request.signal });
    }

    async *ws_yields(_socket: Socket, request: Request) {
      try {
        yield 'begun';
        await once(process, 'never', { signal: request.signal });
      } finally {
        log.push('generator');
      }
    }

    async ws_stays() {
      await new Promise(() => {});
    }
  }
  const hook = { afterWebSocket: () => void log.push('after') };

  const start = (deadline: number) =>
    serve(appOf(micropie(Root, { middlewares: [hook] })), { port: 0, host: '127.0.0.1', deadline });

  for (const [path, expected] of [
    ['/reads', ['handler', 'after']],
    ['/waits', ['after']],
    ['/yields', ['generator', 'after']],
  ] as const)
    it(`hear 1001, and ${path} is waited for`, async () => {
      const service = await start(5000);
      const client = await open(service, path);
      if (path === '/yields') await client.next();
      const closed = service.close();
      expect(await client.closed).to.deep.equal({ code: 1001, reason: 'The server is closing' });
      await closed;
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(log).to.deep.equal(expected);
    });

  it('are cut off after the deadline where their client does not answer', async () => {
    const service = await start(300);
    const client = await RawClient.open(portOf(service));
    await client.send(handshake('/reads'));
    await client.response({ head: true });
    const begun = performance.now();
    await service.close();
    expect(performance.now() - begun).to.be.within(250, 2500);
  });

  it('do not hold it where their handler never ends', async () => {
    const service = await start(300);
    const client = await open(service, '/stays');
    const begun = performance.now();
    await service.close();
    expect((await client.closed).code).to.equal(1001);
    expect(performance.now() - begun).to.be.below(2500);
  });

  it('are told at once, a thousand of them', async function () {
    this.timeout(60_000);
    const app = appOf(micropie(Root));
    errorsOf(app);
    const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 5000 });
    const clients: SocketClient[] = [];
    // No more at once than the system lets wait.
    while (clients.length < 1000)
      clients.push(...(await Promise.all(Array.from({ length: 100 }, () => open(service, '/reads')))));
    const closed = service.close();
    const codes = await Promise.all(clients.map((client) => client.closed));
    expect(codes.filter(({ code }) => code === 1001)).to.have.length(1000);
    await closed;
  });
});
