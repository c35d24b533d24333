import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectHttp2, constants, createServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import Koa from 'koa';
import {
  beforeHead,
  closeDetached,
  closeWithConnection,
  contextBeside,
  endUnsent,
  filterErrors,
  isClosed,
  isSent,
  isStatusSet,
  resetIfUnframed,
  responseOn,
  serverOf,
  unwritten,
  upgradesOnly,
} from '../lib/koa-compat.js';
import { errorsOf, watched, withServer } from './support/app.js';
import { cert, key } from './support/certificate.js';
import { withHttp2 } from './support/http2.js';
import { folderOf, succeed } from './support/package.js';
import { eventually, withSocket } from './support/socket.js';

// Each test holds Koa or Node itself to what lib/koa-compat.ts relies on.

// Node 20 and 22 leave responses alone that have no connection.
const LEAVES_DETACHED = Number(process.versions.node.split('.')[0]) < 24;

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** The answer of a Koa app to one request. */
async function answerOf(app: Koa, request = GET) {
  return withServer(app, (port) => withSocket(port, (socket) => socket.exchange(request)));
}

describe('Koa', () => {
  it('marks a status that was set, also where it is the 404 that it begins with', async () => {
    const marks: boolean[] = [];
    const app = watched(new Koa()).use((ctx) => {
      marks.push(isStatusSet(ctx));
      ctx.status = 404;
      marks.push(isStatusSet(ctx));
    });
    await answerOf(app);
    expect(marks).to.deep.equal([false, true]);
  });

  it('marks it as well where a body sets it', async () => {
    const marks: boolean[] = [];
    const app = watched(new Koa()).use((ctx) => {
      ctx.body = 'text';
      marks.push(isStatusSet(ctx));
    });
    await answerOf(app);
    expect(marks).to.deep.equal([true]);
  });

  it('calls ctx.onerror, as it is by then, for an error of a middleware, and of a stream that it pipes', async () => {
    const seen: string[] = [];
    const app = watched(new Koa()).use((ctx) => {
      filterErrors(ctx, (error) => {
        seen.push(error.message);
        return ctx.path === '/told';
      });
      if (ctx.path !== '/stream') throw new Error('of a middleware');
      ctx.body = Readable.from(
        (async function* () {
          yield 'a';
          await sleep(5);
          throw new Error('of a stream');
        })(),
      );
    });
    const errors = errorsOf(app);
    expect((await answerOf(app, GET.replace('/', '/told'))).status).to.equal(500);
    await answerOf(app, GET.replace('/', '/stream')).catch(() => {});
    // That of a stream twice: as it comes, and once more when the response is over.
    await eventually(() => seen.length >= 3, 'all are told');
    expect(seen).to.deep.equal(['of a middleware', 'of a stream', 'of a stream']);
    expect(errors.map(({ message }) => message)).to.deep.equal(['of a middleware']);
  });

  it('pipes a stream before anything is written', async () => {
    const piped: boolean[] = [];
    const app = watched(new Koa()).use((ctx) => {
      ctx.res.once('pipe', () => piped.push(ctx.res.headersSent));
      ctx.body = Readable.from(['a'], { objectMode: false });
    });
    expect((await answerOf(app)).body.toString()).to.equal('a');
    expect(piped).to.deep.equal([false]);
  });
});

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

/** Sends bytes to a server of Node, and runs something with the connection. */
async function withNode<T>(listener: Listener, use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  try {
    return await use(typeof address === 'object' && address ? address.port : 0);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('Koa: a second context of a request', () => {
  it('has what middleware has put on the first, and an answer of its own, whose end is told', async () => {
    const seen: unknown[] = [];
    const app = watched(new Koa()).use(async (ctx, next) => {
      ctx.state['user'] = 'Ada';
      await next();
    });
    app.use((ctx) => {
      const beside = contextBeside(Object.assign(ctx, { custom: 7 }));
      beside.res.once('close', () => seen.push('closed')).once('finish', () => seen.push('finished'));
      beside.set('X-Beside', '1');
      beside.cookies.set('beside', '1');
      beside.status = 500;
      beside.body = { a: 1 };
      beside.state['user'] = 'Eve';
      seen.push(Reflect.get(beside, 'custom'), beside.path, beside.status, isClosed(beside.res));
      endUnsent(beside.res);
      seen.push(isClosed(beside.res));
      ctx.body = ctx.state['user'];
    });
    const { status, headers, body } = await answerOf(app);
    expect([status, String(body)]).to.deep.equal([200, 'Ada']);
    expect(headers).not.to.have.any.keys('x-beside', 'set-cookie');
    expect(seen).to.deep.equal([7, '/', 500, false, 'finished', 'closed', true]);
  });
});

describe('Node', () => {
  const WAYS: Record<string, (res: ServerResponse) => void> = {
    'end()': (res) => res.end('x'),
    'write()': (res) => {
      res.write('x');
      res.end();
    },
    'writeHead()': (res) => void res.writeHead(200, { 'X-Other': '1' }).end('x'),
    'pipe()': (res) => void Readable.from(['x'], { objectMode: false }).pipe(res),
  };
  for (const [how, answer] of Object.entries(WAYS)) {
    const listener: Listener = (_req, res) => {
      res.setHeader('X-Before', '1');
      beforeHead(res, () => res.setHeader('X-Late', 'set'));
      answer(res);
    };

    it(`writes every head by _storeHeader, with what is set until then: ${how}`, async () => {
      const response = await withNode(listener, (port) => withSocket(port, (socket) => socket.exchange(GET)));
      expect(response.headers['x-late']).to.equal('set');
    });

    it(`writes every head of HTTP/2 by writeHead: ${how}`, async () => {
      const app = new Koa().use((ctx) => {
        ctx.respond = false;
        listener(ctx.req, ctx.res);
      });
      await withHttp2(app, async (session) => {
        const [head] = await once(session.request({ ':path': '/' }).resume(), 'response');
        expect(head['x-late']).to.equal('set');
      });
    });
  }

  const late: [title: string, answer: (res: ServerResponse) => void][] = [
    ['by an object', (res) => res.writeHead(200, { 'Set-Cookie': 'a=1' }).end()],
    ['by a list', (res) => res.writeHead(200, ['Set-Cookie', 'a=1']).end()],
    ['by who has replaced writeHead before, past the response, as cookie-session does', (res) => res.end()],
  ];
  for (const [title, answer] of late)
    it(`writes no head before what waits for it has seen a cookie that is set within writeHead: ${title}`, async () => {
      const ran: string[] = [];
      const listener: Listener = (_req, res) => {
        const { writeHead } = res;
        if (title.startsWith('by who'))
          res.writeHead = (...head: unknown[]) => {
            ServerResponse.prototype.setHeader.call(res, 'Set-Cookie', 'a=1');
            return Reflect.apply(writeHead, res, head);
          };
        for (const name of ['one', 'another'])
          beforeHead(res, () => ran.push(`${name}: ${res.hasHeader('Set-Cookie') ? 'cookie' : 'none'}`));
        res.setHeader('X-Before', '1');
        answer(res);
      };
      const { headers } = await withNode(listener, (port) => withSocket(port, (socket) => socket.exchange(GET)));
      expect(headers['set-cookie']).to.include('a=1');
      expect(ran).to.have.members(['one: cookie', 'another: cookie']);
    });

  it('lets it run again, over HTTP/2, for a cookie that is set within writeHead', async () => {
    const ran: boolean[] = [];
    const app = new Koa().use(({ res }) => {
      const { writeHead } = res;
      res.writeHead = (...head: unknown[]) => {
        res.setHeader('Set-Cookie', 'a=1');
        return Reflect.apply(writeHead, res, head);
      };
      beforeHead(res, () => ran.push(res.hasHeader('Set-Cookie')));
      res.end();
    });
    await withHttp2(app, async (session) => {
      const [head] = await once(session.request({ ':path': '/' }).resume(), 'response');
      expect(head['set-cookie']).to.deep.equal(['a=1']);
    });
    expect(ran).to.deep.equal([false, true]);
  });

  it('runs it behind a cookie that a class of responses sets, as tools for tracing patch them', async () => {
    const ran: boolean[] = [];
    const listener: Listener = (_req, res) => {
      const writeHead = (status: number) => {
        res.setHeader('Set-Cookie', 'a=1');
        return ServerResponse.prototype.writeHead.call(res, status);
      };
      Object.setPrototypeOf(
        res,
        Object.create(ServerResponse.prototype, { writeHead: { value: writeHead, writable: true } }),
      );
      beforeHead(res, () => ran.push(res.hasHeader('Set-Cookie')));
      res.end();
    };
    await withNode(listener, (port) => withSocket(port, (socket) => socket.exchange(GET)));
    expect(ran).to.deep.equal([true]);
  });

  it('reads away the rest of a body at the end of the answer, but for who comes before its own listener', async () => {
    let flowing: boolean | null = true;
    const listener: Listener = (req, res) => {
      res.prependOnceListener('finish', () => {
        flowing = req.readableFlowing;
      });
      res.end('early');
    };
    await withNode(listener, (port) =>
      withSocket(port, async (socket) => {
        await socket.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nbegin');
        await socket.response();
      }),
    );
    expect(flowing).to.equal(null);
  });

  it('does not always close a response that waits behind another when its connection breaks: closeWithConnection() does', async () => {
    const closed: string[] = [];
    const listener: Listener = (req, res) => {
      if (req.url === '/helped') closeWithConnection(res);
      res.once('close', () => closed.push(req.url ?? ''));
      seen += 1;
    };
    let seen = 0;
    await withNode(listener, (port) =>
      withSocket(port, async (socket) => {
        await socket.send(['/first', '/waits', '/helped'].map((path) => GET.replace('/', path)).join(''));
        await eventually(() => seen === 3, 'all have come');
        socket.reset();
        await eventually(() => closed.length >= 2, 'they are closed');
        await sleep(10);
      }),
    );
    expect(closed.sort()).to.deep.equal(['/first', '/helped', ...(LEAVES_DETACHED ? [] : ['/waits'])]);
  });

  it('says of an HTTP/1 response whether it has chunks', async () => {
    const chunked: boolean[] = [];
    const listener: Listener = (_req, res) => {
      res.write('a');
      chunked.push(res.chunkedEncoding);
      res.end();
    };
    await withNode(listener, async (port) => {
      for (const request of [GET, 'GET / HTTP/1.0\r\n\r\n'])
        await withSocket(port, (socket) => socket.exchange(request));
    });
    expect(chunked).to.deep.equal([true, false]);
  });

  it('resets a TLS connection by the TCP socket beneath, which it calls _parent: resetIfUnframed() does', async () => {
    const folder = await folderOf();
    const files = ['-keyout', join(folder, 'key'), '-out', join(folder, 'cert')];
    await succeed('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=x', ...files], folder);
    const [key, cert] = await Promise.all(['key', 'cert'].map((name) => readFile(join(folder, name))));
    const server = createTlsServer({ key, cert }, (_req, res) => {
      res.write('first');
      arrivals.once('first', () => resetIfUnframed(res));
    }).listen(0, '127.0.0.1');
    const arrivals = new EventEmitter();
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    client.on('data', (data) => data.includes('first') && arrivals.emit('first'));
    client.write('GET / HTTP/1.0\r\n\r\n');
    const code = await new Promise((resolve) => {
      client.once('end', () => resolve('end'));
      client.once('error', (error) => resolve(Reflect.get(error, 'code')));
    });
    server.close();
    expect(code).to.equal('ECONNRESET');
  });

  const ends: [how: string, sent: boolean][] = [
    ['whole', true],
    ['cancelled before its end', false],
    ['cancelled after its end, with bytes left', false],
  ];
  for (const [how, sent] of ends)
    it(`says of an HTTP/2 response by its stream alone that it is over: ${how}`, async () => {
      const states: boolean[] = [];
      const server = createHttp2Server((_req, res) => {
        const note = () => states.push(isClosed(Object(res)), isSent(Object(res)));
        note();
        res.once('close', note);
        res.write('a');
        if (how !== 'cancelled before its end') res.end(how === 'whole' ? '' : Buffer.alloc(5_000_000));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const client = connectHttp2(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
      const stream = client.request();
      await once(stream, 'response');
      if (how === 'whole') stream.resume();
      else stream.close(constants.NGHTTP2_CANCEL);
      await eventually(() => states.length === 4, 'it is over');
      client.destroy();
      server.close();
      expect(states).to.deep.equal([false, false, true, sent]);
    });
});

describe('Node, below sockets', () => {
  const WEBSOCKET = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const H2C = WEBSOCKET.replace('websocket', 'h2c');

  it('has the answer under way on a connection as _httpMessage, of several the first: responseOn() gives it', async () => {
    const found: boolean[] = [];
    const answers: ServerResponse[] = [];
    const listener: Listener = (req, res) => {
      answers.push(res);
      found.push(responseOn(req.socket) === answers[0]);
      if (answers.length < 2) return;
      for (const one of answers) one.end();
      res.once('close', () => found.push(responseOn(req.socket) === undefined));
    };
    await withNode(listener, (port) =>
      withSocket(port, async (socket) => {
        await socket.send(GET + GET);
        await eventually(() => found.length === 3, 'both are answered');
      }),
    );
    expect(found).to.deep.equal([true, true, true]);
  });

  it('has the server of a connection on its socket: serverOf() gives it, of TLS and of HTTP/2 as well', async () => {
    const plain = createServer();
    const tls = createTlsServer({ key, cert });
    const http2 = createHttp2Server();
    for (const server of [plain, tls, http2]) {
      const found = once(server.listen(0, '127.0.0.1'), 'request');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const client =
        server === http2
          ? connectHttp2(`http://127.0.0.1:${port}`)
          : server === tls
            ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
            : connect(port, '127.0.0.1');
      client.on('error', () => {});
      if ('write' in client) client.write(GET);
      else client.request().on('error', () => {});
      const [req] = await found;
      client.destroy();
      server.close();
      expect(serverOf(req)).to.equal(server);
    }
  });

  it('tells nobody, or only later, of the end of a response without a connection: closeDetached() does, once', async () => {
    const closed: string[] = [];
    await withNode(
      (req, res) => {
        const [left, helped] = [new ServerResponse(req), new ServerResponse(req)];
        left.once('close', () => closed.push('left'));
        helped.on('close', () => closed.push('helped'));
        left.destroy();
        closeDetached(helped);
        closeDetached(helped);
        closed.push(isClosed(helped) ? 'over' : 'open');
        setImmediate(() => res.end());
      },
      (port) => withSocket(port, (socket) => socket.exchange(GET)),
    );
    expect(closed).to.deep.equal(['helped', 'over', ...(LEAVES_DETACHED ? [] : ['left'])]);
  });

  /** How a server that takes WebSockets alone sees two requests, with further listeners of upgrades. */
  async function seen(others: number): Promise<{ found: string[]; isLimited: boolean }> {
    const found: string[] = [];
    const server = createServer((req, res) => {
      found.push(`request ${req.headers.upgrade}`);
      res.end();
    });
    const before: unknown = Reflect.get(server, 'shouldUpgradeCallback');
    server.on('upgrade', (req, socket) => {
      found.push(`upgrade ${req.headers.upgrade}`);
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
    });
    for (let n = 0; n < others; n++) server.on('upgrade', () => {});
    const restore = upgradesOnly(server, ({ headers }) => headers.upgrade === 'websocket');
    const isLimited = Reflect.get(server, 'shouldUpgradeCallback') !== before;
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    for (const head of [WEBSOCKET, H2C])
      await withSocket(typeof address === 'object' && address ? address.port : 0, (socket) => socket.exchange(head));
    restore();
    expect(Reflect.get(server, 'shouldUpgradeCallback')).to.equal(before);
    server.close();
    return { found, isLimited };
  }

  it('asks shouldUpgradeCallback, where it has one, what is an upgrade: upgradesOnly() answers', async () => {
    const { found, isLimited } = await seen(0);
    expect(found).to.deep.equal(['upgrade websocket', isLimited ? 'request h2c' : 'upgrade h2c']);
    // Of the versions that are supported only Node 20 has none.
    expect(isLimited).to.equal(!process.version.startsWith('v20.'));
  });

  it('asks it for others who listen as well: upgradesOnly() leaves all upgrades to them', async () => {
    expect((await seen(1)).found).to.deep.equal(['upgrade websocket', 'upgrade h2c']);
  });

  for (const kind of ['TCP', 'TLS'])
    it(`counts what the system has not yet taken of one large write: unwritten() tells, by ${kind}`, async function () {
      this.timeout(20_000);
      const left: number[] = [];
      const listener: Listener = ({ socket }, res) => {
        left.push(unwritten(socket));
        res.end(Buffer.alloc(20_000_000), () => left.push(unwritten(socket)));
        setTimeout(() => left.push(unwritten(socket)), 100);
      };
      const server = kind === 'TCP' ? createServer(listener) : createTlsServer({ key, cert }, listener);
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const client =
        kind === 'TCP'
          ? connect(port, '127.0.0.1')
          : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
      client.write(GET);
      await eventually(() => left.length === 2, 'it is stuck', 10_000);
      client.resume();
      await eventually(() => left.length === 3, 'it is through', 10_000);
      client.destroy();
      server.close();
      // TLS has just sent its session tickets.
      expect(left[0]).to.be.below(10_000);
      expect(left[1]).to.be.above(1_000_000);
      expect(left[2]).to.be.below(left[1] ?? 0);
    });
});
