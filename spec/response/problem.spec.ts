import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import createError from 'http-errors';
import type { Middleware } from 'koa';
import request from 'supertest';
import * as z from 'zod';
import type { Context } from '../../lib/context.js';
import { type HttpMiddleware, micropie } from '../../lib/index.js';
import { appOf, client, errorsOf, withServer } from '../support/app.js';
import { post, withSocket } from '../support/socket.js';

const Task = z.object({ title: z.string(), 'a/b~c d': z.number().optional() });

class Root {
  plain(a: number, b = 7) {
    return a + b;
  }
  typed(id: number, flag: boolean) {
    return [id, flag];
  }
  save(task: z.output<typeof Task>) {
    return task;
  }
  show(a: string) {
    return a;
  }
  at(id: number, task: z.output<typeof Task>) {
    return [id, task];
  }
  thrown(ctx: Context) {
    ctx.throw(409, 'It is taken');
  }
  unnamed(ctx: Context) {
    ctx.throw(404);
  }
  hidden() {
    throw createError(403, 'the-secret', { expose: false });
  }
  broken() {
    throw new Error('the-secret');
  }
  lost() {
    throw Object.assign(new Error('the-secret'), { code: 'ENOENT' });
  }
  late() {
    throw createError(503, 'the-secret', { headers: { 'Retry-After': '5' } });
  }
  odd() {
    throw createError(400, 'Odd', { issues: 'none' });
  }
  posted() {
    return 'posted';
  }

  static routes = {
    typed: { params: [Number, Boolean] },
    save: { input: Task },
    show: { returns: z.string() },
    at: { path: 'POST /at/:id', params: [Number], input: Task },
    posted: 'POST',
  };
}

const MISSING = "Missing required parameter 'a'";
const TEXT = `400 Bad Request: ${MISSING}`;
const PROBLEM = {
  title: 'Bad Request',
  status: 400,
  detail: MISSING,
  errors: [{ detail: MISSING, pointer: '#/a' }],
};

/** Who prefers what: text, a problem, or neither. */
const ACCEPT: Readonly<Record<string, readonly [accept: string | undefined, prefers: 'text' | 'problem' | 'neither']>> =
  {
    axios: ['application/json, text/plain, */*', 'problem'],
    fetch: ['*/*', 'neither'],
    curl: ['*/*', 'neither'],
    'a client without the header': [undefined, 'neither'],
    Firefox: ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
    Chrome: [
      'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
      'text',
    ],
    jQuery: ['application/json, text/javascript, */*; q=0.01', 'problem'],
    got: ['application/json', 'problem'],
    'a client of problems': ['application/problem+json', 'problem'],
    'a client of any application type': ['application/*', 'problem'],
    'a client of any text': ['text/*', 'text'],
    'a reader': ['text/plain', 'text'],
    'JSON with a lower weight': ['text/plain, application/json;q=0.9', 'text'],
    'text with a lower weight': ['text/html;q=0.4, application/json;q=0.5', 'problem'],
    'text named first': ['text/plain, application/json', 'text'],
    'JSON excluded': ['application/json;q=0, application/problem+json;q=0, */*', 'text'],
    'an image': ['image/png', 'neither'],
    EventSource: ['text/event-stream', 'neither'],
    'another JSON type': ['application/hal+json', 'neither'],
    'what is no type': ['nonsense', 'neither'],
  };

/** The request that goes wrong, and what is sent to those without a preference. */
const REQUESTS: Readonly<
  Record<string, readonly [path: string, body: object | string | undefined, otherwise: 'text' | 'problem']>
> = {
  'GET of a route without declarations': ['/plain', undefined, 'text'],
  'a form to a route without declarations': ['/plain', 'b=1', 'text'],
  'JSON to a route without declarations': ['/plain', { b: 1 }, 'problem'],
  'an empty JSON list': ['/plain', [], 'problem'],
  'GET of a route with returns': ['/show', undefined, 'problem'],
  'a form to a route with returns': ['/show', 'b=1', 'problem'],
  'JSON to a route with returns': ['/show', { b: 1 }, 'problem'],
};

describe('An error that nobody answers', () => {
  for (const [client, [accept, prefers]] of Object.entries(ACCEPT))
    for (const [title, [path, body, otherwise]] of Object.entries(REQUESTS)) {
      const form = prefers === 'neither' ? otherwise : prefers;
      it(`is ${form === 'text' ? 'text' : 'a problem'} for ${client}: ${title}`, async () => {
        const response = await ask(path, { body, accept });
        expect(response.status).to.equal(400);
        if (form === 'text')
          expect([response.headers['content-type'], response.text]).to.deep.equal(['text/plain; charset=utf-8', TEXT]);
        else
          expect([response.headers['content-type'], JSON.parse(response.text)]).to.deep.equal([
            'application/problem+json',
            PROBLEM,
          ]);
        expect(response.headers['content-length']).to.equal(String(response.text.length));
      });
    }

  const unread: [title: string, path: string, body: string, type: string, status: number][] = [
    ['bad JSON', '/plain', '{"a":', 'application/json', 400],
    ['bad JSON of a type of its own', '/plain', '{', 'application/vnd.api+json; charset=utf-8', 400],
    ['JSON beyond the limit', '/plain', `"${'x'.repeat(2 ** 20)}"`, 'application/json', 413],
    ['JSON to a bad path', '/plain/%zz', '{}', 'application/json', 400],
  ];
  for (const [title, path, body, type, status] of unread)
    for (const accept of ['*/*', undefined, 'text/plain'])
      it(`is ${accept === 'text/plain' ? 'text' : 'a problem'} for ${title} with Accept ${accept}`, async () => {
        const response = await ask(path, { body, type, accept });
        const form = accept === 'text/plain' ? 'text/plain; charset=utf-8' : 'application/problem+json';
        expect([response.status, response.headers['content-type']]).to.deep.equal([status, form]);
      });

  const bodies: [
    title: string,
    path: string,
    body: object | string | undefined,
    status: number,
    text: string,
    problem: object,
  ][] = [
    [
      'several plain types',
      '/typed/x/y',
      undefined,
      400,
      "400 Bad Request: Parameter 'id' must be a number; Parameter 'flag' must be true or false",
      {
        detail: "Parameter 'id' must be a number; Parameter 'flag' must be true or false",
        errors: [
          { detail: "Parameter 'id' must be a number", pointer: '#/id' },
          { detail: "Parameter 'flag' must be true or false", pointer: '#/flag' },
        ],
      },
    ],
    [
      'members of an input',
      '/save',
      { 'a/b~c d': 'x' },
      400,
      '400 Bad Request: title: Invalid input: expected string, received undefined; a/b~c d: Invalid input: expected number, received string',
      {
        detail:
          'title: Invalid input: expected string, received undefined; a/b~c d: Invalid input: expected number, received string',
        errors: [
          { detail: 'Invalid input: expected string, received undefined', pointer: '#/title' },
          { detail: 'Invalid input: expected number, received string', pointer: '#/a~1b~0c%20d' },
        ],
      },
    ],
    [
      'the input as a whole',
      '/save',
      [],
      400,
      '400 Bad Request: Invalid input: expected object, received array',
      {
        detail: 'Invalid input: expected object, received array',
        errors: [{ detail: 'Invalid input: expected object, received array', pointer: '#' }],
      },
    ],
    [
      'a parameter and an input',
      '/at/x',
      {},
      400,
      "400 Bad Request: Parameter 'id' must be a number; title: Invalid input: expected string, received undefined",
      {
        detail: "Parameter 'id' must be a number; title: Invalid input: expected string, received undefined",
        errors: [
          { detail: "Parameter 'id' must be a number", pointer: '#/id' },
          { detail: 'Invalid input: expected string, received undefined', pointer: '#/title' },
        ],
      },
    ],
    ['ctx.throw', '/thrown', undefined, 409, '409 Conflict: It is taken', { detail: 'It is taken' }],
    ['ctx.throw without a message', '/unnamed', undefined, 404, 'Not Found', {}],
    ['a message that is not exposed', '/hidden', undefined, 403, 'Forbidden', {}],
    ['issues that are none', '/odd', undefined, 400, '400 Bad Request: Odd', { detail: 'Odd' }],
    ['an error of the server', '/broken', undefined, 500, 'Internal Server Error', {}],
    ['a missing file', '/lost', undefined, 500, 'Internal Server Error', {}],
    ['an unavailable server', '/late', undefined, 503, 'Service Unavailable', {}],
    ['a method that is not allowed', '/posted', undefined, 405, 'Method Not Allowed', {}],
    ['a bad path', '/plain/%zz', undefined, 400, '400 Bad Request: Bad path', { detail: 'Bad path' }],
    ['bad JSON', '/plain', '{', 400, '400 Bad Request: Bad JSON', { detail: 'Bad JSON' }],
  ];
  for (const [title, path, body, status, text, problem] of bodies)
    it(`has one body in each form: ${title}`, async () => {
      const type = body === '{' ? 'application/json' : undefined;
      const asText = await ask(path, { body, accept: 'text/plain', type });
      expect([asText.status, asText.text]).to.deep.equal([status, text]);
      const asProblem = await ask(path, { body, accept: 'application/json', type });
      const heading = text.replace(/^\d+ |:.*/gs, '');
      expect([asProblem.status, JSON.parse(asProblem.text)]).to.deep.equal([
        status,
        { title: heading, status, ...problem },
      ]);
    });

  it('is answered to HEAD with the headers alone', async () => {
    const app = appOf(micropie(Root));
    await withServer(app, (port) =>
      withSocket(port, async (socket) => {
        for (const accept of ['text/plain', 'application/json']) {
          await socket.send(`HEAD /plain HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\n\r\n`);
          const { status, headers } = await socket.response({ head: true });
          const { text } = await ask('/plain', { accept });
          expect([status, headers['content-length']]).to.deep.equal([400, String(text.length)]);
        }
        const next = await socket.exchange('GET /plain/1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
        expect(next.body.toString()).to.equal('17');
      }),
    );
  });

  it('is told to the app once, as it was thrown', async () => {
    const { errors } = await served('/plain');
    expect(errors).to.have.lengthOf(1);
    expect(errors[0]).to.include({ message: MISSING, status: 400, parameter: 'a', expose: true });
    expect(errors[0]).to.have.deep.property('issues', [{ message: MISSING, path: ['a'] }]);
    expect((await served('/broken')).errors.map(({ message }) => message)).to.deep.equal(['the-secret']);
  });

  it("is the app's own to answer", async () => {
    const seen: unknown[] = [];
    const own: Middleware = async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        const { message, status, parameter, issues } = Object(error);
        seen.push({ message, status, parameter, issues });
        ctx.status = status;
        ctx.body = { mine: true };
      }
    };
    const { response } = await served('/save', { body: { title: 1 } }, own);
    expect([response.status, response.body, response.type]).to.deep.equal([400, { mine: true }, 'application/json']);
    const message = 'Invalid input: expected string, received number';
    expect(seen).to.deep.equal([
      { message: `title: ${message}`, status: 400, parameter: 'task', issues: [{ message, path: ['title'] }] },
    ]);
  });

  it('is written as Koa does where the app throws another in its place', async () => {
    const own: Middleware = (_ctx, next) => next().catch(() => Promise.reject(createError(418, 'Mine')));
    const { response } = await served('/plain', { accept: 'application/json' }, own);
    expect([response.status, response.text]).to.deep.equal([418, 'Mine']);
  });

  it('does not change what errors of other middleware look like', async () => {
    const other: Middleware = (ctx) => ctx.throw(400, 'Theirs');
    const app = appOf(micropie(Root), other);
    const response = await request(app.callback()).get('/elsewhere').accept('application/json');
    expect([response.status, response.text]).to.deep.equal([400, 'Theirs']);
  });
});

describe('The headers of an error that nobody answers', () => {
  const before: Middleware = (ctx, next) => {
    ctx.set({
      'Access-Control-Allow-Origin': 'https://example.com',
      'Content-Security-Policy': "default-src 'none'",
      'X-Request-Id': '7',
      Vary: 'Origin',
    });
    ctx.append('Set-Cookie', ['a=1', 'b=2']);
    return next();
  };

  class Describing {
    index(ctx: Context, kind = '') {
      ctx.set({
        'Content-Encoding': 'gzip',
        'Content-Disposition': 'attachment',
        'Content-Language': 'de',
        'Content-Length': '3',
        'Content-Type': 'image/png',
        ETag: '"x"',
        'Last-Modified': new Date(0).toUTCString(),
        'Cache-Control': 'public, max-age=60',
        'CDN-Cache-Control': 'max-age=60',
        Expires: new Date(0).toUTCString(),
        'Transfer-Encoding': 'chunked',
        Trailer: 'X-Sum',
      });
      if (kind === 'stream') ctx.body = createReadStream(import.meta.filename);
      throw createError(409, 'Taken', { headers: { 'X-Why': 'taken', 'Content-Type': 'text/html' } });
    }
  }

  for (const [kind, accept, type] of [
    ['text', 'text/plain', 'text/plain; charset=utf-8'],
    ['problem', 'application/json', 'application/problem+json'],
    ['stream', 'application/json', 'application/problem+json'],
  ] as const)
    it(`keep what was set before, but for what describes the body: ${kind}`, async () => {
      await withServer(appOf(before, micropie(Describing)), (port) =>
        withSocket(port, async (socket) => {
          const answer = await socket.exchange(`GET /${kind} HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\n\r\n`);
          const { date: _date, connection: _connection, 'keep-alive': _alive, ...headers } = answer.headers;
          expect(headers).to.deep.equal({
            'access-control-allow-origin': 'https://example.com',
            'content-security-policy': "default-src 'none'",
            'x-request-id': '7',
            vary: 'Origin, Accept',
            'set-cookie': 'a=1, b=2',
            'x-why': 'taken',
            'content-type': type,
            'content-length': String(answer.body.length),
          });
          const next = await socket.exchange('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
          expect(next.status).to.equal(409);
        }),
      );
    });

  it('hold those of the error', async () => {
    const { response } = await served('/late');
    expect(response.headers['retry-after']).to.equal('5');
    expect((await served('/posted')).response.headers['allow']).to.equal('POST, OPTIONS');
  });
});

describe('An error behind hooks', () => {
  const refuse = (status: number) => () => {
    throw createError(status, 'Not for you');
  };
  const hooks: Readonly<Record<string, HttpMiddleware>> = {
    beforeRequest: { beforeRequest: refuse(401) },
    beforeCall: { beforeCall: refuse(401) },
    afterRequest: { afterRequest: refuse(401) },
  };
  for (const [name, hook] of Object.entries(hooks))
    it(`is written in the same way where ${name} throws it`, async () => {
      const response = await ask('/plain/1', { accept: 'application/json', hooks: [hook] });
      expect([response.status, JSON.parse(response.text)]).to.deep.equal([
        401,
        { title: 'Unauthorized', status: 401, detail: 'Not for you' },
      ]);
    });

  it('is written in the same way where onError throws another', async () => {
    const before: Middleware = (ctx, next) => {
      ctx.set('Access-Control-Allow-Origin', '*');
      return next();
    };
    const { response, errors } = await served(
      '/broken',
      { accept: 'application/json', hooks: [{ onError: refuse(409) }] },
      before,
    );
    expect([response.status, JSON.parse(response.text).detail]).to.deep.equal([409, 'Not for you']);
    expect(response.headers['access-control-allow-origin']).to.equal('*');
    // Neither hides the other.
    expect(errors.map(({ message }) => message)).to.deep.equal(['the-secret', 'Not for you']);
  });

  it('is written in the same way where the answer of onError fails', async () => {
    const hook: HttpMiddleware = {
      onError: () => ({
        statusCode: 200,
        body: (function* () {
          yield String(refuse(410)());
        })(),
      }),
    };
    const response = await ask('/plain', { accept: 'application/json', hooks: [hook] });
    expect([response.status, JSON.parse(response.text).detail]).to.deep.equal([410, 'Not for you']);
  });

  it('is what onError makes of it', async () => {
    const hook: HttpMiddleware = { onError: (_request, error) => ({ statusCode: 422, body: { said: error.message } }) };
    const { response, errors } = await served('/plain', { hooks: [hook] });
    expect([response.status, response.body, errors]).to.deep.equal([422, { said: MISSING }, []]);
  });
});

describe('An error after the headers were sent', () => {
  it('breaks the connection and is told once', async () => {
    class Streaming {
      async *index() {
        yield 'one';
        await sleep(20);
        throw createError(400, 'Too late');
      }
      own(ctx: Context) {
        ctx.respond = false;
        ctx.status = 200;
        ctx.res.write('one');
        setTimeout(() => ctx.res.destroy(), 20);
        throw createError(400, 'Too late');
      }
    }
    for (const path of ['/', '/own']) {
      const app = appOf(micropie(Streaming));
      const errors = errorsOf(app);
      await withServer(app, async (port) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`);
        const failed = await response.text().then(
          () => false,
          () => true,
        );
        expect([response.status, failed]).to.deep.equal([200, true]);
      });
      expect(errors.map(({ message }) => message)).to.deep.equal(['Too late']);
    }
  });

  it('leaves the connection to the next request where the body of the first was not read', async () => {
    await withServer(appOf(micropie(Root)), (port) =>
      withSocket(port, async (socket) => {
        const refused = await socket.exchange(`${post('/typed', 'application/json', 2)}{}`);
        expect([refused.status, refused.headers['content-type']]).to.deep.equal([400, 'application/problem+json']);
        const next = await socket.exchange('GET /plain/1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
        expect(next.body.toString()).to.equal('17');
      }),
    );
  });
});

interface Asking {
  readonly body?: object | string | undefined;
  /** Left out, the header is not sent. */
  readonly accept?: string | undefined;
  readonly type?: string | undefined;
  readonly hooks?: readonly HttpMiddleware[];
}

async function ask(path: string, asking: Asking) {
  return (await served(path, asking)).response;
}

async function served(path: string, { body, accept, type, hooks = [] }: Asking = {}, ...front: Middleware[]) {
  const app = appOf(...front, micropie(Root, { middlewares: [...hooks] }));
  const errors = errorsOf(app);
  const agent = request(app.callback());
  const asking = body === undefined ? agent.get(path) : agent.post(path);
  if (body !== undefined) asking.type(type ?? (typeof body === 'string' ? 'form' : 'json')).send(body);
  const response = await (accept === undefined ? asking.unset('Accept') : asking.accept(accept));
  return { response, errors };
}

describe('Issues that no pointer was made for', () => {
  const anything = (check: (value: unknown) => readonly unknown[]) => ({
    '~standard': { version: 1 as const, vendor: 'spec', validate: (value: unknown) => ({ issues: check(value) }) },
  });
  const rows: [title: string, body: string, issue: (value: unknown) => unknown, errors: unknown][] = [
    [
      'half of a surrogate pair in a name',
      '{"\\ud800":1}',
      (value) => ({ message: 'no', path: Object.keys(Object(value)) }),
      [{ detail: 'no', pointer: '#/%EF%BF%BD' }],
    ],
    ['no path', '{}', () => ({ message: 'no' }), [{ detail: 'no', pointer: '#' }]],
    [
      'a path of wrapped names',
      '{}',
      () => ({ message: 'no', path: [{ key: 'a' }, 0] }),
      [{ detail: 'no', pointer: '#/a/0' }],
    ],
    ['text in place of an issue', '{}', () => 'no', [{ detail: 'no', pointer: '#' }]],
    [
      'a name and a message without end',
      '{}',
      () => ({ message: 'm'.repeat(5000), path: ['n'.repeat(5000)] }),
      [{ detail: 'm'.repeat(1000), pointer: `#/${'n'.repeat(200)}` }],
    ],
  ];
  for (const [title, body, issue, expected] of rows)
    it(`are told: ${title}`, async () => {
      const input = anything((value) => [issue(value)]);
      class Root {
        save(value: unknown) {
          return value;
        }
        static routes = { save: { path: 'POST', input } };
      }
      const mounted: Middleware = Reflect.apply(micropie, undefined, [Root]);
      const answer = await client(mounted).post('/save').type('json').send(body);
      expect([answer.status, JSON.parse(answer.text).errors]).to.deep.equal([400, expected]);
    });

  it('are told where the app has put them into an error of its own', async () => {
    class Root {
      index() {
        throw createError(422, 'Wrong', { issues: [{ message: 'no' }, 'text', null, { message: 'x', path: 7 }] });
      }
    }
    const answer = await client(micropie(Root)).get('/').accept('json');
    expect([answer.status, JSON.parse(answer.text).errors]).to.deep.equal([
      422,
      ['no', 'text', 'null', 'x'].map((detail) => ({ detail, pointer: '#' })),
    ]);
  });
});

describe('An answer of onError', () => {
  it('has none of the headers that described the failed one', async () => {
    class Root {
      index(ctx: Context) {
        ctx.set({ 'Cache-Control': 'public', ETag: '"x"', 'Content-Encoding': 'gzip', 'X-Kept': '1' });
        ctx.type = 'image/png';
        throw createError(500);
      }
    }
    const hook: HttpMiddleware = { onError: () => ({ statusCode: 503, body: 'sorry' }) };
    const { status, text, headers } = await client(micropie(Root, { middlewares: [hook] })).get('/');
    expect([status, text, headers['content-type'], headers['x-kept']]).to.deep.equal([
      503,
      'sorry',
      'text/plain; charset=utf-8',
      '1',
    ]);
    for (const name of ['cache-control', 'etag', 'content-encoding']) expect(headers).not.to.have.property(name);
  });
});
