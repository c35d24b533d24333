import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import * as z from 'zod';
import { micropie } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { ask, declare, FORM_TYPE, inChunks, JSON_TYPE, Root, result, root, WAYS } from '../support/bodies.js';
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
    for (const type of [JSON_TYPE, FORM_TYPE])
      expect(result(await declare('/json', type, body, 'Content-Encoding: zstandard\r\n'))).to.equal(
        '415 415 Unsupported Media Type: The Content-Encoding of the body is not known here; send it as gzip, deflate, br or plain',
      );
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
    const without = [
      '',
      '; boundary=',
      '; boundary=""',
      '; boundary',
      '; x="; boundary=b"',
      `; boundary=${'b'.repeat(71)}`,
      '; boundary="a\\"b"',
      '; boundary=é',
    ];
    for (const parameters of without)
      for (const path of ['/form', '/parts']) {
        const response = await declare(path, `multipart/form-data${parameters}`, '--b--\r\n');
        expect(result(response), `${path} ${parameters}`).to.equal('400 400 Bad Request: Missing boundary');
      }
  });

  const BOUNDARIES: [parameters: string, boundary: string][] = [
    ['x="; boundary=Y"; boundary=X', 'X'],
    ['boundary=X; boundary=Y', 'X'],
    ['BOUNDARY="X"', 'X'],
    ['boundary=X;charset=utf-8', 'X'],
    ['boundary=X Y', 'X Y'],
    [`boundary=${'b'.repeat(70)}`, 'b'.repeat(70)],
    ['boundary="\'()+_,-./:=?"', "'()+_,-./:=?"],
  ];
  for (const [parameters, boundary] of BOUNDARIES)
    it(`multipart has one boundary, for uploads and for parts(): ${parameters.slice(0, 40)}`, async () => {
      const form = `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--${boundary}--\r\n`;
      for (const path of ['/form', '/parts'])
        expect(result(await declare(path, `multipart/form-data; ${parameters}`, form))).to.equal('200 {"a":["1"]}');
    });
});

describe('A missing parameter and a body of a type that nobody reads', () => {
  const MISSING = "Missing required parameter 'name'";
  const READ = 'a body is read as application/json, application/x-www-form-urlencoded or multipart/form-data';
  const UNSUPPORTED = `415 415 Unsupported Media Type: ${MISSING}; ${READ}`;

  for (const type of [
    'text/plain',
    'application/xml',
    'application/octet-stream',
    'multipart/mixed; boundary=b',
    ';;;',
  ])
    for (const [way, send] of Object.entries(WAYS))
      it(`is 415, naming the types that are read: ${type}, ${way}`, async () => {
        expect(result(await send('/needs', type, '{"name":"Alice"}'))).to.equal(UNSUPPORTED);
      });

  it('is 415 where no type is given', async () => {
    const head = 'POST /needs HTTP/1.1\r\nHost: x\r\nContent-Length: 16\r\n\r\n';
    expect(result(await ask(root(), head, '{"name":"Alice"}'))).to.equal(UNSUPPORTED);
  });

  it('is 415 for an input that may be left out: nothing that was sent is dropped in silence', async () => {
    class Optional {
      note(input: { text: string } | undefined) {
        return { input };
      }
      static routes = { note: { path: 'POST', input: z.object({ text: z.string() }).optional() } };
    }
    const app = appOf(micropie(Optional));
    const head = 'POST /note HTTP/1.1\r\nHost: x\r\n';
    const answer = await ask(app, `${head}Content-Type: text/plain\r\nContent-Length: 1\r\n\r\n`, 'x');
    expect(result(answer)).to.match(/^415 .*Missing required parameter 'input'; a body is read as/);
    expect(result(await ask(app, `${head}Content-Length: 0\r\n\r\n`, ''))).to.equal('200 {}');
  });

  it('does not repeat what the client wrote', async () => {
    expect(result(await declare('/needs', 'text/secret', 'x'))).not.to.include('secret');
  });

  it('does not matter where the parameter is given, or may not come from the body', async () => {
    expect(result(await declare('/needs?name=Bob', 'text/plain', 'x'))).to.equal('200 Bob');
    expect(result(await declare('/needs/Bob', 'text/plain', 'x'))).to.equal('200 Bob');
    const fromSession = result(await declare('/member', 'text/plain', 'x'));
    expect(fromSession).to.equal(`400 400 Bad Request: ${MISSING}`);
  });

  const WITHOUT_BODY: [what: string, method: string, headers: string, body: string][] = [
    ['no body', 'POST', '', ''],
    ['an empty body', 'POST', 'Content-Type: text/plain\r\nContent-Length: 0\r\n', ''],
    [
      'a GET, whose body nobody reads whatever its type',
      'GET',
      'Content-Type: text/plain\r\nContent-Length: 1\r\n',
      'x',
    ],
    [
      'a type that is read',
      'POST',
      'Accept: text/plain\r\nContent-Type: application/json\r\nContent-Length: 2\r\n',
      '{}',
    ],
  ];
  for (const [what, method, headers, body] of WITHOUT_BODY)
    it(`is 400 with ${what}`, async () => {
      const response = await ask(root(), `${method} /needs HTTP/1.1\r\nHost: x\r\n${headers}\r\n`, body);
      expect(result(response)).to.equal(`400 400 Bad Request: ${MISSING}`);
    });

  it('is 400 where bodies are left to the handler', async () => {
    const app = appOf(micropie(Root, { body: false }));
    const response = await ask(app, post('/needs', 'text/plain', 1), 'x');
    expect(result(response)).to.equal(`400 400 Bad Request: ${MISSING}`);
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
