import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { micropie } from '../../lib/index.js';
import { appOf, errorsOf, withServer } from '../support/app.js';
import { FORM_TYPE, JSON_TYPE } from '../support/bodies.js';
import { countRequests } from '../support/pending.js';
import { chunked, eventually, post, withSocket } from '../support/socket.js';

/** An app that may hear, from Koa, that a client has reset its connection. */
function tolerant(...middleware: Middleware[]): ReturnType<typeof appOf> {
  const app = appOf(...middleware);
  errorsOf(app);
  return app;
}

describe('A client that leaves in the middle of its body', () => {
  const compressed = gzipSync(Buffer.from(Array.from({ length: 60_000 }, (_, n) => 32 + ((n * n) % 89))), { level: 0 });
  const BODIES: [what: string, type: string, body: Uint8Array, headers: string][] = [
    ['JSON', JSON_TYPE, Buffer.from('{"a":"'), ''],
    ['a form', FORM_TYPE, Buffer.from('a=1&'), ''],
    ['compressed JSON', JSON_TYPE, compressed.subarray(0, 30_000), 'Content-Encoding: gzip\r\n'],
    ['a compressed form', FORM_TYPE, compressed.subarray(0, 30_000), 'Content-Encoding: gzip\r\n'],
    ['a multipart form', 'multipart/form-data; boundary=b', Buffer.from('--b\r\nContent-'), ''],
  ];
  const counter = countRequests();
  let calls = 0;
  class Counting {
    index() {
      calls += 1;
    }
  }
  const app = () => tolerant(counter, micropie(Counting));

  for (const [what, type, body, headers] of BODIES)
    for (const length of [50_000, 'chunked'] as const) {
      const sent = length === 'chunked' ? chunked(body).subarray(0, -5) : body;
      const framing = length === 'chunked' ? 'chunked' : 'with a declared length';

      it(`leaves no request behind, and no handler runs: ${what}, ${framing}, reset`, async () => {
        calls = 0;
        const before = counter.seen;
        await withServer(app(), async (port) => {
          await withSocket(port, async (client) => {
            await client.send(post('/', type, length, headers));
            await client.send(sent);
            await eventually(() => counter.seen === before + 1, 'the request arrives');
            client.reset();
          });
          await eventually(() => counter.pending === 0, 'the request is given up');
        });
        expect(calls).to.equal(0);
      });

      it(`answers 400: ${what}, ${framing}, half closed`, async () => {
        calls = 0;
        const response = await withServer(app(), (port) =>
          withSocket(port, async (client) => {
            await client.send(post('/', type, length, headers));
            await client.send(sent);
            client.halfClose();
            return client.response();
          }),
        );
        expect(response.status).to.equal(400);
        await eventually(() => counter.pending === 0, 'the request is given up');
        expect(calls).to.equal(0);
      });
    }

  it('before anything is read, leaves nothing behind either', async () => {
    const late: Middleware = async (ctx, next) => {
      await eventually(() => ctx.req.closed, 'the client has left');
      await next();
    };
    calls = 0;
    for (const type of [JSON_TYPE, FORM_TYPE, 'multipart/form-data; boundary=b']) {
      const count = countRequests();
      const slow = tolerant(count, late, micropie(Counting));
      await withServer(slow, async (port) => {
        await withSocket(port, async (client) => {
          await client.send(`${post('/', type, 100)}x`);
          await eventually(() => count.seen === 1, 'the request arrives');
          client.reset();
        });
        await eventually(() => count.pending === 0, 'the request is given up');
      });
    }
    expect(calls).to.equal(0);
  });
});
