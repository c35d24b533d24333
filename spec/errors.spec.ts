import { inspect } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { expect } from 'chai';
import createError from 'http-errors';
import Koa from 'koa';
import { type HttpMiddleware, type Issue, issuesOf, micropie, reply } from '../lib/index.js';
import { redirect } from '../lib/response/redirect.js';
import { appOf, client, errorsOf, withServer } from './support/app.js';
import { withSocket } from './support/socket.js';

const SECRET = 'the-secret-of-the-handler';

/** An error with properties of any kind. */
function errorWith(properties: object, message = SECRET): Error {
  return Object.assign(new Error(message), properties);
}

/** An error with accessors. */
function errorDefining(properties: PropertyDescriptorMap): Error {
  return Object.defineProperties(new Error(SECRET), properties);
}

/** Runs the thrower as a handler, and then another request on the same connection. */
async function answerTo(throwing: () => unknown) {
  class Root {
    index() {
      return throwing();
    }
    next() {
      return 'alive';
    }
  }
  const app = appOf(micropie(Root));
  const errors = errorsOf(app);
  return withServer(app, (port) =>
    withSocket(port, async (socket) => {
      const answer = await socket.exchange('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      const next = await socket.exchange('GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n');
      expect(next.body.toString()).to.equal('alive');
      return { ...answer, text: answer.body.toString(), errors };
    }),
  );
}

class Frozen extends Error {
  constructor() {
    super(SECRET);
    Object.freeze(this);
  }
}

class GetterOnly extends Error {
  get status() {
    return 409;
  }
}

class Accessor extends Error {
  #status = 409;
  get status() {
    return this.#status;
  }
  set status(status) {
    this.#status = status;
  }
}

class Inherited extends Error {}
Object.assign(Inherited.prototype, { status: 409 });

const fails = () => {
  throw new Error('a getter');
};

const HOSTILE: ProxyHandler<Error> = {
  get: fails,
  set: fails,
  has: fails,
  getPrototypeOf: fails,
  getOwnPropertyDescriptor: fails,
};

describe('Whatever a handler throws', () => {
  const table: [title: string, thrown: () => unknown, status: number, text: string][] = [
    ['an error', () => new Error(SECRET), 500, 'Internal Server Error'],
    ['undefined', () => undefined, 500, 'Internal Server Error'],
    ['null', () => null, 500, 'Internal Server Error'],
    ['false', () => false, 500, 'Internal Server Error'],
    ['zero', () => 0, 500, 'Internal Server Error'],
    ['a string', () => SECRET, 500, 'Internal Server Error'],
    ['a symbol', () => Symbol(SECRET), 500, 'Internal Server Error'],
    ['a bigint', () => 5n, 500, 'Internal Server Error'],
    ['a function', () => () => SECRET, 500, 'Internal Server Error'],
    ['an object', () => ({ status: 404, expose: true, message: SECRET }), 500, 'Internal Server Error'],
    ['an object without a prototype', () => Object.create(null), 500, 'Internal Server Error'],
    ['a frozen error', () => new Frozen(), 500, 'Internal Server Error'],
    ['a frozen error with a status', () => Object.freeze(createError(404, 'Not here')), 404, '404 Not Found: Not here'],
    ['a sealed error', () => Object.seal(new Error(SECRET)), 500, 'Internal Server Error'],
    ['a status that only has a getter', () => new GetterOnly(SECRET), 409, 'Conflict'],
    ['a status with an accessor and a private field', () => new Accessor(SECRET), 409, 'Conflict'],
    ['a status of the prototype', () => new Inherited(SECRET), 409, 'Conflict'],
    ['a status that can not be read', () => errorDefining({ status: { get: fails } }), 500, 'Internal Server Error'],
    ['a message that can not be read', () => errorDefining({ message: { get: fails } }), 500, 'Internal Server Error'],
    ['an expose that can not be read', () => errorDefining({ expose: { get: fails } }), 500, 'Internal Server Error'],
    ['headers that can not be read', () => errorDefining({ headers: { get: fails } }), 500, 'Internal Server Error'],
    ['a stack that can not be read', () => errorDefining({ stack: { get: fails } }), 500, 'Internal Server Error'],
    [
      'a headerSent that can not be set',
      () => errorDefining({ headerSent: { get: () => 1 } }),
      500,
      'Internal Server Error',
    ],
    ['status 0', () => errorWith({ status: 0 }), 500, 'Internal Server Error'],
    ['status 200', () => errorWith({ status: 200, expose: true }), 500, 'Internal Server Error'],
    ['status 204', () => errorWith({ status: 204 }), 500, 'Internal Server Error'],
    ['status 302', () => errorWith({ status: 302, expose: true }), 500, 'Internal Server Error'],
    ["status 'abc'", () => errorWith({ status: 'abc', expose: true }), 500, 'Internal Server Error'],
    ["status '404'", () => errorWith({ status: '404', expose: true }), 500, 'Internal Server Error'],
    ['status 404.5', () => errorWith({ status: 404.5, expose: true }), 500, 'Internal Server Error'],
    ['status 1000', () => errorWith({ status: 1000, expose: true }), 500, 'Internal Server Error'],
    ['status -1', () => errorWith({ status: -1 }), 500, 'Internal Server Error'],
    ['status NaN', () => errorWith({ status: Number.NaN }), 500, 'Internal Server Error'],
    ['status as an object', () => errorWith({ status: { valueOf: () => 404 } }), 500, 'Internal Server Error'],
    ['status 404, not exposed', () => errorWith({ status: 404 }), 404, 'Not Found'],
    ['statusCode 403', () => errorWith({ statusCode: 403 }), 403, 'Forbidden'],
    ['status 503', () => errorWith({ status: 503 }), 503, 'Service Unavailable'],
    ['a 4xx with its message', () => createError(422, 'Say please'), 422, '422 Unprocessable Entity: Say please'],
    ['a 5xx without its message', () => createError(502, SECRET), 502, 'Bad Gateway'],
    ['a 4xx that hides its message', () => createError(403, SECRET, { expose: false }), 403, 'Forbidden'],
    ['a message of several lines', () => createError(400, 'a\r\nb: c'), 400, '400 Bad Request: a\r\nb: c'],
    ['a message with HTML', () => createError(400, '<script>'), 400, '400 Bad Request: <script>'],
    ['a message that is no text', () => errorWith({ message: { a: 1 } }), 500, 'Internal Server Error'],
    [
      'an exposed message that is no text',
      () => errorWith({ message: 7, status: 400, expose: true }),
      400,
      '400 Bad Request: 7',
    ],
    ['a message that is a symbol', () => errorWith({ message: Symbol('s') }), 500, 'Internal Server Error'],
    ['a stack that is no text', () => errorWith({ stack: 5 }), 500, 'Internal Server Error'],
    ['a proxy of an error', () => new Proxy(createError(404, 'Far'), {}), 404, '404 Not Found: Far'],
    ['a hostile proxy', () => new Proxy(new Error(SECRET), HOSTILE), 500, 'Internal Server Error'],
    [
      'a proxy that can not be set',
      () => new Proxy(createError(404, 'Far'), { set: fails }),
      404,
      '404 Not Found: Far',
    ],
    ['a revoked proxy', () => revoked(), 500, 'Internal Server Error'],
    ['an object that can not be shown', () => ({ [inspect.custom]: fails }), 500, 'Internal Server Error'],
    [
      'an error of another realm',
      () => foreign("Object.assign(new Error('Far'), { status: 404, expose: true })"),
      404,
      '404 Not Found: Far',
    ],
    ['an aggregate', () => new AggregateError([new Error(SECRET)], SECRET), 500, 'Internal Server Error'],
  ];
  for (const [title, thrown, status, text] of table)
    for (const [how, throwing] of [
      ['thrown', () => raise(thrown())],
      ['rejected', () => Promise.reject(thrown())],
    ] as const)
      it(`is answered with ${status}, told once, and leaks nothing: ${title}, ${how}`, async () => {
        const answer = await answerTo(throwing);
        expect([answer.status, answer.text]).to.deep.equal([status, text]);
        expect(answer.headers['content-type']).to.equal('text/plain; charset=utf-8');
        expect(JSON.stringify(answer.headers)).to.not.include(SECRET);
        expect(answer.errors).to.have.length(1);
        expect(answer.errors[0]).to.be.an('error');
      });

  it('reaches the app as it was thrown, where Koa can deal with it', async () => {
    const thrown = Object.assign(new RangeError('mine'), { extra: 1 });
    const { errors } = await answerTo(() => raise(thrown));
    expect(errors[0]).to.equal(thrown);
  });

  for (const thrown of [reply(404, SECRET), redirect('/secret')])
    it(`says that a reply must be returned: ${thrown.statusCode}`, async () => {
      const { status, text, errors } = await answerTo(() => raise(thrown));
      expect([status, text]).to.deep.equal([500, 'Internal Server Error']);
      expect(errors.map(String)).to.deep.equal(['TypeError: A reply was thrown: return it instead']);
      expect(errors[0]?.cause).to.equal(thrown);
    });

  it('is the cause of the error that the app gets, where Koa can not', async () => {
    for (const thrown of [undefined, null, 'text', 7, { a: 1 }, new Frozen()]) {
      const { errors } = await answerTo(() => raise(thrown));
      expect(errors[0]?.cause).to.equal(thrown);
    }
  });

  it('keeps its message and stack for the app, where a copy of it goes there', async () => {
    const thrown = new Frozen();
    const { errors } = await answerTo(() => raise(thrown));
    expect([errors[0]?.message, errors[0]?.stack]).to.deep.equal([SECRET, thrown.stack]);
  });

  it('leaves nothing of the body that was begun, but the headers that are not about it', async () => {
    class Root {
      index(ctx: Koa.Context) {
        ctx.set('X-Begun', '1');
        ctx.body = { begun: true };
        throw createError(409);
      }
    }
    await withServer(appOf(micropie(Root)), async (port) => {
      const answer = await fetch(`http://127.0.0.1:${port}/`);
      expect([answer.status, await answer.text(), answer.headers.get('x-begun')]).to.deep.equal([409, 'Conflict', '1']);
    });
  });

  it("can be logged by Koa's own listener", async () => {
    const logged: unknown[] = [];
    const { error } = console;
    console.error = (text: unknown) => logged.push(text);
    try {
      for (const thrown of [undefined, new Frozen(), errorWith({ stack: 5 }), new Proxy(new Error(SECRET), HOSTILE)]) {
        class Root {
          index() {
            throw thrown;
          }
        }
        const app = new Koa();
        app.use(micropie(Root));
        await withServer(app, async (port) => expect((await fetch(`http://127.0.0.1:${port}/`)).status).to.equal(500));
      }
    } finally {
      console.error = error;
    }
    expect(logged).to.have.length(4);
  });

  it("is the app's own to handle, in a middleware before", async () => {
    class Root {
      index() {
        throw createError(409, 'Taken');
      }
    }
    const own: Koa.Middleware = async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        ctx.body = `Caught: ${error}`;
      }
    };
    await withServer(appOf(own, micropie(Root)), async (port) =>
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.equal('Caught: ConflictError: Taken'),
    );
  });
});

describe('Headers of an error', () => {
  const table: [title: string, headers: unknown, expected: Record<string, string | undefined>][] = [
    ['are sent', { 'Retry-After': '5', 'X-A': 7 }, { 'retry-after': '5', 'x-a': '7' }],
    ['may be lists', { 'X-A': ['a', 'b'] }, { 'x-a': 'a, b' }],
    [
      'with CR and LF are left out',
      { 'X-A': 'a\r\nX-Evil: 1', 'X-B': 'b' },
      { 'x-a': undefined, 'x-evil': undefined, 'x-b': 'b' },
    ],
    ['with a bad name are left out', { 'X A': 'a', 'X-B': 'b' }, { 'x-b': 'b' }],
    ['beyond Latin-1 are left out', { 'X-A': '€', 'X-B': 'b' }, { 'x-a': undefined, 'x-b': 'b' }],
    ['without a value are left out', { 'X-A': undefined, 'X-B': 'b' }, { 'x-a': undefined, 'x-b': 'b' }],
    ['that are a symbol are left out', { 'X-A': Symbol('s'), 'X-B': 'b' }, { 'x-a': undefined, 'x-b': 'b' }],
    [
      'can not change the framing',
      { 'Transfer-Encoding': 'gzip', 'Content-Length': '1' },
      { 'transfer-encoding': undefined, 'content-length': '4' },
    ],
    ['of which there is one are left out as lists of none', { 'Content-Type': [], 'X-B': 'b' }, { 'x-b': 'b' }],
    ['of which there is one are left out as lists of two', { 'Content-Length': [4, 4], 'X-B': 'b' }, { 'x-b': 'b' }],
    ['may be missing', null, {}],
    ['may be a number', 5, {}],
  ];
  for (const [title, headers, expected] of table)
    it(title, async () => {
      const answer = await answerTo(() => raise(createError(410, { headers })));
      expect([answer.status, answer.text]).to.deep.equal([410, 'Gone']);
      for (const [name, value] of Object.entries(expected)) expect(answer.headers[name], name).to.equal(value);
      expect(answer.errors).to.have.length(1);
    });
});

describe('What a hook puts on an error', () => {
  const table: [title: string, own: object, status: number, headers: Record<string, string | undefined>][] = [
    ['is sent', { headers: { 'X-A': 'a' } }, 410, { 'x-a': 'a' }],
    [
      'is left out where no header can carry it',
      { headers: { 'X-A': 'a\nb', 'X-B': 'b' } },
      410,
      { 'x-a': undefined, 'x-b': 'b' },
    ],
    ['is no status of success', { status: 200 }, 500, {}],
  ];
  for (const [title, own, status, headers] of table)
    it(title, async () => {
      class Root {
        index() {
          throw createError(410);
        }
      }
      const hook: HttpMiddleware = { onError: (_request, error) => void Object.assign(error, own) };
      const app = appOf(micropie(Root, { middlewares: [hook] }));
      errorsOf(app);
      const answer = await client(app).get('/');
      expect(answer.status).to.equal(status);
      for (const [name, value] of Object.entries(headers)) expect(answer.headers[name], name).to.equal(value);
    });
});

function raise(thrown: unknown): never {
  throw thrown;
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable(new Error(SECRET), {});
  revoke();
  return proxy;
}

function foreign(source: string): unknown {
  return runInContext(source, createContext());
}

describe('issuesOf(error)', () => {
  class Root {
    greet(_name: string, times = 1) {
      return times;
    }
    own() {
      throw createError(409, 'Taken', { issues: [{ message: 'Taken', path: ['mail', { key: 'host' }] }, 'odd'] });
    }
    fails() {
      throw createError(409, 'Taken', { issues: 'none' });
    }
    many() {
      throw createError(422, 'Wrong', { issues: Array.from({ length: 1000 }, () => 'odd') });
    }
    deep() {
      throw createError(422, 'Wrong', {
        issues: [{ message: 'odd', path: Array.from({ length: 1000 }, () => 'name') }],
      });
    }
  }
  const hook: HttpMiddleware = { onError: (_request, error) => reply(200, issuesOf(error)) };
  const rows: [path: string, issues: Issue[]][] = [
    [
      '/greet?times=x',
      [
        { message: "Missing required parameter '_name'", path: ['_name'] },
        { message: "Parameter 'times' must be a number", path: ['times'] },
      ],
    ],
    [
      '/own',
      [
        { message: 'Taken', path: ['mail', 'host'] },
        { message: 'odd', path: [] },
      ],
    ],
    ['/fails', []],
    ['/many', Array.from({ length: 100 }, () => ({ message: 'odd', path: [] }))],
    ['/deep', [{ message: 'odd', path: Array.from({ length: 200 }, () => 'name') }]],
  ];
  for (const [path, issues] of rows)
    it(`tells a hook of ${issues.length} issues for ${path}`, async () => {
      const answer = await client(micropie(Root, { middlewares: [hook] })).get(path);
      expect(answer.body).to.deep.equal(issues);
    });
});
