import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Context } from 'koa';
import { micropie, type Request, serve } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { begin, callers, get, portOf, visitor, withService } from '../support/serving.js';
import { eventually, RawClient } from '../support/socket.js';

/** Answers with what it is asked for, after as many milliseconds as the path says. */
async function echo(ctx: Context): Promise<void> {
  const [, name, milliseconds = 0] = ctx.path.split('/');
  await sleep(Number(milliseconds));
  ctx.body = name;
}

describe('serving.close()', () => {
  it('gives the same promise each time', () =>
    withService(echo, {}, async (service) => {
      const closed = service.close();
      expect(service.close()).to.equal(closed);
      await closed;
      expect(service.close()).to.equal(closed);
    }));

  it('aborts the signal at once, which a health route can ask while connections are still taken', async () => {
    const health = (ctx: Context) => {
      ctx.status = service.signal.aborted ? 503 : 200;
      ctx.body = 'health';
    };
    const service = await serve(appOf(health), { port: 0, host: '127.0.0.1', drain: 200, deadline: 1000 });
    const status = async () => (await fetch(service.url)).status;
    expect([service.signal.aborted, await status()]).to.deep.equal([false, 200]);
    const closed = service.close();
    expect([service.signal.aborted, await status()]).to.deep.equal([true, 503]);
    await closed;
    expect(service.signal.reason).to.include({ name: 'AbortError', message: 'The server is closing', status: 503 });
  });

  it('takes new connections while it drains, and none afterwards', () =>
    withService(echo, { drain: 300, deadline: 2000 }, async (service) => {
      const closed = service.close();
      for (const time of [0, 100]) {
        await sleep(time);
        const client = await RawClient.open(portOf(service));
        const { body, headers } = await client.exchange(get('/new'));
        expect([`${body}`, headers['connection']]).to.deep.equal(['new', 'close']);
      }
      await sleep(300);
      const [error] = await once(connect(portOf(service), '127.0.0.1'), 'error');
      expect(error.code).to.equal('ECONNREFUSED');
      await closed;
    }));

  it('answers the request that an idle connection has on its way, and closes it then', () =>
    withService(echo, { deadline: 3000 }, async (service) => {
      const client = await visitor(service);
      const closed = service.close();
      await sleep(200);
      const { status, headers } = await client.exchange(get('/late'));
      expect([status, headers['connection']]).to.deep.equal([200, 'close']);
      await closed;
    }));

  it('answers connections that the system has established and the server not yet accepted', () =>
    withService(echo, { deadline: 3000 }, async (service) => {
      const answers = Array.from({ length: 50 }, async () => {
        const client = await RawClient.open(portOf(service));
        return client.exchange(get('/new'));
      });
      await once(connect(portOf(service), '127.0.0.1'), 'connect');
      const closed = service.close();
      expect((await Promise.all(answers)).map(({ status }) => status)).to.deep.equal(Array(50).fill(200));
      await closed;
    }));

  it('waits as long for the next request of a connection that was promised to be kept', () =>
    withService(
      micropie(
        class {
          async *download() {
            for (const part of ['a', 'b', 'c']) {
              yield part;
              await sleep(300);
            }
          }
        },
      ),
      { deadline: 5000 },
      async (service) => {
        const [client] = await callers(service, 1);
        if (!client) throw new Error('unreachable');
        await begin(client, '/download');
        const closed = service.close();
        expect(`${(await client.response()).body}`).to.equal('abc');
        await sleep(200);
        const { status, headers } = await client.exchange(get('/missing'));
        expect([status, headers['connection']]).to.deep.equal([404, 'close']);
        await closed;
      },
    ));

  it('ends connections that are idle or never sent anything, and does not wait for them until the deadline', () =>
    withService(echo, { deadline: 5000 }, async (service) => {
      const idle = [await visitor(service), ...(await callers(service, 3))];
      const start = performance.now();
      await service.close();
      expect(performance.now() - start).to.be.within(450, 1000);
      for (const { socket } of idle) await eventually(() => socket.readableEnded, 'the connection ends');
    }));

  it('answers all requests that were sent in advance', () =>
    withService(echo, { deadline: 3000 }, async (service) => {
      const client = await visitor(service);
      await client.send(get('/first/800') + get('/second') + get('/third/100'));
      await sleep(50);
      const closed = service.close();
      await client.send(get('/fourth'));
      const answers = [];
      for (const _one of [1, 2, 3, 4]) answers.push(await client.response());
      expect(answers.map(({ body, headers }) => [`${body}`, headers['connection']])).to.deep.equal([
        ['first', 'keep-alive'],
        ['second', 'keep-alive'],
        ['third', 'keep-alive'],
        ['fourth', 'close'],
      ]);
      await closed;
    }));

  it('closes the connection of an answer that is an error, too', async () => {
    const app = appOf(async () => {
      await sleep(100);
      throw new Error('raised on purpose');
    });
    const errors = errorsOf(app);
    const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 2000 });
    const client = await RawClient.open(portOf(service));
    const answer = client.exchange(get('/'));
    await sleep(30);
    const closed = service.close();
    const { status, headers } = await answer;
    expect([status, headers['connection']]).to.deep.equal([500, 'close']);
    await closed;
    expect(errors).to.have.length(1);
  });

  it('lets a server that it was given be as it was before', async () => {
    const server = createServer(appOf(echo).callback());
    const count = () => server.eventNames().map((name) => [name, server.listenerCount(name)]);
    const before = count();
    let closes = 0;
    server.on('close', () => {
      closes += 1;
    });
    for (const round of [1, 2]) {
      const service = await serve(server, { port: 0, host: '127.0.0.1', deadline: 1000 });
      const { headers } = await (await RawClient.open(portOf(service))).exchange(get('/'));
      expect(headers['connection']).to.equal('keep-alive');
      await service.close();
      await sleep(5);
      expect([closes, server.listening]).to.deep.equal([round, false]);
    }
    server.removeAllListeners('close');
    expect(count()).to.deep.equal(before);
  });
});

describe('request.signal', () => {
  const reasons: unknown[] = [];

  class Root {
    index() {}

    async wait(request: Request) {
      const { signal } = request;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
      signal.throwIfAborted();
    }

    async *endless(request: Request) {
      const { signal } = request;
      for (; !signal.aborted; await sleep(10)) yield 'tick';
      reasons.push(signal.reason);
      yield 'end';
    }

    async *deaf() {
      for (;;) {
        yield 'tick';
        // Where data and the reset come at once, Node's client tells of an end.
        await sleep(2000);
      }
    }
  }

  beforeEach(() => reasons.splice(0));

  it('aborts at the deadline, and whoever fails with its reason answers 503', async () => {
    const app = appOf(micropie(Root));
    const errors = errorsOf(app);
    const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 200 });
    const client = await visitor(service);
    const answer = client.exchange(get('/wait'));
    await sleep(50);
    const closed = service.close();
    await sleep(100);
    expect(reasons).to.deep.equal([]);
    const { status, body, headers } = await answer;
    expect([status, `${body}`, headers['connection']]).to.deep.equal([503, 'Service Unavailable', 'close']);
    await closed;
    expect(reasons).to.deep.equal(errors);
    expect(reasons[0]).to.include({ name: 'AbortError', message: 'The server is closing' });
  });

  it('lets a stream come to its own end at the deadline', () =>
    withService(micropie(Root), { deadline: 100 }, async (service) => {
      const client = await visitor(service);
      await begin(client, '/endless');
      await service.close();
      expect(`${(await client.response()).body}`).to.match(/^(tick)+end$/);
    }));

  it('has another reason when it is the client that leaves', () =>
    withService(micropie(Root), { deadline: 1000 }, async (service) => {
      const client = await visitor(service);
      await begin(client, '/endless');
      const closed = service.close();
      client.reset();
      await closed;
      await eventually(() => reasons.length === 1, 'the signal aborts');
      expect(reasons[0]).to.include({ name: 'AbortError', message: 'The client has left' });
      expect(reasons[0]).not.to.have.property('status');
    }));

  it('is followed by the end of the connection, which no client can take for that of the answer', () =>
    withService(micropie(Root), { deadline: 50 }, async (service) => {
      const [chunked, old] = [await visitor(service), await visitor(service)];
      await Promise.all([begin(chunked, '/deaf'), begin(old, '/deaf', '1.0')]);
      const reset = once(old.socket, 'error');
      const start = performance.now();
      await service.close();
      expect(performance.now() - start).to.be.within(290, 600);
      expect((await reset)[0].code).to.equal('ECONNRESET');
      const { message } = (await chunked.response().catch((error: Error) => error)) as Error;
      expect(message).to.match(/^The server closed the connection after/);
    }));
});
