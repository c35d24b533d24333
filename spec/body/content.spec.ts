import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { errorsOf } from '../support/app.js';
import { ask, declare, FORM_TYPE, inChunks, JSON_TYPE, result, root } from '../support/bodies.js';
import { post } from '../support/socket.js';

describe('Content-Encoding', () => {
  const body = '{"a":"compressed"}';
  const ENCODINGS = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync };

  for (const [encoding, compress] of Object.entries(ENCODINGS)) {
    const headers = `Content-Encoding: ${encoding}\r\n`;
    const compressed = compress(body);

    it(`reads ${encoding}`, async () => {
      for (const send of [declare, inChunks]) {
        const { body: text } = await send('/json', JSON_TYPE, compressed, headers);
        expect(JSON.parse(String(text)).json).to.deep.equal({ a: 'compressed' });
      }
    });

    it(`answers 400 to ${encoding} that is garbage or ends too early`, async () => {
      for (const broken of ['this is not compressed at all', compressed.subarray(0, -6), compressed.subarray(0, 1)]) {
        for (const type of [JSON_TYPE, FORM_TYPE])
          expect(result(await declare('/json', type, broken, headers))).to.match(/^400 400 Bad Request: Bad /);
      }
    });
  }

  it('that is unknown is 415', async () => {
    const { status } = await declare('/json', JSON_TYPE, body, 'Content-Encoding: zstandard\r\n');
    expect(status).to.equal(415);
  });

  it('of a multipart form is not undone: 400, and nothing hangs', async () => {
    const form = gzipSync('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n');
    const { status } = await declare('/form', 'multipart/form-data; boundary=b', form, 'Content-Encoding: gzip\r\n');
    expect(status).to.equal(400);
  });
});

describe('Content-Type', () => {
  const UNREAD = [
    ';;;',
    ';;;==',
    'text/plain',
    'application/xml',
    'application/octet-stream',
    'json',
    'multipart/mixed',
  ];
  for (const type of UNREAD)
    it(`${type} leaves the body alone`, async () => {
      const response = await declare('/json', type, '{"a":1}');
      expect(result(response)).to.equal('200 {"json":{},"names":[]}');
    });

  it('may be missing: the body is left alone', async () => {
    const response = await ask(root(), 'POST /json HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n', '{"a":1}');
    expect(result(response)).to.equal('200 {"json":{},"names":[]}');
  });

  it('multipart needs a boundary', async () => {
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=""']) {
      const response = await declare('/form', type, '--b--\r\n');
      expect(result(response)).to.equal('400 400 Bad Request: Missing boundary');
    }
  });
});

describe('HTTP methods', () => {
  const PARSED = { POST: true, PUT: true, PATCH: true, DELETE: true, QUERY: true, GET: false };
  for (const [method, isParsed] of Object.entries(PARSED))
    it(`${method} ${isParsed ? 'has' : 'does not have'} its body read`, async () => {
      const head = post('/greet', JSON_TYPE, 16).replace('POST', method);
      expect(result(await ask(root(), head, '{"name":"Alice"}'))).to.equal(`200 ${isParsed ? 'Alice' : 'Guest'}`);
    });
});

describe('Broken framing', () => {
  const BROKEN: [what: string, head: string, body: string][] = [
    ['a length that is no number', 'Content-Length: abc', '{}'],
    ['a negative length', 'Content-Length: -1', '{}'],
    ['length and chunks together', 'Content-Length: 2\r\nTransfer-Encoding: chunked', '2\r\n{}\r\n0\r\n\r\n'],
    ['an unknown transfer encoding', 'Transfer-Encoding: xchunked', '{}'],
    ['a chunk size that is none', 'Transfer-Encoding: chunked', 'zz\r\n{}\r\n0\r\n\r\n'],
  ];
  for (const [what, framing, body] of BROKEN)
    it(`is refused: ${what}`, async () => {
      const app = root();
      errorsOf(app);
      const head = `POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: ${JSON_TYPE}\r\n${framing}\r\n\r\n`;
      expect((await ask(app, head, body)).status).to.equal(400);
    });
});
