import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { micropie } from '../../lib/index.js';
import { appOf, withServer } from '../support/app.js';
import {
  ask,
  declare,
  FORM_LIMIT,
  FORM_TYPE,
  JSON_LIMIT,
  JSON_TYPE,
  jsonOf,
  Root,
  result,
  root,
  WAYS,
} from '../support/bodies.js';
import { post, withSocket } from '../support/socket.js';

describe('Body limits', () => {
  for (const [way, send] of Object.entries(WAYS)) {
    it(`accepts JSON of exactly 1 MiB and refuses one byte more, ${way}`, async () => {
      expect(Buffer.byteLength(jsonOf(JSON_LIMIT))).to.equal(JSON_LIMIT);
      expect(result(await send('/size', JSON_TYPE, jsonOf(JSON_LIMIT)))).to.equal(`200 ${JSON_LIMIT - 9}`);
      const more = await send('/size', JSON_TYPE, jsonOf(JSON_LIMIT + 1));
      expect(result(more)).to.equal('413 413 Payload Too Large: The body exceeds 1048576 bytes');
    });

    it(`accepts a form of exactly 56 KiB and refuses one byte more, ${way}`, async () => {
      const form = (bytes: number) => `a=${'x'.repeat(bytes - 2)}`;
      expect(result(await send('/size', FORM_TYPE, form(FORM_LIMIT)))).to.equal(`200 ${FORM_LIMIT - 2}`);
      const more = await send('/size', FORM_TYPE, form(FORM_LIMIT + 1));
      expect(result(more)).to.equal('413 413 Payload Too Large: The body exceeds 57344 bytes');
    });
  }

  it('are counted after decompression', async () => {
    const headers = 'Content-Encoding: gzip\r\n';
    expect((await declare('/size', JSON_TYPE, gzipSync(jsonOf(JSON_LIMIT)), headers)).status).to.equal(200);
    expect((await declare('/size', JSON_TYPE, gzipSync(jsonOf(JSON_LIMIT + 1)), headers)).status).to.equal(413);
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
    expect((await declare('/size', JSON_TYPE, bomb, headers)).status).to.equal(413);
  });

  it('can be set by the options', async () => {
    const app = appOf(micropie(Root, { body: { jsonLimit: 10, formLimit: 3 } }));
    expect((await ask(app, post('/size', JSON_TYPE, 10), '{"a":"xx"}')).status).to.equal(200);
    expect((await ask(app, post('/size', JSON_TYPE, 11), '{"a":"xxx"}')).status).to.equal(413);
    expect((await ask(app, post('/size', FORM_TYPE, 3), 'a=x')).status).to.equal(200);
    expect((await ask(app, post('/size', FORM_TYPE, 4), 'a=xx')).status).to.equal(413);
  });

  it('leave the connection usable after a refusal, also when a decompressor was in between', async () => {
    const noise = Buffer.from(Array.from({ length: 3 * JSON_LIMIT }, (_, n) => 32 + ((n * n * 31 + n * 7) % 89)));
    const compressed = gzipSync(noise, { level: 0 });
    await withServer(root(), (port) =>
      withSocket(port, async (client) => {
        for (const [bytes, headers] of [
          [noise, ''],
          [compressed, 'Content-Encoding: gzip\r\n'],
        ] as const) {
          await client.send(post('/size', JSON_TYPE, bytes.length, headers));
          const sent = client.send(bytes);
          expect((await client.response()).status).to.equal(413);
          await sent;
          const next = await client.exchange('GET /greet/Alice HTTP/1.1\r\nHost: x\r\n\r\n');
          expect(result(next)).to.equal('200 Alice');
        }
      }),
    );
  });
});
