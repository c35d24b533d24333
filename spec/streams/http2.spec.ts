import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, createServer } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type Koa from 'koa';
import { Controller, type HttpMiddleware, micropie } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { eventually } from '../support/socket.js';

/** A server of HTTP/2 for an app, and a client; closed after their use. */
async function withHttp2<T>(app: Koa, use: (client: ClientHttp2Session) => Promise<T>): Promise<T> {
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const client = connect(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
  client.on('error', () => {});
  try {
    return await use(client);
  } finally {
    client.destroy();
    server.close();
  }
}

function cancel(stream: ClientHttp2Stream): void {
  stream.close(constants.NGHTTP2_CANCEL);
}

async function textOf(stream: ClientHttp2Stream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

class Root extends Controller {
  ended = 0;
  aborted = 0;
  begun = 0;
  readonly chunk = 'x'.repeat(65_536);

  #note() {
    const { signal } = this.request;
    signal.addEventListener('abort', () => {
      this.aborted += 1;
    });
    return signal;
  }

  async *parked() {
    const signal = this.#note();
    try {
      yield 'first';
      this.begun += 1;
      await once(signal, 'abort');
    } finally {
      this.ended += 1;
    }
  }

  async *ticking() {
    this.#note();
    try {
      for (;;) {
        yield 'tick';
        this.begun += 1;
        await sleep(2);
      }
    } finally {
      this.ended += 1;
    }
  }

  *flood() {
    this.#note();
    try {
      for (;;) {
        this.begun += 1;
        yield this.chunk;
      }
    } finally {
      this.ended += 1;
    }
  }

  async *early() {
    const signal = this.#note();
    try {
      this.begun += 1;
      await once(signal, 'abort');
      yield 'never';
    } finally {
      this.ended += 1;
    }
  }

  async waits() {
    const signal = this.#note();
    this.begun += 1;
    if (!signal.aborted) await once(signal, 'abort');
    this.ended += 1;
  }

  *whole() {
    this.#note();
    yield 'a';
    yield 'b';
  }

  async *breaks() {
    yield 'first';
    await sleep(10);
    throw new Error('It breaks');
  }
}

describe('Over HTTP/2', () => {
  for (const path of ['parked', 'ticking', 'flood', 'early', 'waits'])
    for (const how of ['cancels', 'closes the connection'])
      it(`a client that ${how} aborts the signal and ends /${path}, and nothing is logged`, async () => {
        const root = new Root();
        const app = appOf(micropie(root));
        const errors = errorsOf(app);
        await withHttp2(app, async (client) => {
          const stream = client.request({ ':path': `/${path}` });
          stream.on('error', () => {});
          await eventually(() => root.begun > 0, 'it has begun');
          await sleep(10);
          if (how === 'cancels') cancel(stream);
          else client.destroy();
          await eventually(() => root.ended === 1 && root.aborted === 1, 'it has ended');
          await sleep(10);
        });
        expect([root.ended, root.aborted, errors]).to.deep.equal([1, 1, []]);
      });

  it('a whole answer does not abort the signal', async () => {
    const root = new Root();
    await withHttp2(appOf(micropie(root)), async (client) => {
      expect(await textOf(client.request({ ':path': '/whole' }))).to.equal('ab');
      await sleep(10);
    });
    expect(root.aborted).to.equal(0);
  });

  it('HEAD starts no generator, and leaves the connection usable', async () => {
    const root = new Root();
    await withHttp2(appOf(micropie(root)), async (client) => {
      const head = client.request({ ':path': '/flood', ':method': 'HEAD' });
      const [headers] = await once(head, 'response');
      expect([headers[':status'], await textOf(head), root.begun]).to.deep.equal([200, '', 0]);
      expect(await textOf(client.request({ ':path': '/whole' }))).to.equal('ab');
    });
    expect(root.aborted).to.equal(0);
  });

  it('an error in the middle ends the stream with an error, told once, and the connection goes on', async () => {
    const app = appOf(micropie(Root));
    const errors = errorsOf(app);
    await withHttp2(app, async (client) => {
      const seen = await textOf(client.request({ ':path': '/breaks' })).catch((error: Error) => error);
      expect(seen).to.be.an('error');
      expect(await textOf(client.request({ ':path': '/whole' }))).to.equal('ab');
    });
    expect(errors.map(({ message }) => message)).to.deep.equal(['It breaks']);
  });

  it('a client that leaves during a before hook leaves the handler without a call', async () => {
    const root = new Root();
    let hooks = 0;
    const slow: HttpMiddleware = {
      async beforeRequest({ signal }) {
        hooks += 1;
        if (!signal.aborted) await once(signal, 'abort');
        hooks += 1;
      },
    };
    await withHttp2(appOf(micropie(root, { middlewares: [slow] })), async (client) => {
      const stream = client.request({ ':path': '/ticking' });
      stream.on('error', () => {});
      await eventually(() => hooks === 1, 'the hook runs');
      cancel(stream);
      await eventually(() => hooks === 2, 'the hook is through');
      await sleep(10);
    });
    expect(root.begun).to.equal(0);
  });
});
