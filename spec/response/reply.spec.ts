import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { type Context, type HeadersLike, type HttpMiddleware, micropie, type Request, reply } from '../../lib/index.js';
import { appOf, client, errorsOf, withServer } from '../support/app.js';
import { UNSAFE_HEADERS } from '../support/cases.js';
import { eventually, type RawClient, withSocket } from '../support/socket.js';
import { warningsOf } from '../support/warnings.js';

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const BYTES = 'application/octet-stream';

/** A mount whose only method does what the test says; it may have the context. */
function answering(make: (ctx: Context) => unknown): Middleware {
  class Root {
    index(ctx: Context) {
      return make(ctx);
    }
  }
  return micropie(Root);
}

/** Sends a request to a server of one method, and one more on the same connection, which must not notice. */
async function exchangeTwice(make: (ctx: Context) => unknown, method = 'GET') {
  const app = appOf(answering((ctx) => (ctx.query['next'] === undefined ? make(ctx) : 'next answer')));
  const errors = errorsOf(app);
  return withServer(app, (port) =>
    withSocket(port, async (socket) => {
      await socket.send(
        `${method} / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /?next HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      );
      const first = await socket.response({ head: method === 'HEAD' });
      const second = await socket.response();
      return { first, second: second.body.toString(), errors };
    }),
  );
}

describe('The value that a handler returns', () => {
  const twoBytes = [65, 66];
  const table: [title: string, value: () => unknown, status: number, type: string | undefined, body: string][] = [
    ['a string', () => 'Hello', 200, TEXT, 'Hello'],
    ['an empty string', () => '', 200, TEXT, ''],
    ['a string that begins with <', () => '<p>Hello', 200, HTML, '<p>Hello'],
    ['white space and <', () => ' \n<p>', 200, HTML, ' \n<p>'],
    ['text beyond ASCII', () => 'grüß €', 200, TEXT, 'grüß €'],
    ['a Buffer', () => Buffer.from('AB'), 200, BYTES, 'AB'],
    ['a Uint8Array', () => Uint8Array.from(twoBytes), 200, BYTES, 'AB'],
    ['a part of an ArrayBuffer', () => new Uint8Array(Buffer.from('xABx')).subarray(1, 3), 200, BYTES, 'AB'],
    ['a DataView', () => new DataView(Uint8Array.from(twoBytes).buffer), 200, BYTES, 'AB'],
    ['an ArrayBuffer', () => Uint8Array.from(twoBytes).buffer, 200, BYTES, 'AB'],
    ['an object', () => ({ a: 1 }), 200, JSON_TYPE, '{"a":1}'],
    ['an object without a prototype', () => Object.assign(Object.create(null), { a: 1 }), 200, JSON_TYPE, '{"a":1}'],
    ['a list', () => [1, 'two'], 200, JSON_TYPE, '[1,"two"]'],
    ['a list that looks like a tuple', () => [418, 200], 200, JSON_TYPE, '[418,200]'],
    ['a number', () => 42, 200, JSON_TYPE, '42'],
    ['zero', () => 0, 200, JSON_TYPE, '0'],
    ['true', () => true, 200, JSON_TYPE, 'true'],
    ['false', () => false, 200, JSON_TYPE, 'false'],
    ['a date', () => new Date(0), 200, JSON_TYPE, '"1970-01-01T00:00:00.000Z"'],
    ['null', () => null, 204, undefined, ''],
    ['undefined', () => undefined, 204, undefined, ''],
    ['a promise', async () => 'later', 200, TEXT, 'later'],
    ['a thenable', () => new Thenable(), 200, TEXT, 'then'],
    ['a Node stream', () => Readable.from([Buffer.from('AB')], { objectMode: false }), 200, BYTES, 'AB'],
    ['a Node stream of objects', () => Readable.from(['A', Buffer.from('B')]), 200, BYTES, 'AB'],
    ['a web stream', () => new Blob(['AB']).stream(), 200, BYTES, 'AB'],
    ['a Blob', () => new Blob(['AB']), 200, BYTES, 'AB'],
    ['a Blob with a type', () => new Blob(['a,b'], { type: 'text/csv' }), 200, 'text/csv; charset=utf-8', 'a,b'],
    ['a Response', () => new Response('AB', { status: 404 }), 404, 'text/plain;charset=UTF-8', 'AB'],
    ['a Response that redirects', () => Response.redirect('http://localhost/x', 303), 303, BYTES, ''],
    ['a Response without content', () => new Response(null, { status: 204 }), 204, undefined, ''],
  ];
  for (const [title, value, status, type, body] of table)
    it(`becomes ${status} ${type ?? 'without a body'} for ${title}`, async () => {
      const answer = await client(answering(value)).get('/').buffer(true).responseType('arraybuffer');
      expect({ status: answer.status, type: answer.headers['content-type'], body: String(answer.body) }).to.deep.equal({
        status,
        type,
        body,
      });
    });

  it('keeps the headers of a Response, each cookie by itself', async () => {
    const headers: [string, string][] = [
      ['Set-Cookie', 'a=1; Path=/'],
      ['Set-Cookie', 'b=2'],
      ['X-Kept', 'yes'],
      ['Content-Length', '999'],
    ];
    const { first, second } = await exchangeTwice(() => new Response('body', { headers }));
    expect(first.headers['x-kept']).to.equal('yes');
    expect(first.body.toString()).to.equal('body');
    expect(second).to.equal('next answer');
    const answer = await client(answering(() => new Response('body', { headers }))).get('/');
    expect(answer.headers['set-cookie']).to.deep.equal(['a=1; Path=/', 'b=2']);
  });

  it('can be JSON only where JSON can carry it: else it is 500, told once, and the server lives', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    for (const value of [10n, { deep: [1n] }, cyclic]) {
      const app = appOf(answering((ctx) => (ctx.query['next'] === undefined ? value : 'next')));
      const errors = errorsOf(app);
      await withServer(app, async (port) => {
        const answer = await fetch(`http://127.0.0.1:${port}/`);
        expect([answer.status, await answer.text()]).to.deep.equal([500, 'Internal Server Error']);
        expect(await (await fetch(`http://127.0.0.1:${port}/?next`)).text()).to.equal('next');
      });
      expect(errors.map(({ name }) => name)).to.deep.equal(['TypeError']);
    }
  });

  it('is refused where JSON would make an empty object of it', async () => {
    class Told extends Error {
      toJSON() {
        return { told: this.message };
      }
    }
    for (const value of [new Map([[1, 2]]), new Set([1]), new RangeError('secret')]) {
      const app = appOf(answering(() => value));
      const errors = errorsOf(app);
      await client(app).get('/').expect(500, 'Internal Server Error');
      expect(errors.map(String)).to.deep.equal([`TypeError: ${value.constructor.name}: JSON would hold nothing of it`]);
    }
    await client(answering(() => new Told('so')))
      .get('/')
      .expect(200, { told: 'so' });
  });

  it('is refused where it is code', async () => {
    for (const value of [() => 'never called', Symbol('secret')]) {
      const app = appOf(answering(() => value));
      const errors = errorsOf(app);
      await withServer(app, async (port) => expect((await fetch(`http://127.0.0.1:${port}/`)).status).to.equal(500));
      expect(errors.map(String)).to.deep.equal([`TypeError: A ${typeof value} can't be sent`]);
    }
  });
});

describe("Koa's context in a handler", () => {
  const table: [title: string, act: (ctx: Context) => unknown, status: number, body: string][] = [
    ['ctx.body answers where nothing is returned', (ctx) => set(ctx, { body: 'mine' }), 200, 'mine'],
    ['ctx.body may be a generator', (ctx) => set(ctx, { body: chunks('a', 'b') }), 200, 'ab'],
    ['ctx.status alone sends the name of the status', (ctx) => set(ctx, { status: 418 }), 418, "I'm a Teapot"],
    ['ctx.status of 404 counts as set', (ctx) => set(ctx, { status: 404 }), 404, 'Not Found'],
    ['ctx.status and ctx.body go together', (ctx) => set(ctx, { status: 201, body: 'new' }), 201, 'new'],
    ['ctx.status holds for what is returned', (ctx) => set(ctx, { status: 202 }, 'accepted'), 202, 'accepted'],
    ['ctx.body gives way to what is returned', (ctx) => set(ctx, { body: 'old' }, 'new'), 200, 'new'],
    ['ctx.status gives way to reply()', (ctx) => set(ctx, { status: 202 }, reply(203, 'reply')), 203, 'reply'],
    ['ctx.redirect() answers', (ctx) => void ctx.redirect('/there'), 302, 'Redirecting to /there.'],
    ['null leaves ctx.body alone', (ctx) => set(ctx, { body: 'mine' }, null), 200, 'mine'],
  ];
  for (const [title, act, status, text] of table)
    it(title, async () => {
      const answer = await client(answering(act)).get('/').set('Accept', 'text/plain').buffer(true);
      const content = answer.text ?? String(answer.body);
      expect([answer.status, content]).to.deep.equal([status, text]);
    });

  it('with ctx.respond = false leaves the response to the handler', async () => {
    const { first, second } = await exchangeTwice((ctx) => {
      ctx.respond = false;
      setImmediate(() => ctx.res.writeHead(299, { 'Content-Length': 3 }).end('own'));
      return 'ignored';
    });
    expect([first.status, first.body.toString(), second]).to.deep.equal([299, 'own', 'next answer']);
    expect(first.headers['content-type']).to.equal(undefined);
  });

  it('may have a type that wins over that of a string', async () => {
    const answer = await client(answering((ctx) => set(ctx, { type: 'text/csv' }, 'a,b'))).get('/');
    expect(answer.headers['content-type']).to.equal('text/csv; charset=utf-8');
  });
});

describe('reply(status, body, headers)', () => {
  const headerTable: [title: string, headers: HeadersLike, name: string, value: string | string[]][] = [
    ['a record', { 'X-A': 'one' }, 'x-a', 'one'],
    ['a number', { 'X-A': 7 }, 'x-a', '7'],
    ['a list under one name', { Link: ['<a>', '<b>'] }, 'link', '<a>, <b>'],
    ['pairs', [['X-A', 'one']], 'x-a', 'one'],
    [
      'pairs that repeat a name',
      [
        ['X-A', 'one'],
        ['x-a', 'two'],
      ],
      'x-a',
      'one, two',
    ],
    ['cookies in a record', { 'Set-Cookie': ['a=1', 'b=2'] }, 'set-cookie', ['a=1', 'b=2']],
    [
      'cookies as pairs',
      [
        ['Set-Cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
      'set-cookie',
      ['a=1', 'b=2'],
    ],
    ['a type that wins', { 'Content-Type': 'text/csv' }, 'content-type', 'text/csv'],
  ];
  for (const [title, headers, name, value] of headerTable)
    it(`takes headers: ${title}`, async () => {
      const answer = await client(answering(() => reply(200, 'body', headers))).get('/');
      expect(answer.headers[name]).to.deep.equal(value);
    });

  it('replaces headers that were set before, but adds to cookies', async () => {
    const answer = await client(
      answering((ctx) => {
        ctx.set({ 'X-A': 'old', 'Set-Cookie': 'old=1' });
        return reply(200, '', { 'X-A': 'new', 'Set-Cookie': 'new=1' });
      }),
    ).get('/');
    expect(answer.headers['x-a']).to.equal('new');
    expect(answer.headers['set-cookie']).to.deep.equal(['old=1', 'new=1']);
  });

  const bodyTable: [title: string, make: () => unknown, status: number, type: string | undefined, body: string][] = [
    ['nothing sends the name of the status', () => reply(410), 410, TEXT, 'Gone'],
    ['null sends nothing', () => reply(200, null), 200, undefined, ''],
    ['an object is JSON', () => reply(201, { a: 1 }), 201, JSON_TYPE, '{"a":1}'],
    ['HTML is HTML', () => reply(500, '<h1>'), 500, HTML, '<h1>'],
    ['204 has no body', () => reply(204, 'lost'), 204, undefined, ''],
    ['304 has no body', () => reply(304, 'lost'), 304, undefined, ''],
    ['599 is the last status', () => reply(599, 'odd'), 599, TEXT, 'odd'],
    [
      'a Response has the status of the reply',
      () => reply(201, new Response('x', { status: 404 })),
      201,
      'text/plain;charset=UTF-8',
      'x',
    ],
  ];
  for (const [title, make, status, type, body] of bodyTable)
    it(`takes a body: ${title}`, async () => {
      const { first, second } = await exchangeTwice(make);
      expect([first.status, first.headers['content-type'], first.body.toString()]).to.deep.equal([status, type, body]);
      expect(second).to.equal('next answer');
    });

  it('with 205 has no body either', async () => {
    const answer = await client(answering(() => reply(205, { lost: 1 })))
      .get('/')
      .buffer(true);
    expect([answer.status, answer.text]).to.deep.equal([205, '']);
  });

  it('refuses any status but whole numbers from 200 to 599', () => {
    for (const status of [0, 100, 199, 600, 1000, 200.5, -200, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => reply(status), String(status)).to.throw(
        TypeError,
        'A status must be a whole number from 200 to 599',
      );
    for (const status of ['200', null, undefined, 200n, {}])
      expect(() => Reflect.apply(reply, undefined, [status])).to.throw(TypeError, 'A status must be');
  });

  it('refuses headers of another form', () => {
    for (const headers of ['X-A: 1', 5, [['X-A']], ['X-A', 'b'], [['a', 'b', 'c']]])
      expect(() => Reflect.apply(reply, undefined, [200, '', headers])).to.throw(TypeError, /eaders must/);
  });

  it('refuses a reply and a promise as the body, which JSON would make an object of', async () => {
    expect(() => reply(200, reply(201))).to.throw(TypeError, 'is a reply itself');
    expect(() => reply(200, Promise.reject(new Error('late')))).to.throw(TypeError, 'is a promise: await it');
    // An unhandled rejection would fail this test.
    await new Promise(setImmediate);
  });

  it('may be kept and returned again: what hooks add to one answer is not in the next', async () => {
    const kept = reply(200, 'kept', { 'X-A': '1' });
    const hook = {
      afterRequest: (_: Request, _s: number, _b: unknown, headers: [string, string][]) =>
        void headers.push(['X-Hook', 'h']),
    };
    class Root {
      index() {
        return kept;
      }
    }
    const agent = client(micropie(Root, { middlewares: [hook] }));
    await agent.get('/');
    expect((await agent.get('/')).headers['x-hook']).to.equal('h');
  });
});

describe('Headers', () => {
  for (const [title, name, value] of UNSAFE_HEADERS)
    it(`are dropped and reported once, and the rest is sent: ${title}`, async () => {
      const { first, second, errors } = await exchangeTwice(() =>
        reply(200, 'body', [
          ['X-Before', '1'],
          [name, value],
          ['X-After', '2'],
        ]),
      );
      expect(first.body.toString()).to.equal('body');
      expect(first.headers).to.include({ 'x-before': '1', 'x-after': '2' });
      expect(Object.keys(first.headers).filter((key) => /bad|evil|cookie|transfer|trailer/.test(key))).to.deep.equal(
        [],
      );
      expect(second).to.equal('next answer');
      expect(errors.map(({ message }) => message.split(':')[0])).to.deep.equal([
        `The header ${JSON.stringify(name)} was left out`,
      ]);
    });

  const bodies: [title: string, body: () => unknown, text: string][] = [
    ['a string', () => 'body', 'body'],
    ['an empty string', () => '', ''],
    ['nothing', () => null, ''],
    ['JSON', () => ({ a: 1 }), '{"a":1}'],
    ['false', () => false, 'false'],
    ['bytes', () => Buffer.from('body'), 'body'],
    ['a Blob', () => new Blob(['body']), 'body'],
  ];
  for (const [title, body, text] of bodies)
    for (const [name, value] of [
      ['Content-Length', '2'],
      ['Content-Length', '2000'],
      ['Content-Length', 'abc'],
      ['Transfer-Encoding', 'chunked'],
      ['Transfer-Encoding', 'gzip'],
    ] as const)
      it(`cannot garble the connection: ${name}: ${value} for ${title}`, async () => {
        const { first, second } = await exchangeTwice(() => reply(200, body(), { [name]: value }));
        expect([first.body.toString(), second]).to.deep.equal([text, 'next answer']);
      });

  const streams: [title: string, make: () => unknown][] = [
    ['a generator', () => chunks('four', 'more')],
    ['a Node stream', () => Readable.from(chunks('four', 'more'), { objectMode: false })],
    ['a Node stream of objects', () => Readable.from(chunks('four', 'more'))],
    ['a web stream', () => new Blob(['four', 'more']).stream()],
  ];
  for (const [title, make] of streams) {
    it(`announce the length of ${title}`, async () => {
      const { first, second, errors } = await exchangeTwice(() => reply(200, make(), { 'Content-Length': 8 }));
      expect(first.headers['content-length']).to.equal('8');
      expect([first.body.toString(), second, errors]).to.deep.equal(['fourmore', 'next answer', []]);
    });

    for (const length of [6, 12])
      it(`end the connection where ${title} is not of the ${length} bytes that they announce`, async () => {
        const app = appOf(answering(() => reply(200, make(), { 'Content-Length': length })));
        const errors = errorsOf(app);
        const received = await withServer(app, (port) =>
          withSocket(port, async (socket) => {
            await socket.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
            return everything(socket);
          }),
        );
        const body = received.split('\r\n\r\n')[1] ?? '';
        expect(body.length).to.be.at.most(Math.min(length, 8));
        expect(errors.map(({ name }) => name)).to.deep.equal(['RangeError']);
      });

    it(`leave out a length that is none, for ${title}`, async () => {
      const { first, second, errors } = await exchangeTwice(() => reply(200, make(), { 'Content-Length': '8, 9' }));
      expect([first.body.toString(), second]).to.deep.equal(['fourmore', 'next answer']);
      expect(errors).to.have.length(1);
    });
  }
});

describe('A header that says how the message is framed', () => {
  const ways: [title: string, set: (name: string, value: string) => Middleware[]][] = [
    ['reply()', (name, value) => [answering(() => reply(200, chunks('a', 'b'), { [name]: value }))]],
    ['ctx.set()', (name, value) => [answering((ctx) => having(ctx.set(name, value), chunks('a', 'b')))]],
    ['ctx.append()', (name, value) => [answering((ctx) => having(ctx.append(name, value), chunks('a', 'b')))]],
    [
      'ctx.res.setHeader()',
      (name, value) => [answering((ctx) => having(ctx.res.setHeader(name, value), chunks('a', 'b')))],
    ],
    ['a Response', (name, value) => [answering(() => new Response('ab', { headers: { [name]: value } }))]],
    [
      'a Node stream beside it',
      (name, value) => [
        answering((ctx) => {
          ctx.set(name, value);
          return Readable.from(chunks('a', 'b'), { objectMode: false });
        }),
      ],
    ],
    [
      'a generator, before its first chunk',
      (name, value) => [
        answering((ctx) =>
          (function* () {
            ctx.set(name, value);
            yield* chunks('a', 'b');
          })(),
        ),
      ],
    ],
    [
      'an after hook',
      (name, value) => [
        hooked({ afterRequest: (_request, _status, _body, headers) => void headers.push([name, value]) }),
      ],
    ],
    ['a before hook', (name, value) => [hooked({ beforeRequest: ({ ctx }) => ctx.set(name, value) })]],
    [
      'a before hook that answers',
      (name, value) => [hooked({ beforeRequest: () => reply(200, chunks('ab'), { [name]: value }) })],
    ],
    [
      "the app's own middleware, before",
      (name, value) => [
        async (ctx, next) => {
          ctx.set(name, value);
          await next();
        },
        answering(() => chunks('a', 'b')),
      ],
    ],
    [
      "the app's own middleware, afterwards",
      (name, value) => [
        async (ctx, next) => {
          await next();
          ctx.set(name, value);
        },
        answering(() => chunks('a', 'b')),
      ],
    ],
    ['ctx.set() beside a text', (name, value) => [answering((ctx) => having(ctx.set(name, value), 'ab'))]],
  ];
  for (const [title, make] of ways)
    for (const [name, value] of [
      ['Trailer', 'X-Checksum'],
      ['Transfer-Encoding', 'gzip'],
    ] as const)
      for (const protocol of ['1.0', '1.1'])
        it(`is dropped and reported, and the answer is whole: ${name} by ${title}, HTTP/${protocol}`, async () => {
          const app = appOf(...make(name, value));
          const errors = errorsOf(app);
          const answer = await withServer(app, (port) =>
            withSocket(port, (socket) => socket.exchange(`GET / HTTP/${protocol}\r\nHost: localhost\r\n\r\n`)),
          );
          expect([answer.status, answer.body.toString()]).to.deep.equal([200, 'ab']);
          expect(answer.headers).to.not.have.property('trailer');
          expect(answer.headers['transfer-encoding']).to.be.oneOf([undefined, 'chunked']);
          expect(errors.map(({ message }) => message.split(':')[0])).to.deep.equal([
            `The header ${JSON.stringify(name)} was left out`,
          ]);
        });

  function hooked(hook: HttpMiddleware): Middleware {
    class Root {
      index() {
        return chunks('a', 'b');
      }
    }
    return micropie(Root, { middlewares: [hook] });
  }
});

describe('HEAD', () => {
  const table: [title: string, make: () => unknown, headers: Record<string, string | undefined>][] = [
    ['a string', () => 'body', { 'content-type': TEXT, 'content-length': '4' }],
    ['JSON', () => ({ a: 1 }), { 'content-type': JSON_TYPE, 'content-length': '7' }],
    ['bytes', () => Buffer.from('AB'), { 'content-type': BYTES, 'content-length': '2' }],
    ['a reply', () => reply(200, 'body', { 'X-A': '1' }), { 'x-a': '1', 'content-length': '4' }],
    ['a Node stream', () => Readable.from(['a']), { 'content-type': BYTES, 'content-length': undefined }],
    ['a web stream', () => new Blob(['AB']).stream(), { 'content-type': BYTES, 'content-length': undefined }],
    ['a stream of known length', () => reply(200, chunks('ab'), { 'Content-Length': 2 }), { 'content-length': '2' }],
  ];
  for (const [title, make, headers] of table)
    it(`has the headers of GET and no body: ${title}`, async () => {
      const { first, second } = await exchangeTwice(make, 'HEAD');
      expect(first.status).to.equal(200);
      for (const [name, value] of Object.entries(headers)) expect(first.headers[name], name).to.equal(value);
      expect(second).to.equal('next answer');
    });

  it('ends streams that are not read', async () => {
    let cancelled = 0;
    const node = Readable.from(['a']);
    const web = new ReadableStream({
      cancel() {
        cancelled += 1;
      },
    });
    await exchangeTwice(() => node, 'HEAD');
    await exchangeTwice(() => web, 'HEAD');
    await eventually(() => node.destroyed && cancelled === 1, 'both are ended');
  });
});

describe('A returned array that looks like [status, body]', () => {
  class Root {
    pair() {
      return [404, 'Nothing here'];
    }
    triple() {
      return [201, { a: 1 }, { 'X-A': '1' }];
    }
    numbers() {
      return [200, 404];
    }
    words() {
      return ['200', 'OK'];
    }
    single() {
      return [200];
    }
  }
  it('is JSON, and in production nothing is said', async () => {
    const { NODE_ENV } = process.env;
    process.env['NODE_ENV'] = 'production';
    try {
      const warnings = await warningsOf(async () => {
        const answer = await client(micropie(Root)).get('/pair');
        expect([answer.status, answer.body]).to.deep.equal([200, [404, 'Nothing here']]);
      });
      expect(warnings).to.deep.equal([]);
    } finally {
      if (NODE_ENV === undefined) delete process.env['NODE_ENV'];
      else process.env['NODE_ENV'] = NODE_ENV;
    }
  });

  it('is warned about once for each route during development, and other arrays never', async () => {
    const agent = client(micropie(Root));
    const warnings = await warningsOf(async () => {
      for (const path of ['/pair', '/pair', '/triple', '/numbers', '/words', '/single', '/pair']) await agent.get(path);
    });
    expect(warnings).to.deep.equal(
      ['/pair', '/triple'].map(
        (path) =>
          `KOA_MICROPIE_TUPLE: ${path} returned an array that looks like [status, body]. It was sent as JSON: return reply(status, body) instead`,
      ),
    );
  });
});

function* chunks(...parts: string[]): Generator<string> {
  yield* parts;
}

/** All that comes until the server closes the connection. */
async function everything({ socket }: RawClient): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => socket.on('close', resolve).on('end', resolve));
  return text;
}

function set(ctx: Context, members: { status?: number; body?: unknown; type?: string }, result?: unknown): unknown {
  Object.assign(ctx, members);
  return result;
}

/** A value, when something else was done. */
function having<T>(_done: unknown, value: T): T {
  return value;
}

class Thenable {
  // biome-ignore lint/suspicious/noThenProperty: it is to be taken for a promise.
  then(resolve: (value: string) => void): void {
    resolve('then');
  }
}
