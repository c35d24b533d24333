import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { bodyParser } from '@koa/bodyparser';
import { expect } from 'chai';
import type { Context, Middleware } from 'koa';
import { micropie, type Request, type Routes } from '../lib/index.js';
import { appOf, errorsOf, expectBroken, withServer } from './support/app.js';
import { BROKEN_FRAMING } from './support/cases.js';
import { countRequests } from './support/pending.js';
import { chunked, eventually, post, type RawResponse, withSocket } from './support/socket.js';

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const JSON_LIMIT = 1024 * 1024;
const FORM_LIMIT = 56 * 1024;

class Root {
  json(request: Request) {
    return { json: request.json(), names: Object.keys(request.bodyParams) };
  }

  form(request: Request) {
    return request.bodyParams;
  }

  size(request: Request) {
    return [...Object.values(request.bodyParams).flat().join('')].length;
  }

  list(request: Request) {
    return Object.values(request.bodyParams).flat().length;
  }

  koa(ctx: Context) {
    return { body: ctx.request.body ?? 'nothing' };
  }

  async raw(ctx: Context) {
    const chunks: Buffer[] = [];
    for await (const chunk of ctx.req) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  greet(name = 'Guest') {
    return name;
  }

  static routes = { raw: { body: 'stream' } } satisfies Routes<Root>;
}

const root = () => appOf(micropie(Root));

/** Sends one request over a connection of its own. */
function ask(app: ReturnType<typeof appOf>, head: string, body: string | Uint8Array): Promise<RawResponse> {
  const bytes = Buffer.concat([Buffer.from(head), Buffer.from(body)]);
  return withServer(app, (port) => withSocket(port, (client) => client.exchange(bytes)));
}

/** Posts a body with a declared length. */
function declare(path: string, type: string, body: string | Uint8Array, headers = ''): Promise<RawResponse> {
  return ask(root(), post(path, type, Buffer.byteLength(body), headers), body);
}

/** Posts the same body in chunks. */
function inChunks(path: string, type: string, body: string | Uint8Array, headers = ''): Promise<RawResponse> {
  return ask(root(), post(path, type, 'chunked', headers), chunked(Buffer.from(body), 16 * 1024));
}

const WAYS = { 'with a declared length': declare, 'in chunks': inChunks };

/** JSON of exactly so many bytes, which ends in a character of several bytes. */
function jsonOf(bytes: number): string {
  return `{"a":"${'x'.repeat(bytes - 10)}é"}`;
}

function result({ status, body }: RawResponse): string {
  return `${status} ${body}`;
}

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

describe('JSON bodies', () => {
  const GOOD: [what: string, body: string | Buffer, type: string, json: unknown][] = [
    ['an object', '{"a":1}', JSON_TYPE, { a: 1 }],
    ['a list', '[1,2]', JSON_TYPE, [1, 2]],
    ['a string', '"text"', JSON_TYPE, 'text'],
    ['a number', '12', JSON_TYPE, 12],
    ['true', 'true', JSON_TYPE, true],
    ['null', 'null', JSON_TYPE, null],
    ['white space around', ' \n{"a":1}\t', JSON_TYPE, { a: 1 }],
    ['a byte order mark', '\ufeff{"a":1}', JSON_TYPE, { a: 1 }],
    ['the last of two equal keys', '{"a":1,"a":2}', JSON_TYPE, { a: 2 }],
    ['a type with a charset', '{"a":"é"}', `${JSON_TYPE}; charset=UTF-8`, { a: 'é' }],
    ['a type with a broken parameter', '{"a":1}', `${JSON_TYPE}; charset`, { a: 1 }],
    ['a type in capitals, with spaces', '{"a":1}', 'Application/JSON ; charset=UTF-8', { a: 1 }],
    ['a type with a suffix', '{"a":1}', 'application/vnd.x+json', { a: 1 }],
    ['a type in capitals', '{"a":1}', 'Application/JSON', { a: 1 }],
    ['a type with a tab behind it', '{"a":1}', `${JSON_TYPE}\t`, { a: 1 }],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), JSON_TYPE, '\ufffd'],
    [
      'a very deep list',
      `${'['.repeat(500)}${']'.repeat(500)}`,
      JSON_TYPE,
      JSON.parse('['.repeat(500) + ']'.repeat(500)),
    ],
  ];

  for (const [what, body, type, json] of GOOD)
    it(`take ${what}`, async () => {
      const response = await declare('/json', type, body);
      expect(response.status).to.equal(200);
      expect(JSON.parse(String(response.body)).json).to.deep.equal(json);
    });

  const BAD: [what: string, body: string | Buffer][] = [
    ['nothing', ''],
    ['white space', '  '],
    ['a word', 'hello'],
    ['an object that does not end', '{"a":1'],
    ['a comma too many', '{"a":1,}'],
    ['single quotes', "{'a':1}"],
    ['NaN', '{"a":NaN}'],
    ['two values', '{} {}'],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
    ['unclosed brackets, 60,000 deep', '['.repeat(60_000)],
  ];

  for (const [what, body] of BAD)
    for (const [way, send] of Object.entries(WAYS))
      it(`refuse ${what}, ${way}`, async () => {
        expect(result(await send('/json', JSON_TYPE, body))).to.equal('400 400 Bad Request: Bad JSON');
      });

  for (const body of [
    '{"__proto__":{"polluted":1}}',
    '{"\\u005f_proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
  ])
    it(`never reach a prototype: ${body}`, async () => {
      const { status } = await declare('/json', JSON_TYPE, body);
      expect(status).to.be.oneOf([200, 400]);
      expect(Reflect.get({}, 'polluted')).to.equal(undefined);
      expect(Reflect.get(Root.prototype, 'polluted')).to.equal(undefined);
    });

  it('survive 60,000 levels', async () => {
    const body = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
    expect((await declare('/list', JSON_TYPE, body)).status).to.be.oneOf([200, 400]);
  });
});

describe('Forms', () => {
  const FORMS: [body: string, fields: unknown][] = [
    ['a=1&b=2&a=3', { a: ['1', '3'], b: ['2'] }],
    ['a=&b', {}],
    ['a=&a=1', { a: ['1'] }],
    ['a=x+y%2B%26', { a: ['x y+&'] }],
    ['a=1;b=2', { a: ['1;b=2'] }],
    ['a[]=1&a[b]=2&a.b=3&a[0]=4', { 'a[]': ['1'], 'a[b]': ['2'], 'a.b': ['3'], 'a[0]': ['4'] }],
    ['a=%zz&b=%ff', { a: ['%zz'], b: ['\ufffd'] }],
    ['&&=1&', { '': ['1'] }],
    [`a${'[x]'.repeat(50)}=1`, { [`a${'[x]'.repeat(50)}`]: ['1'] }],
    ['constructor=1&toString=2', { constructor: ['1'], toString: ['2'] }],
  ];

  for (const [body, fields] of FORMS)
    it(`read ${JSON.stringify(body)}`, async () => {
      const response = await declare('/form', FORM_TYPE, body);
      expect(response.status).to.equal(200);
      expect(JSON.parse(String(response.body))).to.deep.equal(fields);
    });

  it('keep __proto__ as a plain name', async () => {
    const { body } = await declare('/form', FORM_TYPE, '__proto__=a&__proto__=b&__proto__[x]=1');
    expect(String(body)).to.equal('{"__proto__":["a","b"],"__proto__[x]":["1"]}');
    expect(Reflect.get({}, 'x')).to.equal(undefined);
  });

  it('take 1,000 fields, and refuse more instead of dropping them', async () => {
    const same = (count: number) => Array(count).fill('a=1').join('&');
    const other = (count: number) => Array.from({ length: count }, (_, n) => `n${n}=1`).join('&');
    for (const form of [same, other]) {
      expect(result(await declare('/list', FORM_TYPE, form(1000)))).to.equal('200 1000');
      const more = await declare('/list', FORM_TYPE, form(1001));
      expect(result(more)).to.equal('400 400 Bad Request: More than 1000 fields');
    }
  });

  it('take an empty body', async () => {
    expect(result(await declare('/form', FORM_TYPE, ''))).to.equal('200 {}');
  });

  it('are read whatever is behind their type', async () => {
    for (const behind of ['; charset', ';', ' ;=', '; charset="', '; charset=latin1; charset=utf-8', '; ;,'])
      expect(result(await declare('/form', FORM_TYPE.toUpperCase() + behind, 'a=1'))).to.equal('200 {"a":["1"]}');
  });

  it('read a charset as what it is not: always UTF-8', async () => {
    const { body } = await declare('/form', `${FORM_TYPE}; charset=latin1`, 'a=é');
    expect(String(body)).to.equal('{"a":["é"]}');
  });
});

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
  const PARSED = { POST: true, PUT: true, PATCH: true, DELETE: false, GET: false };
  for (const [method, isParsed] of Object.entries(PARSED))
    it(`${method} ${isParsed ? 'has' : 'does not have'} its body read`, async () => {
      const head = post('/greet', JSON_TYPE, 16).replace('POST', method);
      expect(result(await ask(root(), head, '{"name":"Alice"}'))).to.equal(`200 ${isParsed ? 'Alice' : 'Guest'}`);
    });
});

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
  const app = () => appOf(counter, micropie(Counting));

  for (const [what, type, body, headers] of BODIES)
    for (const length of [50_000, 'chunked'] as const) {
      const sent = length === 'chunked' ? chunked(body).subarray(0, -5) : body;
      const framing = length === 'chunked' ? 'chunked' : 'with a declared length';

      it(`leaves no request behind, and no handler runs: ${what}, ${framing}, reset`, async () => {
        calls = 0;
        const before = counter.seen;
        const counting = app();
        const errors = errorsOf(counting);
        await withServer(counting, async (port) => {
          await withSocket(port, async (client) => {
            await client.send(post('/', type, length, headers));
            await client.send(sent);
            await eventually(() => counter.seen === before + 1, 'the request arrives');
            client.reset();
          });
          await eventually(() => counter.pending === 0, 'the request is given up');
        });
        expect(calls).to.equal(0);
        expectBroken(errors);
      });

      it(`answers 400: ${what}, ${framing}, half closed`, async () => {
        calls = 0;
        const counting = app();
        const errors = errorsOf(counting);
        const response = await withServer(counting, (port) =>
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
        expectBroken(errors);
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
      const slow = appOf(count, late, micropie(Counting));
      const errors = errorsOf(slow);
      await withServer(slow, async (port) => {
        await withSocket(port, async (client) => {
          await client.send(`${post('/', type, 100)}x`);
          await eventually(() => count.seen === 1, 'the request arrives');
          client.reset();
        });
        await eventually(() => count.pending === 0, 'the request is given up');
      });
      expectBroken(errors);
    }
    expect(calls).to.equal(0);
  });
});

describe('ctx.request.body', () => {
  it('is there for code that was written for Koa: strings, and lists of them', async () => {
    const form = await declare('/koa', FORM_TYPE, 'a=1&b=2&b=3&c=');
    expect(JSON.parse(String(form.body))).to.deep.equal({ body: { a: '1', b: ['2', '3'], c: '' } });
    const json = await declare('/koa', JSON_TYPE, '{"a":{"b":[1]}}');
    expect(JSON.parse(String(json.body))).to.deep.equal({ body: { a: { b: [1] } } });
  });

  it('that an app-wide parser made is used', async () => {
    const app = () => appOf(bodyParser(), micropie(Root));
    const json = await ask(app(), post('/json', JSON_TYPE, 7), '{"a":1}');
    expect(result(json)).to.equal('200 {"json":{"a":1},"names":["a"]}');
    const form = await ask(app(), post('/form', FORM_TYPE, 14), 'a=1&b=2&b=3&c=');
    expect(JSON.parse(String(form.body))).to.deep.equal({ a: ['1'], b: ['2', '3'] });
    const name = await ask(app(), post('/greet', FORM_TYPE, 5), 'name=');
    expect(result(name)).to.equal('200 Guest');
  });

  it('of an app-wide parser does not keep a multipart form from being received', async () => {
    const form = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n';
    const type = 'multipart/form-data; boundary=b';
    const response = await ask(appOf(bodyParser(), micropie(Root)), post('/form', type, form.length), form);
    expect(result(response)).to.equal('200 {"a":["1"]}');
  });

  it('that someone set is used as it is, whatever the client sends', async () => {
    const preset: Middleware = (ctx, next) => {
      ctx.request.body = { name: 'Preset' };
      return next();
    };
    for (const type of [JSON_TYPE, FORM_TYPE, 'multipart/form-data; boundary=b', 'text/plain'])
      expect(result(await ask(appOf(preset, micropie(Root)), post('/greet', type, 3), '???'))).to.equal('200 Preset');
  });

  it('may be missing though the body was read: the request goes on without one', async () => {
    const reader: Middleware = async (ctx, next) => {
      for await (const _chunk of ctx.req);
      return next();
    };
    for (const type of [JSON_TYPE, FORM_TYPE, 'multipart/form-data; boundary=b'])
      expect(result(await ask(appOf(reader, micropie(Root)), post('/greet', type, 3), '???'))).to.equal('200 Guest');
  });
});

describe('Bodies left unread', () => {
  it('with `body: false` the handler finds them whole', async () => {
    const app = () => appOf(micropie(Root, { body: false }));
    expect(result(await ask(app(), post('/raw', JSON_TYPE, 8), 'not json'))).to.equal('200 not json');
    expect(result(await ask(app(), post('/koa', JSON_TYPE, 8), 'not json'))).to.equal('200 {"body":"nothing"}');
    const type = 'multipart/form-data; boundary=b';
    expect(result(await ask(app(), post('/greet', type, 7), '--b--\r\n'))).to.equal('200 Guest');
  });

  it("so do methods declared with `body: 'stream'`", async () => {
    expect(result(await declare('/raw', JSON_TYPE, 'not json'))).to.equal('200 not json');
  });

  it('are not read where no route matches, so that others can', async () => {
    const other: Middleware = async (ctx) => {
      const chunks: Buffer[] = [];
      for await (const chunk of ctx.req) chunks.push(chunk);
      ctx.body = `other ${Buffer.concat(chunks)}`;
    };
    const app = appOf(micropie(Root), other);
    expect(result(await ask(app, post('/elsewhere', JSON_TYPE, 8), 'not json'))).to.equal('200 other not json');
  });
});

describe('Broken framing', () => {
  for (const [what, framing, body, told] of BROKEN_FRAMING)
    it(`is refused: ${what}`, async () => {
      const app = root();
      const errors = errorsOf(app);
      const head = `POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: ${JSON_TYPE}\r\n${framing}\r\n\r\n`;
      expect((await ask(app, head, body)).status).to.equal(400);
      if (told) expectBroken(errors);
      expect(errors.map((error) => Reflect.get(error, 'code'))[0]).to.equal(told);
    });
});
