import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import createError from 'http-errors';
import {
  Controller,
  currentRequest,
  type HeaderPairs,
  HttpMiddleware,
  micropie,
  type Request,
  reply,
} from '../lib/index.js';
import { appOf, client, errorsOf, withServer } from './support/app.js';
import { eventually, RawClient } from './support/socket.js';

/** A hook as JavaScript code may write it, with results that the types would not let through. */
type LooseHook = { [K in 'beforeRequest' | 'afterRequest' | 'onError']?: (...args: never[]) => unknown };

class Root {
  readonly calls: string[] = [];
  index() {
    this.calls.push('index');
    return 'handled';
  }
  needs(name: string) {
    return name;
  }
  fails() {
    throw new Error('secret');
  }
  absent() {
    throw createError(404, 'No such thing');
  }
  busy() {
    throw createError(503, {
      headers: {
        'Retry-After': '7',
        'WWW-Authenticate': 'Basic',
        'Content-Type': 'text/css',
        ETag: '"1"',
        'Cache-Control': 'max-age=9',
      },
    });
  }
  odd() {
    throw 'a string';
  }
  plain() {
    return reply(201, 'plain', { 'X-Handler': 'h' });
  }
  static readonly routes = { posted: 'POST' } as const;
  posted() {
    return 'posted';
  }
}

/** Mounts the controller with hooks; `errors` are those that reach the app. */
function mount(...hooks: LooseHook[]) {
  const root = new Root();
  const app = appOf(micropie(root, { middlewares: hooks as HttpMiddleware[], fallthrough: false }));
  return { root, errors: errorsOf(app), agent: client(app) };
}

/** A hook that writes down when it runs, sync or after a while. */
function noting(name: string, notes: string[], isSlow = false): HttpMiddleware {
  const note = (what: string) => (isSlow ? sleep(2).then(() => void notes.push(what)) : void notes.push(what));
  return {
    beforeRequest: () => note(`${name} before`),
    afterRequest: (_request, status, body) => note(`${name} after ${status} ${body}`),
    onError: (_request, error) => note(`${name} error ${error.message}`),
  };
}

describe('Hooks', () => {
  it('run before and after the handler in the order of the list, sync and async ones', async () => {
    const notes: string[] = [];
    const { agent } = mount(noting('a', notes, true), noting('b', notes), noting('c', notes, true));
    expect((await agent.get('/')).text).to.equal('handled');
    expect(notes).to.deep.equal([
      'a before',
      'b before',
      'c before',
      'a after 200 handled',
      'b after 200 handled',
      'c after 200 handled',
    ]);
  });

  it('may have any of the three methods, as classes and as plain objects', async () => {
    class Stamp extends HttpMiddleware {
      readonly #stamp = 'own state';
      override afterRequest(_request: Request, _status: number, _body: unknown, headers: HeaderPairs) {
        headers.push(['X-Stamp', this.#stamp]);
      }
    }
    const { agent } = mount(new Stamp(), { beforeRequest: () => {} }, { onError: () => {} });
    expect((await agent.get('/')).headers['x-stamp']).to.equal('own state');
  });

  it('that are pushed to .middlewares later run too, and those that are taken away do not', async () => {
    const hook = { afterRequest: () => ({ body: 'from the hook' }) };
    const given: HttpMiddleware[] = [];
    const mounted = micropie(Root, { middlewares: given });
    const agent = client(mounted);
    expect((await agent.get('/')).text).to.equal('handled');
    mounted.middlewares.push(hook);
    expect((await agent.get('/')).text).to.equal('from the hook');
    mounted.middlewares.pop();
    expect((await agent.get('/')).text).to.equal('handled');
    expect(given).to.deep.equal([]);
  });

  it('have properties of their own on the request, which the handler and later hooks see', async () => {
    interface WithUser extends Request {
      user?: string;
    }
    class Whoami {
      index(request: WithUser) {
        return `I am ${request.user}`;
      }
    }
    const hooks = [
      { beforeRequest: (request: WithUser) => void Object.assign(request, { user: 'Ann' }) },
      { afterRequest: ({ user }: WithUser, _s: number, body: unknown) => ({ body: `${body}, ${user} said` }) },
    ];
    expect((await client(micropie(Whoami, { middlewares: hooks })).get('/')).text).to.equal('I am Ann, Ann said');
  });

  it('know the route, the path and the session before the handler runs', async () => {
    const seen: unknown[] = [];
    const hook = {
      beforeRequest: (request: Request) =>
        void seen.push(request.route?.name, request.pathParams, request.query('q'), { ...request.session }['user']),
    };
    await mount(hook).agent.get('/needs/A%20b?q=1');
    expect(seen).to.deep.equal(['needs', ['A b'], '1', undefined]);
  });

  it('have the current request below a Controller, and none below a plain class', async () => {
    const seen: unknown[] = [];
    const hook = {
      async beforeRequest(request: Request) {
        await sleep(1);
        seen.push(currentRequest() === request);
      },
      afterRequest: (request: Request) => void seen.push(currentRequest() === request),
    };
    class Ambient extends Controller {
      index() {}
    }
    await client(micropie(Ambient, { middlewares: [hook] })).get('/');
    expect(seen).to.deep.equal([true, true]);
    const { agent, errors } = mount(hook);
    await agent.get('/');
    expect(errors[0]?.message).to.include('There is no current request here');
  });

  it('do not run where no route matches, unless the controller owns all of its prefix', async () => {
    const notes: string[] = [];
    await client(micropie(Root, { middlewares: [noting('a', notes)] })).get('/unknown');
    expect(notes).to.deep.equal([]);
    const { agent } = mount(noting('a', notes));
    expect((await agent.get('/unknown')).status).to.equal(404);
    expect(notes).to.deep.equal(['a before', 'a error Not Found']);
  });
});

describe('beforeRequest(request)', () => {
  const answers: [title: string, result: unknown, status: number, text: string][] = [
    ['status and body', { statusCode: 403, body: 'No' }, 403, 'No'],
    ['JSON', { statusCode: 401, body: { error: 'login' } }, 401, '{"error":"login"}'],
    ['a status alone', { statusCode: 403 }, 403, 'Forbidden'],
    ['what reply() makes', reply(429, 'Slow down'), 429, 'Slow down'],
    ['a promise of an answer', Promise.resolve({ statusCode: 403, body: 'No' }), 403, 'No'],
    ['a generator', { statusCode: 200, body: ['a', 'b'].values() }, 200, 'ab'],
  ];
  for (const [title, result, status, text] of answers)
    it(`answers at once with ${title}: no further hook, no handler, no after hook`, async () => {
      const notes: string[] = [];
      const { root, agent } = mount(noting('a', notes), { beforeRequest: () => result }, noting('b', notes));
      const answer = await agent.get('/').buffer(true);
      expect([answer.status, answer.text, root.calls]).to.deep.equal([status, text, []]);
      expect(notes).to.deep.equal(['a before']);
    });

  it('sends the headers of its answer', async () => {
    const headers = { 'WWW-Authenticate': 'Basic', 'Set-Cookie': ['a=1', 'b=2'] };
    const answer = await mount({ beforeRequest: () => ({ statusCode: 401, headers }) }).agent.get('/');
    expect(answer.headers).to.deep.include({ 'www-authenticate': 'Basic', 'set-cookie': ['a=1', 'b=2'] });
  });

  for (const result of [undefined, null, false, 0, '', Promise.resolve(undefined)])
    it(`lets the request go on with ${String(result) || "''"}`, async () => {
      expect((await mount({ beforeRequest: () => result }).agent.get('/')).text).to.equal('handled');
    });

  for (const result of [true, 1, 'No', {}, { status: 403 }, { body: 'No' }, [403, 'No'], () => {}])
    it(`makes a clear error of ${typeof result === 'function' ? 'a function' : JSON.stringify(result)}`, async () => {
      const { root, errors, agent } = mount({ beforeRequest: () => result });
      expect((await agent.get('/')).text).to.equal('Internal Server Error');
      expect(errors.map(String)).to.deep.equal([
        'TypeError: Object.beforeRequest must return nothing, or an object with statusCode and body',
      ]);
      expect(root.calls).to.deep.equal([]);
    });

  for (const statusCode of [0, 100, 600, '403', null, undefined, 403.5])
    it(`refuses the status ${JSON.stringify(statusCode)}`, async () => {
      const { errors, agent } = mount({ beforeRequest: () => ({ statusCode, body: 'x' }) });
      expect((await agent.get('/')).status).to.equal(500);
      expect(errors.map(({ message }) => message)).to.deep.equal([
        `A status must be a whole number from 200 to 599, not ${statusCode}`,
      ]);
    });

  it('refuses headers of another form', async () => {
    const { errors, agent } = mount({ beforeRequest: () => ({ statusCode: 200, body: 'x', headers: 'X-A: 1' }) });
    expect((await agent.get('/')).status).to.equal(500);
    expect(errors[0]?.message).to.include('Headers must be an object or a list');
  });

  it('that throws ends the request, without the handler and the after hooks', async () => {
    const notes: string[] = [];
    const thrower = {
      beforeRequest() {
        throw createError(401, 'Who are you?');
      },
    };
    const { root, agent } = mount(thrower, noting('a', notes));
    const answer = await agent.get('/');
    expect([answer.status, answer.text, root.calls]).to.deep.equal([401, '401 Unauthorized: Who are you?', []]);
    expect(notes).to.deep.equal(['a error Who are you?']);
  });

  it('that throws or rejects with undefined is 500', async () => {
    for (const beforeRequest of [() => Promise.reject(), () => Promise.reject(null)]) {
      const { errors, agent } = mount({ beforeRequest });
      expect((await agent.get('/')).status).to.equal(500);
      expect(errors).to.have.length(1);
    }
  });

  it('may prepare ctx: the handler runs, and what it returns wins', async () => {
    const hook = { beforeRequest: ({ ctx }: Request) => void Object.assign(ctx, { body: 'from the hook' }) };
    class Quiet {
      index() {
        return 'from the handler';
      }
      silent() {}
    }
    const agent = client(micropie(Quiet, { middlewares: [hook] }));
    expect((await agent.get('/')).text).to.equal('from the handler');
    expect((await agent.get('/silent')).text).to.equal('from the hook');
  });
});

describe('afterRequest(request, statusCode, responseBody, extraHeaders)', () => {
  it('sees what the handler returned, before it is turned into bytes', async () => {
    const seen: unknown[] = [];
    const value = { deep: [1] };
    class Values {
      index() {
        return value;
      }
      nothing() {}
      made() {
        return reply(202, 'made', { 'X-A': '1' });
      }
    }
    const afterRequest = (_: Request, ...args: unknown[]) => void seen.push(args);
    const agent = client(micropie(Values, { middlewares: [{ afterRequest }] }));
    for (const path of ['/', '/nothing', '/made']) await agent.get(path);
    expect(seen).to.deep.equal([
      [200, value, []],
      [204, null, []],
      [202, 'made', [['X-A', '1']]],
    ]);
  });

  const replacements: [title: string, result: unknown, status: number, text: string, header: string | undefined][] = [
    ['the status', { statusCode: 418 }, 418, 'plain', 'h'],
    ['the body', { body: 'new' }, 201, 'new', 'h'],
    ['the body by null', { body: null }, 201, '', 'h'],
    ['the headers', { headers: { 'X-Other': 'o' } }, 201, 'plain', undefined],
    ['all', { statusCode: 200, body: [1], headers: { 'X-Handler': 'mine' } }, 200, '[1]', 'mine'],
    ['all by reply()', reply(203, 'r', [['X-Handler', 'mine']]), 203, 'r', 'mine'],
    ['nothing by an empty object', {}, 201, 'plain', 'h'],
    ['nothing by undefined members', { statusCode: undefined, body: undefined }, 201, 'plain', 'h'],
    ['nothing by null', null, 201, 'plain', 'h'],
    ['nothing by false', false, 201, 'plain', 'h'],
    ['later', Promise.resolve({ body: 'later' }), 201, 'later', 'h'],
  ];
  for (const [title, result, status, text, header] of replacements)
    it(`replaces only what it gives: ${title}`, async () => {
      const answer = await mount({ afterRequest: () => result })
        .agent.get('/plain')
        .buffer(true);
      expect([answer.status, answer.text, answer.headers['x-handler']]).to.deep.equal([status, text, header]);
    });

  it('sees what the hook before left', async () => {
    const add = (letter: string): HttpMiddleware => ({
      afterRequest: (_request, statusCode, body, headers) => ({
        statusCode: statusCode + 1,
        body: `${body}${letter}`,
        headers: [...headers, ['X-Order', letter]],
      }),
    });
    const answer = await mount(add('a'), add('b')).agent.get('/plain');
    expect([answer.status, answer.text, answer.headers['x-order']]).to.deep.equal([203, 'plainab', 'a, b']);
  });

  it('makes a 204 a 200 with the body that it gives', async () => {
    class Nothing {
      index() {}
    }
    const agent = client(micropie(Nothing, { middlewares: [{ afterRequest: () => ({ body: 'something' }) }] }));
    const { status, text } = await agent.get('/');
    expect({ status, text }).to.deep.equal({ status: 200, text: 'something' });
  });

  it('has the last word on the type, of which there can be one', async () => {
    const type = (value: string): HttpMiddleware => ({
      afterRequest: (_request, _status, _body, headers) => void headers.push(['Content-Type', value]),
    });
    const { agent } = mount(type('text/css'), type('text/csv'));
    expect((await agent.get('/plain')).headers['content-type']).to.equal('text/csv');
  });

  it('may push to extraHeaders, also several cookies and numbers', async () => {
    const push = (...pairs: [string, string][]): HttpMiddleware => ({
      afterRequest: (_request, _status, _body, headers) => void headers.push(...pairs),
    });
    const number: LooseHook = {
      afterRequest: (...args: unknown[]) => void (args[3] as unknown[]).push(['X-Number', 5]),
    };
    const { agent } = mount(push(['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2']), push(['X-Handler', 'pushed']), number);
    const answer = await agent.get('/plain');
    expect(answer.headers).to.deep.include({
      'set-cookie': ['a=1', 'b=2'],
      'x-handler': 'h, pushed',
      'x-number': '5',
    });
  });

  it('cannot break the response with what it pushes', async () => {
    const { errors, agent } = mount({
      afterRequest: (...args: unknown[]) => void (args[3] as unknown[]).push(['X-A', 'a\r\nb'], ['X-B', undefined]),
    });
    const answer = await agent.get('/plain');
    expect([answer.status, answer.text]).to.deep.equal([201, 'plain']);
    expect(errors).to.have.length(2);
  });

  for (const result of [true, 1, 'body', [200, 'body'], () => {}])
    it(`makes a clear error of ${typeof result === 'function' ? 'a function' : JSON.stringify(result)}`, async () => {
      const { errors, agent } = mount({ afterRequest: () => result });
      expect((await agent.get('/')).text).to.equal('Internal Server Error');
      expect(errors.map(String)).to.deep.equal([
        'TypeError: Object.afterRequest must return nothing, or an object of statusCode, body, headers',
      ]);
    });

  it('refuses a status out of range and headers of another form', async () => {
    for (const result of [{ statusCode: 99 }, { statusCode: null }, { headers: 'X-A: 1' }, { headers: [['X-A']] }]) {
      const { errors, agent } = mount({ afterRequest: () => result });
      expect((await agent.get('/')).status).to.equal(500);
      expect(errors.map(({ name }) => name)).to.deep.equal(['TypeError']);
    }
  });

  for (const [title, path, method, status] of [
    ['a missing parameter', '/needs', 'get', 400],
    ['an unknown path', '/unknown', 'get', 404],
    ['a method that is not allowed', '/posted', 'get', 405],
    ['an http error', '/absent', 'get', 404],
    ['an error', '/fails', 'get', 500],
  ] as const)
    it(`does not run after ${title}`, async () => {
      const notes: string[] = [];
      const { agent } = mount({ afterRequest: () => void notes.push('after') });
      expect((await agent[method](path)).status).to.equal(status);
      expect(notes).to.deep.equal([]);
    });

  it('that throws makes it an error, and the hooks behind do not run', async () => {
    const notes: string[] = [];
    const thrower = {
      afterRequest() {
        throw new Error('hook failed');
      },
    };
    const { errors, agent } = mount(thrower, { afterRequest: () => void notes.push('after') });
    expect((await agent.get('/')).status).to.equal(500);
    expect(errors.map(String)).to.deep.equal(['Error: hook failed']);
    expect(notes).to.deep.equal([]);
  });
});

describe('A streamed body that an after hook replaces', () => {
  /** A controller with sources that tell what becomes of them. */
  class Sources {
    opened = 0;
    closed = 0;
    readonly node = Readable.from(['a', 'b']);
    cancelled = false;

    *generator() {
      this.opened += 1;
      try {
        yield 'a';
        yield 'b';
      } finally {
        this.closed += 1;
      }
    }
    iterator() {
      const end = () => {
        this.closed += 1;
        return { done: true as const, value: undefined };
      };
      return { next: end, return: end, [Symbol.asyncIterator]: () => this.iterator() };
    }
    stream() {
      return this.node;
    }
    web() {
      return new ReadableStream({
        cancel: () => {
          this.cancelled = true;
        },
      });
    }
  }

  it('is closed: no generator starts, and streams end', async () => {
    const sources = new Sources();
    const agent = client(micropie(sources, { middlewares: [{ afterRequest: () => ({ body: 'instead' }) }] }));
    for (const path of ['/generator', '/iterator', '/stream', '/web'])
      expect((await agent.get(path)).text).to.equal('instead');
    await eventually(() => sources.closed === 1 && sources.node.destroyed && sources.cancelled, 'all are closed');
    expect(sources.opened).to.equal(0);
  });

  it('is closed as well where a hook throws', async () => {
    const sources = new Sources();
    const middlewares = [
      {
        afterRequest() {
          throw createError(409);
        },
      },
    ];
    const agent = client(micropie(sources, { middlewares }));
    for (const path of ['/generator', '/iterator', '/stream', '/web'])
      expect((await agent.get(path)).status).to.equal(409);
    await eventually(() => sources.closed === 1 && sources.node.destroyed && sources.cancelled, 'all are closed');
    expect(sources.opened).to.equal(0);
  });

  it('may go on in the new one, which is made of it', async () => {
    const shout: HttpMiddleware = {
      afterRequest: (_request, _status, body) => ({
        body: (async function* () {
          for await (const chunk of body as AsyncIterable<string>) yield String(chunk).toUpperCase();
        })(),
      }),
    };
    const sources = new Sources();
    const agent = client(micropie(sources, { middlewares: [shout] }));
    expect((await agent.get('/generator')).text).to.equal('AB');
    expect((await agent.get('/stream')).text).to.equal('AB');
    expect([sources.opened, sources.closed]).to.deep.equal([1, 1]);
  });
});

describe('onError(request, error)', () => {
  it('answers in place of the error, which the app then does not hear of', async () => {
    const hook = {
      onError: (_: Request, error: Error) => ({
        statusCode: 503,
        body: { sorry: error.message },
        headers: { 'X-E': '1' },
      }),
    };
    const { errors, agent } = mount(hook);
    const answer = await agent.get('/fails');
    expect([answer.status, answer.body, answer.headers['x-e']]).to.deep.equal([503, { sorry: 'secret' }, '1']);
    expect(errors).to.deep.equal([]);
  });

  it('hears of request mistakes too, with their status', async () => {
    const hook = {
      onError: (_: Request, error: Error) => reply(200, `${Reflect.get(error, 'status')}: ${error.message}`),
    };
    const { agent } = mount(hook);
    expect((await agent.get('/needs')).text).to.equal("400: Missing required parameter 'name'");
    expect((await agent.get('/unknown')).text).to.equal('404: Not Found');
    expect((await agent.get('/posted')).text).to.equal('405: Method Not Allowed');
    expect((await agent.get('/absent')).text).to.equal('404: No such thing');
  });

  it("keeps what the error's own headers say, but for what describes a body", async () => {
    const page: HttpMiddleware = { onError: (_request, error) => reply(Number(Reflect.get(error, 'status')), 'Sorry') };
    const { agent } = mount(page);
    expect((await agent.get('/posted')).headers).to.include({ allow: 'POST, OPTIONS' });
    const { headers } = await agent.get('/busy');
    expect(headers).to.include({
      'retry-after': '7',
      'www-authenticate': 'Basic',
      'content-type': 'text/plain; charset=utf-8',
    });
    expect(headers).not.to.have.any.keys('etag', 'cache-control');
  });

  it('has its own headers win over those of the error', async () => {
    const returned: HttpMiddleware = { onError: () => reply(503, 'Sorry', { 'Retry-After': '60' }) };
    expect((await mount(returned).agent.get('/busy')).headers['retry-after']).to.equal('60');
    const set: HttpMiddleware = {
      onError({ ctx }) {
        ctx.set('Retry-After', '61');
        return reply(503, 'Sorry');
      },
    };
    expect((await mount(set).agent.get('/busy')).headers['retry-after']).to.equal('61');
  });

  it('gets an Error whatever was thrown', async () => {
    const hook = { onError: (_: Request, error: Error) => reply(500, `${error instanceof Error} ${error.cause}`) };
    expect((await mount(hook).agent.get('/odd')).text).to.equal('true a string');
  });

  it('is asked in the order of the list, until one answers', async () => {
    const notes: string[] = [];
    const { agent } = mount(noting('a', notes, true), { onError: () => reply(200, 'first') }, noting('b', notes));
    expect((await agent.get('/fails')).text).to.equal('first');
    expect(notes).to.deep.equal(['a before', 'b before', 'a error secret']);
  });

  it('leaves the error to Koa where none answers', async () => {
    const { errors, agent } = mount({ onError: () => undefined }, { onError: async () => null });
    const answer = await agent.get('/fails');
    expect([answer.status, answer.text]).to.deep.equal([500, 'Internal Server Error']);
    expect(errors.map(String)).to.deep.equal(['Error: secret']);
  });

  it('hears of errors in other hooks, and of a generator that fails before its first chunk', async () => {
    class Late {
      index() {}
      // biome-ignore lint/correctness/useYield: it fails before it could.
      *stream() {
        throw new Error('early');
      }
    }
    const hooks: HttpMiddleware[] = [
      {
        afterRequest({ route }) {
          if (route?.name === 'index') throw new Error('after');
        },
      },
      { onError: (_, error) => reply(200, error.message) },
    ];
    const agent = client(micropie(Late, { middlewares: hooks }));
    expect((await agent.get('/')).text).to.equal('after');
    expect((await agent.get('/stream')).text).to.equal('early');
  });

  for (const result of [true, 'sorry', {}, [500, 'x']])
    it(`makes a clear error of ${JSON.stringify(result)}`, async () => {
      const { errors, agent } = mount({ onError: () => result });
      expect((await agent.get('/fails')).text).to.equal('Internal Server Error');
      expect(errors.map(String)).to.deep.equal([
        'Error: secret',
        'TypeError: Object.onError must return nothing, or an object with statusCode and body',
      ]);
    });

  for (const thrown of [new Error('hook failed'), undefined, null, 'text'])
    it(`that throws ${String(thrown)} is 500`, async () => {
      const { errors, agent } = mount({
        onError() {
          throw thrown;
        },
      });
      expect((await agent.get('/fails').timeout(1000)).text).to.equal('Internal Server Error');
      // What failed first is told as well.
      expect(errors[0]?.message).to.equal('secret');
      expect(errors).to.have.length(2);
    });

  it('may answer with a generator, which may fail as well', async () => {
    const fine = { onError: () => reply(500, ['sor', 'ry'].values()) };
    expect((await mount(fine).agent.get('/fails').buffer(true)).text).to.equal('sorry');
    async function* failing() {
      yield await Promise.reject();
    }
    const { errors, agent } = mount({ onError: () => reply(500, failing()) });
    expect((await agent.get('/fails').timeout(1000)).status).to.equal(500);
    expect(errors.map(({ message }) => message)).to.deep.equal(['secret', 'Not an error was thrown: undefined']);
  });
});

describe('A client that leaves during a before hook', () => {
  it('leaves the handler without a call', async () => {
    const calls: string[] = [];
    class Root {
      index() {
        calls.push('handler');
        return 'late';
      }
    }
    const slow: HttpMiddleware = {
      async beforeRequest({ signal }) {
        calls.push('hook begins');
        if (!signal.aborted) await once(signal, 'abort');
        calls.push('hook ends');
      },
    };
    await withServer(appOf(micropie(Root, { middlewares: [slow] })), async (port) => {
      const connection = await RawClient.open(port);
      await connection.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await eventually(() => calls.includes('hook begins'), 'the hook begins');
      connection.socket.destroy();
      await eventually(() => calls.includes('hook ends'), 'the hook ends');
      await new Promise(setImmediate);
    });
    expect(calls).to.deep.equal(['hook begins', 'hook ends']);
  });
});
