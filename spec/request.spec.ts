import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { type Context, Controller, currentRequest, micropie, type Request } from '../lib/index.js';
import { appOf, client, withServer } from './support/app.js';
import { eventually, withSocket } from './support/socket.js';

/** A mount whose only method gives what the test asks of the request. */
function asking(ask: (request: Request) => unknown) {
  class Root {
    index(request: Request) {
      return ask(request) ?? 'undefined';
    }
    at(request: Request) {
      return ask(request);
    }
  }
  return micropie(Root);
}

describe('The request', () => {
  it("has Koa's context, the method, the headers and the path segments behind the name", async () => {
    const ask = ({ ctx, method, headers, pathParams, route }: Request) => ({
      same: ctx.method === method && ctx.req.headers === headers,
      method,
      header: headers['x-a'],
      pathParams,
      route: route?.path,
    });
    const answer = await client(asking(ask)).put('/at/one/two%2Fthree').set('X-A', 'a');
    expect(answer.body).to.deep.equal({
      same: true,
      method: 'PUT',
      header: 'a',
      pathParams: ['one', 'two/three'],
      route: '/at',
    });
  });

  it('makes its views once', async () => {
    const viewsOf = ({ queryParams, bodyParams, signal }: Request) => [queryParams, bodyParams, signal];
    const ask = (request: Request) => {
      const again = viewsOf(request);
      return viewsOf(request).map((view, i) => view === again[i]);
    };
    expect((await client(asking(ask)).post('/?a=1').send('b=2')).body).to.deep.equal([true, true, true]);
  });

  const views: [title: string, target: string, ask: (request: Request) => unknown, expected: unknown][] = [
    ['queryParams: lists in order', '/?a=1&b=2&a=3', ({ queryParams }) => queryParams, { a: ['1', '3'], b: ['2'] }],
    ['queryParams: blank is not given', '/?a=&b&=c', ({ queryParams }) => queryParams, { '': ['c'] }],
    ['queryParams: decoded', '/?%C3%BC=a+b%26', ({ queryParams }) => queryParams, { ü: ['a b&'] }],
    ['queryParams: broken encoding stays', '/?a=%zz', ({ queryParams }) => queryParams, { a: ['%zz'] }],
    ['queryParams: __proto__ is a name', '/?__proto__=1', ({ queryParams }) => Object.keys(queryParams), ['__proto__']],
    ['query(name)', '/?a=1&a=2', (request) => request.query('a'), '1'],
    ['query(name) of none', '/', (request) => String(request.query('a')), 'undefined'],
    ['query(name, fallback)', '/?a=', (request) => request.query('a', 7), 7],
    ['query(name) never inherits', '/', (request) => request.query('toString', 'own only'), 'own only'],
  ];
  for (const [title, target, ask, expected] of views)
    it(title, async () => {
      const answer = await client(asking(ask)).get(target).buffer(true);
      expect(answer.type.includes('json') ? JSON.parse(answer.text) : answer.text).to.deep.equal(expected);
    });

  const bodies: [title: string, type: string, sent: string, ask: (request: Request) => unknown, expected: unknown][] = [
    ['bodyParams of a form', 'form', 'a=1&a=2&b=', ({ bodyParams }) => bodyParams, { a: ['1', '2'] }],
    ['bodyParams of JSON', 'json', '{"a":[1],"b":null}', ({ bodyParams }) => bodyParams, { a: [[1]], b: [null] }],
    ['bodyParams of a JSON list', 'json', '[1]', ({ bodyParams }) => bodyParams, {}],
    ['form(name)', 'form', 'a=1&a=2', (request) => request.form('a'), '1'],
    ['form(name, fallback)', 'form', 'a=', (request) => request.form('a', 'none'), 'none'],
    ['form(name) never inherits', 'form', 'a=1', (request) => request.form('constructor', 'own only'), 'own only'],
    ['form(name) of JSON keeps null', 'json', '{"a":null}', (request) => request.form('a', 'x') === null, true],
    ['json()', 'json', '{"a":{"b":1}}', (request) => request.json(), { a: { b: 1 } }],
    ['json() of a list', 'json', '[1]', (request) => request.json(), [1]],
    ['json() of null', 'json', 'null', (request) => request.json() === null, true],
    ['json() of a form', 'form', 'a=1', (request) => request.json(), {}],
    ['json(name)', 'json', '{"a":false}', (request) => request.json('a', 'x'), false],
    ['json(name) of none', 'json', '{"a":1}', (request) => String(request.json('b')), 'undefined'],
    ['json(name, fallback)', 'json', '{"a":1}', (request) => request.json('b', 'none'), 'none'],
    ['json(name) never inherits', 'json', '{"a":1}', (request) => request.json('toString', 'own only'), 'own only'],
    ['json(name) of a list', 'json', '[1]', (request) => request.json('length', 'own only'), 'own only'],
    ['json(name) of a text', 'json', '"text"', (request) => request.json('length', 'own only'), 'own only'],
  ];
  for (const [title, type, sent, ask, expected] of bodies)
    it(title, async () => {
      const answer = await client(asking(ask)).post('/').type(type).send(sent).buffer(true);
      expect(answer.type.includes('json') ? JSON.parse(answer.text) : answer.text).to.deep.equal(expected);
    });

  it('has records without a prototype', async () => {
    const ask = ({ queryParams, bodyParams, files }: Request) =>
      [queryParams, bodyParams, files].map((record) => Object.getPrototypeOf(record) === null);
    const agent = client(asking(ask));
    expect((await agent.get('/')).body).to.deep.equal([true, true, true]);
    expect((await agent.post('/?a=1').type('form').send('b=2')).body).to.deep.equal([true, true, true]);
    expect((await agent.post('/?a=1').send({ b: 2 })).body).to.deep.equal([true, true, true]);
  });

  it('takes 1,000 pairs of a query, and refuses more', async () => {
    const agent = client(asking(({ queryParams }) => Object.values(queryParams).flat().length));
    for (const pair of ['a=1', 'a', 'n$=1']) {
      const query = (count: number) => Array.from({ length: count }, (_, i) => pair.replace('$', `${i}`)).join('&');
      const fine = await agent.get(`/?${query(1000)}`);
      expect([fine.status, fine.body]).to.deep.equal([200, pair === 'a' ? 0 : 1000]);
      const refused = await agent.get(`/?${query(1001)}`);
      expect([refused.status, refused.text]).to.deep.equal([400, '400 Bad Request: More than 1000 fields']);
    }
  });

  it('parses a long query in one pass', async () => {
    const agent = client(asking(({ queryParams }) => queryParams['a']?.[0]?.length));
    expect((await agent.get(`/?a=${'x'.repeat(15_000)}`)).body).to.equal(15_000);
  });
});

describe('request.signal', () => {
  it('aborts when the client leaves', async () => {
    const events = new EventEmitter();
    const app = appOf(
      asking(async ({ signal }) => {
        events.emit('begun');
        await once(signal, 'abort');
        events.emit('aborted', signal.reason);
      }),
    );
    await withServer(app, async (port) => {
      const begun = once(events, 'begun');
      const aborted = once(events, 'aborted');
      await withSocket(port, async (socket) => {
        await socket.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await begun;
        socket.socket.destroy();
        const [reason] = await aborted;
        expect(reason).to.be.an.instanceOf(DOMException);
        expect(reason.name).to.equal('AbortError');
      });
    });
  });

  it('is aborted from the start where it is asked for after the client left', async () => {
    let isAborted: boolean | undefined;
    const app = appOf(
      asking(async (request) => {
        await once(request.ctx.res, 'close');
        isAborted = request.signal.aborted;
      }),
    );
    await withServer(app, (port) =>
      withSocket(port, async (socket) => {
        await socket.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await sleep(20);
        socket.socket.destroy();
        await eventually(() => isAborted === true, 'the signal is aborted');
      }),
    );
  });

  it('does not abort when the answer is whole, nor when only the request is', async () => {
    const signals: AbortSignal[] = [];
    const app = appOf(
      asking(async ({ signal }) => {
        signals.push(signal);
        await sleep(5);
        return signal.aborted;
      }),
    );
    await withServer(app, (port) =>
      withSocket(port, async (socket) => {
        const answer = await socket.exchange('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab');
        expect(answer.body.toString()).to.equal('false');
      }),
    );
    await sleep(5);
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([false]);
  });
});

/** What a helper function far from any handler sees. */
async function idFromAfar(): Promise<string | undefined> {
  await sleep(Math.random() * 5);
  return currentRequest().query('id');
}

describe('The current request', () => {
  class Root extends Controller {
    async index() {
      const ids = [this.request.query('id')];
      await sleep(Math.random() * 5);
      ids.push(this.request.query('id'), this.ctx.get('x-id'));
      ids.push(await new Promise((resolve) => setTimeout(() => resolve(this.request.query('id')), Math.random() * 5)));
      ids.push(await new Promise((resolve) => process.nextTick(() => resolve(this.request.query('id')))));
      ids.push(...(await Promise.all([idFromAfar(), idFromAfar()])));
      return ids;
    }
    async body(id: string) {
      await sleep(1);
      return [id, this.request.form('id'), this.ctx.query['id']];
    }
  }

  it('is its own for each of 200 interleaved requests, across awaits and timers, in helpers too', async () => {
    await withServer(appOf(micropie(Root)), async (port) => {
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, id) => {
          const answer = await fetch(`http://127.0.0.1:${port}/?id=${id}`, { headers: { 'X-Id': `${id}` } });
          return answer.json();
        }),
      );
      for (const [id, ids] of answers.entries()) expect(ids).to.deep.equal(Array(7).fill(`${id}`));
    });
  });

  it('is right for requests that follow one another on one connection', async () => {
    await withServer(appOf(micropie(Root)), (port) =>
      withSocket(port, async (socket) => {
        for (const id of ['1', '2', '3'])
          await socket.send(
            `POST /body?id=${id} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
              `Content-Length: 4\r\n\r\nid=${id}`,
          );
        for (const id of ['1', '2', '3']) {
          const { body } = await socket.response();
          expect(JSON.parse(body.toString())).to.deep.equal([id, id, id]);
        }
      }),
    );
  });

  it('is an error outside of a request, which says what to do', () => {
    const message = 'There is no current request here';
    expect(() => currentRequest()).to.throw(Error, message);
    expect(() => new Root().request).to.throw(Error, message);
    expect(() => new Root().ctx).to.throw(Error, message);
    expect(() => new Root().session).to.throw(Error, message);
    expect(() => new Root().render('page')).to.throw(Error, message);
  });

  it('is over when the answer goes back to the middleware before', async () => {
    const messages: unknown[] = [];
    const before: Middleware = async (_ctx, next) => {
      await next();
      try {
        messages.push(currentRequest());
      } catch (error) {
        messages.push(error instanceof Error && error.message);
      }
    };
    await client(before, micropie(Root)).get('/');
    expect(messages).to.have.length(1);
    expect(messages[0]).to.include('There is no current request here');
  });

  it('is over when the request is handed on', async () => {
    const other = async (ctx: Context) => {
      try {
        currentRequest();
      } catch (error) {
        ctx.body = error instanceof Error ? error.message : '';
      }
    };
    expect((await client(micropie(Root), other).get('/unknown')).text).to.include('There is no current request here');
  });
});

describe('AsyncLocalStorage', () => {
  class Plain {
    async index(request: Request) {
      await sleep(1);
      return `plain ${request.method}`;
    }
    *stream() {
      yield 'streamed';
    }
  }
  class Ambient extends Controller {
    index() {
      return `ambient ${this.request.method}`;
    }
  }
  const { run, enterWith } = AsyncLocalStorage.prototype;
  let starts = 0;
  before(() => {
    // From Node 24 on, run() calls enterWith() by itself, before and after.
    let isRunning = false;
    AsyncLocalStorage.prototype.run = function (...args: unknown[]) {
      starts += 1;
      isRunning = true;
      try {
        return Reflect.apply(run, this, args);
      } finally {
        isRunning = false;
      }
    };
    AsyncLocalStorage.prototype.enterWith = function (...args: unknown[]) {
      if (!isRunning) starts += 1;
      return Reflect.apply(enterWith, this, args);
    };
  });
  after(() => {
    Object.assign(AsyncLocalStorage.prototype, { run, enterWith });
  });

  it('is never started by a plain class, and once a request by a Controller', async () => {
    const hook = { beforeRequest() {}, afterRequest() {} };
    const plain = client(micropie(Plain, { middlewares: [hook] }));
    for (const path of ['/', '/stream', '/?a=1']) expect((await plain.get(path)).status).to.equal(200);
    expect(starts).to.equal(0);
    await client(micropie(Ambient)).get('/');
    expect(starts).to.equal(1);
  });
});
