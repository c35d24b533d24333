import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { BROKEN_FRAMING } from '../support/cases.js';
import { begin, exchange } from '../support/http2.js';
import { chunked, eventually, post, type RawClient, type RawResponse } from '../support/socket.js';
import { get, http2To, SECRET, tortured } from './support/torture.js';

const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';
const MIB = 1024 * 1024;

type Send = (
  client: RawClient,
  path: string,
  type: string,
  body: string | Uint8Array,
  headers?: string,
) => Promise<RawResponse>;

const WAYS: Record<string, Send> = {
  'with a declared length': (client, path, type, body, headers) => {
    const bytes = Buffer.from(body);
    return client.exchange(Buffer.concat([Buffer.from(post(path, type, bytes.length, headers)), bytes]));
  },
  'in chunks': (client, path, type, body, headers) => {
    const bytes = chunked(Buffer.from(body), 50_000);
    return client.exchange(Buffer.concat([Buffer.from(post(path, type, 'chunked', headers)), bytes]));
  },
  'in one-byte writes around the middle': async (client, path, type, body, headers) => {
    const bytes = Buffer.from(body);
    const middle = Math.max(0, (bytes.length >> 1) - 5);
    await client.send(Buffer.concat([Buffer.from(post(path, type, bytes.length, headers)), bytes.subarray(0, middle)]));
    for (const byte of bytes.subarray(middle, middle + 10)) await client.send(Buffer.of(byte));
    return client.exchange(bytes.subarray(middle + 10));
  },
};

function json({ status, body }: RawResponse): unknown {
  expect(status, body.toString()).to.equal(200);
  return JSON.parse(body.toString());
}

function jsonOf(bytes: number): string {
  return `{"a":"${'x'.repeat(bytes - 8)}"}`;
}

describe('bodies under torture', () => {
  const server = tortured('bodies');

  for (const [way, send] of Object.entries(WAYS))
    describe(`sent ${way}`, () => {
      it('JSON may have 1 MiB and not a byte more, whatever the characters', () =>
        server().trial({ handlers: ['size', 'size'] }, async (client) => {
          const plain = `{"a":"${'x'.repeat(MIB - 8)}"}`;
          expect(json(await send(client, '/size', JSON_TYPE, plain))).to.equal(MIB - 8);
          const wide = `{"a":"${'é'.repeat((MIB - 8) / 2)}"}`;
          expect(json(await send(client, '/size', JSON_TYPE, wide))).to.equal((MIB - 8) / 2);
          for (const more of [`${plain} `, `{"a":"é${'é'.repeat((MIB - 8) / 2)}"}`])
            expect((await send(client, '/size', JSON_TYPE, more)).status).to.equal(413);
        }));

      it('a form may have 56 KiB and not a byte more', () =>
        server().trial({ handlers: ['size'] }, async (client) => {
          const form = `a=${'x'.repeat(56 * 1024 - 2)}`;
          expect(json(await send(client, '/size', FORM, form))).to.equal(56 * 1024 - 2);
          expect((await send(client, '/size', FORM, `${form}x`)).status).to.equal(413);
        }));

      const BAD: [what: string, type: string, body: string | Uint8Array, headers?: string][] = [
        ['nothing', JSON_TYPE, ''],
        ['white space', JSON_TYPE, '  '],
        ['half an object', JSON_TYPE, `{"${SECRET}":`],
        ['two values', JSON_TYPE, '{} {}'],
        ['a plain __proto__', JSON_TYPE, '{"__proto__":{"polluted":1}}'],
        ['an escaped __proto__', JSON_TYPE, '{"\\u005f\\u005fproto__":{"polluted":1}}'],
        ['a deep __proto__', JSON_TYPE, '{"a":[{"b":{"__proto__":{"polluted":1}}}]}'],
        ['brackets 60,000 deep that never end', JSON_TYPE, '['.repeat(60_000)],
        ['gzip that is none', JSON_TYPE, 'garbage', 'Content-Encoding: gzip\r\n'],
        ['gzip that ends early', JSON_TYPE, gzipSync('{"a":1}').subarray(0, -8), 'Content-Encoding: gzip\r\n'],
        ['br that is none', JSON_TYPE, 'garbage!', 'Content-Encoding: br\r\n'],
        ['br that ends early', JSON_TYPE, brotliCompressSync('{"a":1}').subarray(0, -4), 'Content-Encoding: br\r\n'],
        ['deflate that is none', JSON_TYPE, 'garbage', 'Content-Encoding: deflate\r\n'],
        ['a form of 1,001 fields', FORM, `${'a=1&'.repeat(1000)}a=1`],
        ['UTF-16', JSON_TYPE, Buffer.from('{"a":1}', 'utf16le')],
      ];
      for (const [what, type, body, headers] of BAD)
        it(`${what} is 400, and the body was sent`, () =>
          server().trial({}, async (client) => {
            const { status, headers: sent, body: text } = await send(client, '/body', type, body, headers);
            expect(status).to.equal(400);
            const isJson = type === JSON_TYPE;
            expect(sent['content-type']).to.equal(isJson ? 'application/problem+json' : 'text/plain; charset=utf-8');
            expect(text.toString()).not.to.include(SECRET).and.not.to.include(' at ');
          }));

      const GOOD: [what: string, type: string, body: string | Uint8Array, answer: unknown, headers?: string][] = [
        [
          'constructor.prototype',
          JSON_TYPE,
          '{"a":{"constructor":{"name":"x"}}}',
          { json: { a: { constructor: { name: 'x' } } }, fields: { a: [{ constructor: { name: 'x' } }] } },
        ],
        ['a byte order mark', JSON_TYPE, '\ufeff{"a":1}', { json: { a: 1 }, fields: { a: [1] } }],
        ['the last of equal keys', JSON_TYPE, '{"a":1,"a":2}', { json: { a: 2 }, fields: { a: [2] } }],
        [
          'bytes that are no UTF-8',
          JSON_TYPE,
          Buffer.from('7b2261223a22ff227d', 'hex'),
          { json: { a: '\ufffd' }, fields: { a: ['\ufffd'] } },
        ],
        ['a type with a tab', `${JSON_TYPE}\t`, '{"a":1}', { json: { a: 1 }, fields: { a: [1] } }],
        ['a type with a suffix', 'application/vnd.x+json', '{"a":1}', { json: { a: 1 }, fields: { a: [1] } }],
        ['JSON as plain text', 'text/plain', '{"a":1}', { json: {}, fields: {} }],
        ['a type that is none', ';;;==', '{"a":1}', { json: {}, fields: {} }],
        [
          'brackets 50 deep in a form',
          FORM,
          `a${'[b]'.repeat(50)}=1`,
          { json: {}, fields: { [`a${'[b]'.repeat(50)}`]: ['1'] } },
        ],
        ['a form with a strange charset', `${FORM}; charset=utf-16le`, 'a=%C3%A9', { json: {}, fields: { a: ['é'] } }],
        [
          'deflate',
          JSON_TYPE,
          deflateSync('{"a":1}'),
          { json: { a: 1 }, fields: { a: [1] } },
          'Content-Encoding: deflate\r\n',
        ],
      ];
      for (const [what, type, body, answer, headers] of GOOD)
        it(`${what} is read by its rule`, () =>
          server().trial({ handlers: ['body'] }, async (client) => {
            expect(json(await send(client, '/body', type, body, headers))).to.deep.equal(answer);
          }));

      for (const charset of ['bogus', 'utf-16le', 'latin1'])
        it(`JSON in the charset ${charset} is read as UTF-8, or refused`, () =>
          server().trial({ handlers: ['size'] }, async (client) => {
            expect(json(await send(client, '/size', `${JSON_TYPE}; charset=${charset}`, '{"a":"é"}'))).to.equal(1);
          }));

      it('lists 60,000 deep are read, or refused', () =>
        server().trial({ handlers: ['depth'] }, async (client) => {
          const depth = await send(client, '/depth', JSON_TYPE, `${'['.repeat(60_000)}${']'.repeat(60_000)}`);
          expect(json(depth)).to.equal(60_000);
        }));

      it('what inflates beyond the limit is 413', () => {
        // Before the connection opens, on which a request may take only 400 ms.
        const bomb = gzipSync(`{"a":"${'x'.repeat(20 * MIB)}"}`);
        return server().trial({}, async (client) => {
          const headers = 'Content-Encoding: gzip\r\n';
          expect((await send(client, '/size', JSON_TYPE, bomb, headers)).status).to.equal(413);
        });
      });

      for (const [where, a] of Object.entries({ preset: 'preset', parsed: 'sent' }))
        it(`a body that was ${where} before is used as it is`, () =>
          server().trial({ handlers: ['slow'] }, async (client) => {
            const { body } = await send(client, `/${where}/slow`, JSON_TYPE, '{"a":"sent"}');
            expect(body.toString()).to.equal(a);
          }));

      for (const type of [JSON_TYPE, FORM, 'multipart/form-data; boundary=b'])
        it(`a body of ${type} that was consumed before leaves nothing to wait for`, () =>
          server().trial({ connection: 'either', handlers: ['slow'] }, async (client) => {
            const { status } = await send(client, '/consumed/slow', type, 'a=1');
            expect(status).to.equal(200);
          }));
    });

  describe('a body of a type that nobody reads', () => {
    const TYPES = [
      'text/plain',
      ';;;==',
      `application/${SECRET}`,
      'multipart/mixed; boundary=b',
      'application/json, x',
    ];
    for (const type of TYPES)
      for (const [way, send] of Object.entries(WAYS))
        it(`is 415 where a parameter is missing, without what the client wrote: ${type}, sent ${way}`, () =>
          server().trial({ handlers: ['body'] }, async (client) => {
            const { status, body } = await send(client, '/needs', type, `{"a":"${SECRET}"}`);
            expect(`${status} ${body}`).to.match(/^415 415 Unsupported Media Type: Missing required parameter 'a'; /);
            expect(body.toString()).not.to.include(SECRET);
            expect((await send(client, '/body', type, '{"a":1}')).status).to.equal(200);
          }));
  });

  for (const method of ['DELETE', 'QUERY'])
    it(`a body of ${method} is read`, () =>
      server().trial({ handlers: ['body'] }, async (client) => {
        const head = post('/body', JSON_TYPE, 7).replace('POST', method);
        expect(json(await client.exchange(`${head}{"a":1}`))).to.deep.equal({ json: { a: 1 }, fields: { a: [1] } });
      }));

  describe('over HTTP/2', () => {
    const session = http2To(server);
    // The connection of HTTP/1 that a trial opens is not used, and may reach its timeout.
    const ASIDE = { connection: 'either' } as const;

    it('a body without a length is read, and one over the limit refused, on one connection', () =>
      server().trial({ ...ASIDE, handlers: ['size', 'size'] }, async () => {
        const ask = (bytes: number) => exchange(session(), '/size', JSON_TYPE, jsonOf(bytes));
        expect(await ask(MIB)).to.equal(`200 ${MIB - 8}`);
        expect(await ask(MIB + 1)).to.match(/^413 /);
        expect(await ask(MIB)).to.equal(`200 ${MIB - 8}`);
      }));

    it('50 bodies that are cancelled leave nothing behind, and no handler runs', () =>
      server().trial(ASIDE, async () => {
        const streams = Array.from({ length: 50 }, (_, n) => begin(session(), '/body', n % 2 ? JSON_TYPE : FORM));
        for (const stream of streams) stream.write('{"a":');
        await eventually(async () => (await server().tell<number>('http2Pending')) === 50, 'all are under way');
        for (const stream of streams) stream.cancel();
        await eventually(async () => (await server().tell<number>('http2Pending')) === 0, 'all are given up');
      }));
  });

  describe('framing that is for Node to refuse', () => {
    for (const [what, framing, body] of BROKEN_FRAMING)
      it(`${what} is 400`, () =>
        server().trial({ connection: 'closed' }, async (client) => {
          const { status } = await client.exchange(
            `POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: ${JSON_TYPE}\r\n${framing}\r\n\r\n${body}`,
          );
          expect(status).to.equal(400);
        }));

    it('two content types are read as the first of them', () =>
      server().trial({ handlers: ['body'] }, async (client) => {
        const head = post('/body', JSON_TYPE, 7, `Content-Type: ${FORM}\r\n`);
        expect(json(await client.exchange(`${head}{"a":1}`))).to.deep.equal({ json: { a: 1 }, fields: { a: [1] } });
      }));

    it('a body of no type is left alone', () =>
      server().trial({ handlers: ['body'] }, async (client) => {
        const response = await client.exchange('POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{"a":1}');
        expect(json(response)).to.deep.equal({ json: {}, fields: {} });
      }));
  });

  describe('clients that leave', () => {
    for (const [what, type, headers] of [
      ['JSON', JSON_TYPE, ''],
      ['a form', FORM, ''],
      ['gzip', JSON_TYPE, 'Content-Encoding: gzip\r\n'],
      ['br', JSON_TYPE, 'Content-Encoding: br\r\n'],
    ] as const) {
      it(`by half closing within ${what} get 400 or nothing, and nothing runs`, () =>
        server().trial({ connection: 'either' }, async (client) => {
          await client.send(`${post('/body', type, 100, headers)}{"a":`);
          client.halfClose();
          const status = await client.response().then(
            (response) => response.status,
            () => 'nothing',
          );
          expect(status).to.be.oneOf([400, 'nothing']);
        }));

      it(`by a reset within ${what} leave nothing behind`, () =>
        server().trial({ connection: 'either' }, async (client) => {
          await client.send(`${post('/body', type, 100, headers)}{"a":`);
          client.reset();
        }));

      it(`by a reset within ${what} 50 times leave nothing behind`, async () => {
        const before = await server().begin();
        await Promise.all(
          Array.from({ length: 50 }, async () => {
            const client = await server().connect();
            await client.send(`${post('/body', type, 'chunked', headers)}5\r\n{"a":`);
            client.reset();
          }),
        );
        await server().ledger({ connection: 'either' }, before);
      });
    }

    for (const type of [JSON_TYPE, FORM, 'multipart/form-data; boundary=['])
      it(`by sending ${type} a byte at a time are cut off with 408`, () =>
        server().trial({ connection: 'closed' }, async (client) => {
          await client.send(post('/body', type, 1000));
          const drip = setInterval(() => client.send('['), 20);
          const { status } = await client.response().finally(() => clearInterval(drip));
          expect(status).to.equal(408);
        }));

    it('by never ending their headers are cut off with 408', () =>
      server().trial({ connection: 'closed' }, async (client) => {
        await client.send('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
        expect((await client.response()).status).to.equal(408);
      }));
  });

  it('an answer that nobody waits for is no error', () =>
    server().trial({ connection: 'either', handlers: ['body'] }, async (client) => {
      await client.send(get('/body'));
      await client.response();
      client.reset();
    }));
});
