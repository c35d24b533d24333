import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server, createSecureServer } from 'node:http2';
import { createServer as createHttpsServer, get as getHttps } from 'node:https';
import { connect, createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import Koa from 'koa';
import { micropie, type ServeOptions, type Serving, serve } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { cert, key } from '../support/certificate.js';
import { get, portOf } from '../support/serving.js';
import { withSocket } from '../support/socket.js';

class Root {
  index() {
    return 'Welcome';
  }

  async slow() {
    await sleep(200);
    return 'done';
  }
}

const LOCAL = { port: 0, host: '127.0.0.1', deadline: 1000 };
const app = () => appOf(micropie(Root));

/** What a start fails with. */
async function failure(starting: Promise<unknown>): Promise<Error> {
  try {
    await starting;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('It did not fail');
}

describe('serve(target)', () => {
  const listener = app().callback();
  const targets: [title: string, make: () => Koa | RequestListener | Server][] = [
    ['a Koa app', app],
    ['a request listener', () => listener],
    ['a server', () => createServer(listener)],
  ];
  for (const [title, make] of targets)
    it(`serves ${title} until it is closed`, async () => {
      const { url, close } = await Reflect.apply(serve, undefined, [make(), LOCAL]);
      expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(await (await fetch(url)).text()).to.equal('Welcome');
      await close();
      expect((await failure(fetch(url))).message).to.equal('fetch failed');
    });

  it('listens on all addresses where no host is given, and on IPv6', async () => {
    for (const [host, url] of [
      [undefined, 'http://localhost'],
      ['::1', 'http://[::1]'],
    ] as const) {
      const service = await serve(app(), { port: 0, ...(host && { host }) });
      expect(service.url).to.equal(`${url}:${portOf(service)}`);
      expect(await (await fetch(service.url)).text()).to.equal('Welcome');
      await service.close();
    }
  });

  it('takes a server that listens already, such as on a socket of the file system', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'koa-micropie-'));
    const path = join(folder, 'app.sock');
    const server = createServer(listener).listen(path);
    await once(server, 'listening');
    const service = await serve(server);
    expect(service.url).to.equal(`http://unix:${path}`);
    const socket = connect(path);
    socket.end(get('/'));
    expect(await text(socket)).to.match(/\r\n\r\nWelcome$/);
    await service.close();
    expect(server.listening).to.equal(false);
    await rm(folder, { recursive: true });
  });

  const wrong: [title: string, target: unknown, message: RegExp][] = [
    ['nothing', undefined, /first argument must be a Koa app, a request listener, or a server/],
    ['a text', 'app', /first argument must be a Koa app/],
    ['a controller', Root, /served by a Koa app: app\.use\(micropie\(Root\)\), then serve\(app\)/],
    ['what micropie makes', micropie(Root), /served by a Koa app/],
    [
      'a server that answers nothing',
      createServer(),
      /no 'request' listener; make it with createServer\(app\.callback\(\)\)/,
    ],
    ['a server of node:net', createNetServer(), /no 'request' listener/],
  ];
  for (const [title, target, message] of wrong)
    it(`refuses ${title}`, async () => {
      const error = await failure(Reflect.apply(serve, undefined, [target]));
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.match(message);
    });
});

describe('serve(app, options)', () => {
  const wrong: [options: Record<string, unknown> | null, message: RegExp][] = [
    [null, /^serve: options must be an object/],
    [{ prot: 1 }, /^serve: options\.prot is unknown; there are port, host, .*deadline$/],
    [{ toString: 1 }, /^serve: options\.toString is unknown/],
    [{ port: '3000' }, /^serve: options\.port must be a whole number from 0 to 65535; .*Number\(\)/],
    [{ port: Number.NaN }, /options\.port must/],
    [{ port: 65_536 }, /options\.port must/],
    [{ host: '' }, /options\.host must/],
    [{ startupHandlers: () => {} }, /options\.startupHandlers must be a list of functions/],
    [{ shutdownHandlers: [1] }, /options\.shutdownHandlers must be a list of functions/],
    [{ signals: 'SIGTERM' }, /options\.signals must be a list of signals/],
    [{ signals: ['SIGKILL'] }, /options\.signals must/],
    [{ signals: ['TERM'] }, /options\.signals must/],
    [{ drain: -1 }, /options\.drain must be a whole number of milliseconds/],
    [{ deadline: '1s' }, /options\.deadline must/],
    [{ deadline: Number.POSITIVE_INFINITY }, /options\.deadline must/],
    [{ drain: 10_001 }, /options\.drain must not be above options\.deadline, which is 10000/],
  ];
  for (const [options, message] of wrong)
    it(`refuses ${JSON.stringify(options)} before anything runs`, async () => {
      let isRun = false;
      const startupHandlers = [
        () => {
          isRun = true;
        },
      ];
      const error = await failure(Reflect.apply(serve, undefined, [app(), options && { startupHandlers, ...options }]));
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.match(message);
      expect(isRun).to.equal(false);
    });

  it('takes undefined for what is not given, and does not change what is', async () => {
    const options = Object.freeze({ ...LOCAL, drain: undefined, signals: undefined });
    const service: Serving = await Reflect.apply(serve, undefined, [app(), options]);
    await service.close();
  });

  const refusals: [title: string, options: (port: number) => ServeOptions, code: string, message: RegExp][] = [
    [
      'a port that is taken',
      (port) => ({ port, host: '127.0.0.1' }),
      'EADDRINUSE',
      /^serve: port \d+ of 127\.0\.0\.1 is taken: .*options\.port \(EADDRINUSE\)$/,
    ],
    [
      'an address of another machine',
      () => ({ port: 0, host: '192.0.2.1' }),
      'EADDRNOTAVAIL',
      /options\.host '192\.0\.2\.1' is no address of this machine/,
    ],
  ];
  for (const [title, options, code, message] of refusals)
    it(`says of ${title} what to do, and closes what was opened for it`, async () => {
      const first = await serve(app(), LOCAL);
      const log: string[] = [];
      const handlers = { startupHandlers: [() => log.push('open')], shutdownHandlers: [() => log.push('close')] };
      const error = await failure(serve(app(), { ...options(portOf(first)), ...handlers }));
      await first.close();
      expect(error).to.include({ code });
      expect(error.message).to.match(message);
      expect(log).to.deep.equal(['open', 'close']);
    });
});

describe('Start-up and shutdown handlers', () => {
  it('run one after another before it listens, and in reverse when all requests are done', async () => {
    const log: string[] = [];
    const server = createServer(app().callback());
    const handler = (text: string) => async () => {
      log.push(`${text} ${server.listening}`);
      await sleep(10);
      log.push(text);
    };
    const one = {
      startupHandlers: [handler('a'), handler('b')],
      shutdownHandlers: [handler('c'), () => log.push('d')],
    };
    const service = await serve(server, { ...LOCAL, ...one });
    server.once('request', (_req, res) => res.once('close', () => log.push('answered')));
    const answer = fetch(`${service.url}/slow`);
    await once(server, 'request');
    await service.close();
    expect(await (await answer).text()).to.equal('done');
    expect(log).to.deep.equal(['a false', 'a', 'b false', 'b', 'answered', 'd', 'c false', 'c']);
  });

  it('end the start with the first that fails, and nothing listens', async () => {
    const error = new Error('no database');
    const log: string[] = [];
    const server = createServer(app().callback());
    const signals = process.listenerCount('SIGUSR2');
    const fail = () => {
      throw error;
    };
    const startupHandlers = [() => log.push('a'), fail, () => log.push('b')];
    const options: ServeOptions = {
      ...LOCAL,
      startupHandlers,
      shutdownHandlers: [() => log.push('c')],
      signals: ['SIGUSR2'],
    };
    expect(await failure(serve(server, options))).to.equal(error);
    expect([server.listening, log]).to.deep.equal([false, ['a']]);
    expect(process.listenerCount('SIGUSR2')).to.equal(signals);
  });

  it('all run when it closes, whichever fail', async () => {
    const log: string[] = [];
    const fail = (text: string) => async () => {
      throw new Error(text);
    };
    const shutdownHandlers = [() => log.push('a'), fail('one'), () => log.push('b'), fail('two')];
    const { close } = await serve(app(), { ...LOCAL, shutdownHandlers });
    const error = await failure(close());
    expect(log).to.deep.equal(['b', 'a']);
    expect(error).to.be.instanceOf(AggregateError);
    expect(error).to.have.property('errors').that.is.an('array').with.length(2);
    expect(error.message).to.equal('serve: shutdown handlers failed: two; one');
    expect(await failure(close())).to.equal(error);
  });

  it('are the error itself where one fails', async () => {
    const error = new Error('no database');
    const { close } = await serve(app(), {
      ...LOCAL,
      shutdownHandlers: [
        async () => {
          throw error;
        },
      ],
    });
    expect(await failure(close())).to.equal(error);
  });

  it('have a limit, and the error says which reached it', async () => {
    const log: string[] = [];
    const shutdownHandlers = [
      () => log.push('a'),
      function closeDatabase() {
        return new Promise(() => {});
      },
    ];
    const { close } = await serve(app(), { ...LOCAL, deadline: 100, shutdownHandlers });
    const { message } = await failure(close());
    expect(message).to.match(/^serve: options\.shutdownHandlers\[1\] \(closeDatabase\) has not ended within 100 ms;/);
    expect(log).to.deep.equal(['a']);
  });
});

describe('serve(server) with TLS', () => {
  it('closes it as any other, with connections that are silent before and after the handshake', async () => {
    const service = await serve(createHttpsServer({ key, cert }, app().callback()), { ...LOCAL, deadline: 5000 });
    const port = portOf(service);
    expect(service.url).to.equal(`https://127.0.0.1:${port}`);
    const silent = [connect(port, '127.0.0.1'), connectTls({ port, host: '127.0.0.1', ca: cert })];
    await Promise.all(silent.map((socket, index) => once(socket, index ? 'secureConnect' : 'connect')));
    const answer = new Promise<string>((resolve, reject) => {
      getHttps(`${service.url}/slow`, { ca: cert }, async (res) =>
        resolve(`${res.headers.connection} ${await text(res)}`),
      ).on('error', reject);
    });
    await once(service.server, 'request');
    const start = performance.now();
    await service.close();
    expect(await answer).to.equal('close done');
    expect(performance.now() - start).to.be.within(400, 1500);
  });
});

describe('serve(server) with HTTP/2', () => {
  const servers = [
    ['in the clear', () => createHttp2Server(app().callback())],
    ['over TLS', () => createSecureServer({ key, cert, allowHTTP1: true }, app().callback())],
  ] as const;
  for (const [title, make] of servers)
    it(`${title} answers what is under way, and ends all sessions`, async () => {
      const service = await serve(make(), { ...LOCAL, deadline: 5000 });
      const clients = [0, 1].map(() => connectHttp2(service.url, { ca: cert }));
      const [busy, idle] = await Promise.all(clients.map((client) => once(client, 'connect').then(() => client)));
      if (!busy || !idle) throw new Error('unreachable');
      const closed = clients.map((client) => once(client, 'close'));
      const stream = busy.request({ ':path': '/slow' });
      await once(service.server, 'request');
      const start = performance.now();
      await Promise.all([service.close(), text(stream).then((body) => expect(body).to.equal('done'))]);
      await Promise.all(closed);
      expect(performance.now() - start).to.be.below(1500);
    });

  it('over TLS takes HTTP/1 clients as well, and closes their connections', async () => {
    const service = await serve(createSecureServer({ key, cert, allowHTTP1: true }, app().callback()), {
      ...LOCAL,
      deadline: 5000,
    });
    const socket = connectTls({ port: portOf(service), host: '127.0.0.1', ca: cert, ALPNProtocols: ['http/1.1'] });
    socket.write(get('/') + get('/slow'));
    await once(service.server, 'request');
    await sleep(50);
    const start = performance.now();
    const [received] = await Promise.all([text(socket), service.close()]);
    expect(received).to.match(/Welcome.*Connection: close\r\n\r\ndone$/s);
    expect(performance.now() - start).to.be.below(1500);
  });

  it('cuts off at the deadline what does not end', async () => {
    const endless = appOf((ctx) => {
      ctx.respond = false;
      ctx.res.write('tick');
    });
    const errors = errorsOf(endless);
    const service = await serve(createHttp2Server(endless.callback()), { ...LOCAL, deadline: 100 });
    const client = connectHttp2(service.url);
    client.on('error', () => {});
    const stream = client.request({ ':path': '/' });
    await once(stream, 'data');
    const start = performance.now();
    const [[error]] = await Promise.all([once(stream, 'error'), service.close()]);
    expect(errors.map(({ message }) => message)).to.deep.equal([error.message]);
    expect(error.message).to.equal('Stream closed with error code NGHTTP2_INTERNAL_ERROR');
    expect(performance.now() - start).to.be.within(340, 900);
  });
});

describe('An app of no micropie', () => {
  it('is served as well', async () => {
    const plain = new Koa().use((ctx) => {
      ctx.body = 'plain';
    });
    const service = await serve(plain, LOCAL);
    await withSocket(portOf(service), async (client) =>
      expect(`${(await client.exchange(get('/'))).body}`).to.equal('plain'),
    );
    await service.close();
  });
});
