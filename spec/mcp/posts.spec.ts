import { SdkHttpError } from '@modelcontextprotocol/client';
import { expect } from 'chai';
import type { Context } from 'koa';
import mount from 'koa-mount';
import { createSession } from 'koa-session';
import request from 'supertest';
import { Controller, HttpMiddleware, micropie, type Request, type Routes, reply } from '../../lib/index.js';
import { mcp } from '../../lib/mcp/mcp.js';
import { appOf, errorsOf, client as http, withServer } from '../support/app.js';
import { answerOf, begin, withHttp2 } from '../support/http2.js';
import { connect, textOf, told, toolApp, withClient } from './clients.js';

const ACCEPT = 'application/json, text/event-stream';
const CALL = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'greet', arguments: { name: 'Ada' } } };
const LIST = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'spec', version: '1' } },
};

class Root extends Controller<{ user?: string; calls?: number }> {
  greet(name = 'Guest') {
    return `Hello, ${name}!`;
  }
  me(user = 'nobody') {
    return user;
  }
  login(user: string) {
    this.session.user = user;
    return 'in';
  }
  count() {
    this.session.calls = (this.session.calls ?? 0) + 1;
    return this.session.calls;
  }
  head(ctx: Context) {
    ctx.set('X-Own', '1');
    ctx.cookies.set('own', '1');
    return { host: ctx.host, agent: ctx.get('X-Agent'), custom: Reflect.get(ctx, 'custom'), state: ctx.state };
  }
  static routes = {
    greet: { tool: true, summary: 'Greets' },
    me: { tool: true, summary: 'Who', session: ['user'] },
    login: { tool: true, summary: 'Logs in' },
    count: { tool: true, summary: 'Counts' },
    head: { tool: true, summary: 'Head' },
  } satisfies Routes<Root>;
}

class Off {
  session(ctx: Context) {
    return String(Reflect.get(ctx, 'session'));
  }
  static routes = { session: { tool: true, summary: 'Session' } } satisfies Routes<Off>;
}

const post = (app: ReturnType<typeof appOf>, body: object | string = CALL, path = '/mcp') =>
  http(app).post(path).set('Accept', ACCEPT).set('Content-Type', 'application/json').send(body);

/** The messages of an answer, whichever form it has. */
function messagesOf({ text }: { text: string }): Record<string, unknown>[] {
  const lines = [...text.matchAll(/^data: (.+)$/gm)].map(([, line = '']) => line);
  return (lines.length > 0 ? lines : [text]).map((line) => JSON.parse(line));
}

function resultsOf(answer: { text: string }): unknown[] {
  return messagesOf(answer).map(({ result }) => told(result));
}

describe('mcp: the endpoint', () => {
  const app = toolApp(micropie(Root));

  it('answers a call', async () => {
    const answer = await post(app);
    expect(answer.status).to.equal(200);
    expect(resultsOf(answer)).to.deep.equal(['ok Hello, Ada!']);
  });

  for (const method of ['get', 'delete', 'put', 'patch'] as const)
    it(`allows no ${method.toUpperCase()}, of which the app hears nothing`, async () => {
      const told: unknown[] = [];
      const own = toolApp(micropie(Root)).on('error', (error) => told.push(error));
      const { status, headers } = await http(own)[method]('/mcp').set('Accept', 'text/event-stream');
      expect({ status, allow: headers['allow'], told }).to.deep.equal({
        status: 405,
        allow: 'POST, OPTIONS',
        told: [],
      });
    });

  it('answers HEAD as GET, and OPTIONS with what is allowed', async () => {
    expect((await http(app).head('/mcp')).status).to.equal(405);
    const { status, headers } = await http(app).options('/mcp');
    expect([status, headers['allow']]).to.deep.equal([204, 'POST, OPTIONS']);
  });

  it('takes one slash behind its path, and leaves other paths to others', async () => {
    expect((await post(app, CALL, '/mcp/')).status).to.equal(200);
    for (const path of ['/mcp/x', '/mcp//', '/MCP', '/mc', '/mcp2', '/'])
      expect((await post(app, CALL, path)).status, path).to.equal(404);
  });

  it('may have another path, also the root of where it is mounted', async () => {
    expect((await post(toolApp(micropie(Root), { path: '/ai/tools' }), CALL, '/ai/tools')).status).to.equal(200);
    const controller = micropie(Root);
    const inner = appOf(mcp(controller, { name: 'spec', version: '1', path: '/' }));
    const outer = appOf(mount('/api/mcp', inner), controller);
    expect(resultsOf(await post(outer, CALL, '/api/mcp'))).to.deep.equal(['ok Hello, Ada!']);
    expect((await http(outer).get('/greet')).text).to.equal('Hello, Guest!');
  });

  it('is found by the protocol’s own client below koa-mount', () =>
    withServer(appOf(mount('/api', toolApp(micropie(Root)))), async (port) => {
      const client = await connect(`http://127.0.0.1:${port}/api/mcp`);
      expect(told(await client.callTool({ name: 'greet' }))).to.equal('ok Hello, Guest!');
      await client.close();
    }));

  const refused: [title: string, body: string, type: string, status: number, text: RegExp][] = [
    ['JSON that is none', '{', 'application/json', 400, /Bad JSON/],
    ['an empty body', '', 'application/json', 400, /Bad JSON/],
    ['a prototype', '{"__proto__":{"a":1}}', 'application/json', 400, /Bad JSON/],
    [
      'a body beyond the limit',
      JSON.stringify({ ...CALL, more: 'x'.repeat(1000) }),
      'application/json',
      413,
      /The body exceeds 1000 bytes/,
    ],
    [
      'a form, which a page of another site could send',
      'a=1',
      'application/x-www-form-urlencoded',
      415,
      /Content-Type must be application\/json/,
    ],
    [
      'text, which it could send as well',
      JSON.stringify(CALL),
      'text/plain',
      415,
      /Content-Type must be application\/json/,
    ],
    ['no message of the protocol', '{"a":1}', 'application/json', 400, /"code":-32\d+/],
    ['null', 'null', 'application/json', 400, /"code":-32\d+/],
    ['an empty batch', '[]', 'application/json', 400, /"code":-32\d+/],
    [
      'more than a hundred messages',
      JSON.stringify(Array(101).fill({ jsonrpc: '2.0', method: 'a' })),
      'application/json',
      413,
      /exceeds/,
    ],
  ];
  for (const [title, body, type, status, text] of refused)
    it(`refuses ${title}`, async () => {
      const limited = toolApp(micropie(Root, { body: { jsonLimit: 1000 } }));
      const answer = await http(limited).post('/mcp').set('Accept', ACCEPT).set('Content-Type', type).send(body);
      expect(answer.status).to.equal(status);
      expect(answer.text).to.match(text);
    });

  it('refuses a multipart form without storing anything of it', async () => {
    expect((await http(app).post('/mcp').set('Accept', ACCEPT).attach('a', PNG, 'a.png')).status).to.equal(415);
  });

  it('has the JSON limit of 1 MiB where the mount says nothing, or leaves bodies alone', async () => {
    const large = JSON.stringify({ ...CALL, more: 'x'.repeat(1024 ** 2) });
    for (const options of [{}, { body: false }] as const) {
      const own = toolApp(micropie(Root, options));
      expect((await post(own, large)).status).to.equal(413);
      expect(resultsOf(await post(own))).to.deep.equal(['ok Hello, Ada!']);
    }
  });

  it('takes a body that was parsed in front', async () => {
    const controller = micropie(Root);
    const parsed = (ctx: Context, next: () => Promise<void>) => {
      ctx.request.body = CALL;
      return next();
    };
    const own = appOf(parsed, mcp(controller, { name: 'spec', version: '1' }));
    expect(resultsOf(await post(own, {}))).to.deep.equal(['ok Hello, Ada!']);
  });

  it('takes JSON of any depth without harm', async () => {
    for (const depth of [1000, 100_000]) {
      const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
      const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","arguments":{"deep":${deep}}}}`;
      const { status } = await post(app, call);
      expect(status, String(depth)).to.be.oneOf([200, 400]);
      expect(resultsOf(await post(app))).to.deep.equal(['ok Hello, Ada!']);
    }
  });

  it('binds nothing from the query', async () => {
    const call = { ...CALL, params: { name: 'greet', arguments: {} } };
    expect(resultsOf(await post(app, call, '/mcp?name=Eve'))).to.deep.equal(['ok Hello, Guest!']);
  });

  it('sends nothing of the head that a tool sets, and lets it see that of the POST', async () => {
    const own = appOf(
      (ctx, next) => {
        Object.assign(ctx, { custom: 7 });
        ctx.state['user'] = 'Ada';
        return next();
      },
      mcp(micropie(Root), { name: 'spec', version: '1' }),
    );
    const answer = await post(own, { ...CALL, params: { name: 'head' } }).set('X-Agent', 'a');
    const [message] = messagesOf(answer);
    const { host, ...seen } = JSON.parse(textOf(message?.['result']));
    expect(seen).to.deep.equal({ agent: 'a', custom: 7, state: { user: 'Ada' } });
    expect(host).to.match(/^127\.0\.0\.1:/);
    expect(answer.headers).not.to.have.any.keys('x-own', 'set-cookie');
  });

  it('answers a batch of the older revisions, whose calls know nothing of each other', async () => {
    const call = (id: number, name: string) => ({ ...CALL, id, params: { name: 'greet', arguments: { name } } });
    const answer = await post(app, [call(1, 'a'), LIST, call(3, 'b'), { ...CALL, id: 4, params: { name: 'none' } }]);
    const byId = new Map(messagesOf(answer).map((message) => [message['id'], message]));
    expect([1, 3].map((id) => told(byId.get(id)?.['result']))).to.deep.equal(['ok Hello, a!', 'ok Hello, b!']);
    expect(byId.get(2)).to.have.nested.property('result.tools').with.length(5);
    expect(byId.get(4)).to.have.nested.property('error.code', -32602);
  });
});

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

describe('mcp: HTTP/2', () => {
  it('is served, and the app hears nothing of headers that it does not have', () =>
    withHttp2(toolApp(micropie(Root)), async (session) => {
      const stream = begin(session, '/mcp', 'application/json', { accept: ACCEPT });
      stream.end(JSON.stringify(CALL));
      expect(await answerOf(stream)).to.match(/^200 event: message\ndata: .*Hello, Ada!/);
    }));
});

describe('mcp: the Origin of a page', () => {
  const table: [title: string, origin: string, host: string | undefined, status: number][] = [
    ['its own', 'http://127.0.0.1', '127.0.0.1', 200],
    ['its own by name', 'http://localhost:3000', 'localhost:3000', 200],
    ['its own by IPv6', 'http://[::1]:3000', '[::1]:3000', 200],
    ['one that is allowed', 'https://friend.example', undefined, 200],
    ['one that is allowed, by its own name', 'https://friend.example', 'friend.example', 200],
    ['another site', 'https://evil.example', undefined, 403],
    ['none of any site', 'null', undefined, 403],
    ['another port', 'http://127.0.0.1:1', '127.0.0.1:2', 403],
    ['a name that leads here (DNS rebinding)', 'http://evil.example', 'evil.example', 403],
    ['a name that looks like this machine', 'http://localhost.evil.example', 'localhost.evil.example', 403],
  ];
  for (const [title, origin, host, status] of table)
    it(`${title}: ${status}`, async () => {
      const app = toolApp(micropie(Root), { origins: ['https://friend.example'] });
      const asking = post(app).set('Origin', origin);
      expect((await (host ? asking.set('Host', host) : asking)).status).to.equal(status);
    });

  it('is its own behind a proxy that the app trusts', async () => {
    const app = toolApp(micropie(Root));
    app.proxy = true;
    const ask = (origin: string) => post(app).set('X-Forwarded-Host', 'app.example').set('Origin', origin);
    expect((await ask('https://app.example')).status).to.equal(200);
    expect((await ask('https://evil.example')).status).to.equal(403);
  });

  it('is looked at before any hook', async () => {
    const calls: string[] = [];
    const app = toolApp(micropie(Root, { middlewares: [{ beforeRequest: ({ method }) => void calls.push(method) }] }));
    const answer = await post(app).set('Origin', 'https://evil.example');
    expect(answer.text).to.include('the option origins of mcp() allows others');
    expect(calls).to.deep.equal([]);
  });
});

describe('mcp: hooks', () => {
  class KeyCheck extends HttpMiddleware {
    override beforeRequest(request: Request) {
      if (request.headers['x-key'] !== 'secret')
        return reply(401, { error: 'Who are you?' }, { 'WWW-Authenticate': 'Bearer resource_metadata="/x"' });
      return Object.assign(request, { user: 'Ada' }) && undefined;
    }
  }

  it('refuse a POST as they refuse a request, tools/list too', async () => {
    const app = toolApp(micropie(Root, { middlewares: [new KeyCheck()] }));
    for (const body of [CALL, LIST, INITIALIZE]) {
      const answer = await post(app, body);
      expect(answer.status).to.equal(401);
      expect(answer.body).to.deep.equal({ error: 'Who are you?' });
      expect(answer.headers['www-authenticate']).to.match(/^Bearer/);
    }
    expect((await post(app).set('X-Key', 'secret')).status).to.equal(200);
  });

  it('refuse the protocol’s own client, which says so', () =>
    withServer(toolApp(micropie(Root, { middlewares: [new KeyCheck()] })), async (port) => {
      const address = `http://127.0.0.1:${port}/mcp`;
      const refused = await connect(address).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(SdkHttpError).with.nested.property('data.status', 401);
      const client = await connect(address, {}, { headers: { 'X-Key': 'secret' } });
      expect(told(await client.callTool({ name: 'greet' }))).to.equal('ok Hello, Guest!');
      await client.close();
    }));

  class Log extends HttpMiddleware {
    readonly lines: string[] = [];
    readonly #name: string;
    constructor(name: string, lines: string[] = []) {
      super();
      this.#name = name;
      this.lines = lines;
    }
    override beforeRequest(request: Request) {
      this.lines.push(`${this.#name} before ${request.route?.name}`);
    }
    override beforeCall(request: Request, args: Readonly<Record<string, unknown>>) {
      this.lines.push(`${this.#name} call ${request.route?.name} ${JSON.stringify(args)}`);
      return args['name'] === 'Eve' ? reply(403, 'Not for Eve') : undefined;
    }
    override afterRequest(request: Request, status: number, body: unknown) {
      this.lines.push(`${this.#name} after ${request.route?.name} ${status}`);
      return body === 'Hello, Bob!' ? { body: 'Hello, Robert!' } : undefined;
    }
    override onError(request: Request, error: Error) {
      this.lines.push(`${this.#name} error ${request.route?.name} ${error.message}`);
      return error.message === 'known' ? reply(409, 'Known') : undefined;
    }
  }

  const lines: string[] = [];
  class Guarded {
    greet(name = 'Guest') {
      if (name === 'known') throw new Error('known');
      return `Hello, ${name}!`;
    }
    open() {
      return 'open';
    }
    static routes = {
      greet: { tool: true, summary: 'Greets', middlewares: [new Log('own', lines)] },
      open: { tool: true, summary: 'Opens' },
    } satisfies Routes<Guarded>;
  }
  const play = async (name: string) => {
    lines.length = 0;
    const app = toolApp(micropie(Guarded, { middlewares: [new Log('mount', lines)] }));
    const results = resultsOf(await post(app, { ...CALL, params: { name: 'greet', arguments: { name } } }));
    return [...lines, ...results];
  };

  it('run once for a POST, then for each call in the order of a request', async () => {
    expect(await play('Bob')).to.deep.equal([
      'mount before undefined',
      'own before greet',
      'mount call greet {"name":"Bob"}',
      'own call greet {"name":"Bob"}',
      'own after greet 200',
      'mount after greet 200',
      'ok Hello, Robert!',
    ]);
  });

  it('refuse a call by its arguments', async () => {
    expect((await play('Eve')).slice(2)).to.deep.equal([
      'mount call greet {"name":"Eve"}',
      'error 403 Forbidden: Not for Eve',
    ]);
  });

  it('turn an error into an answer', async () => {
    expect((await play('known')).slice(4)).to.deep.equal(['own error greet known', 'error 409 Conflict: Known']);
  });

  it('do not run for tools/list beyond those before', async () => {
    lines.length = 0;
    await post(toolApp(micropie(Guarded, { middlewares: [new Log('mount', lines)] })), LIST);
    expect(lines).to.deep.equal(['mount before undefined']);
  });

  it('of a route alone guard its tool, by a refusal that is the result', async () => {
    class Own {
      admin() {
        return 'never';
      }
      static routes = {
        admin: { tool: true, summary: 'Admin', middlewares: [{ beforeRequest: () => reply(403, 'Admins only') }] },
      } satisfies Routes<Own>;
    }
    const answer = await post(toolApp(micropie(Own)), { ...CALL, params: { name: 'admin' } });
    expect([answer.status, ...resultsOf(answer)]).to.deep.equal([200, 'error 403 Forbidden: Admins only']);
  });

  it('that were pushed later run as well, and hand over what they put on the request', async () => {
    class Seen extends Controller {
      user() {
        return String(Reflect.get(this.request, 'user'));
      }
      static routes = { user: { tool: true, summary: 'User' } } satisfies Routes<Seen>;
    }
    const controller = micropie(Seen);
    const app = toolApp(controller);
    controller.middlewares.push(new KeyCheck());
    const call = { ...CALL, params: { name: 'user' } };
    expect((await post(app, call)).status).to.equal(401);
    expect(resultsOf(await post(app, call).set('X-Key', 'secret'))).to.deep.equal(['ok Ada']);
  });

  it('that fail are errors of the POST, told once', async () => {
    const app = toolApp(
      micropie(Root, {
        middlewares: [
          {
            beforeRequest: () => {
              throw new Error('hook');
            },
          },
        ],
      }),
    );
    const errors = errorsOf(app);
    const answer = await post(app);
    expect([answer.status, answer.text]).to.deep.equal([500, '{"title":"Internal Server Error","status":500}']);
    expect(errors.map(String)).to.deep.equal(['Error: hook']);
  });
});

describe('mcp: sessions', () => {
  it('are those of the visitor whose cookie came, and are stored with what tools change', async () => {
    const app = toolApp(micropie(Root));
    const visitor = request.agent(app.callback());
    const call = (name: string, args = {}) =>
      visitor
        .post('/mcp')
        .set('Accept', ACCEPT)
        .send({ ...CALL, params: { name, arguments: args } });
    expect(resultsOf(await call('me', { user: 'Eve' }))).to.deep.equal(['ok nobody']);
    const login = await call('login', { user: 'Ada' });
    expect(String(login.headers['set-cookie'])).to.match(/^session_id=/);
    expect(login.headers['cache-control']).to.match(/private|no-cache/);
    expect(resultsOf(await call('me', { user: 'Eve' }))).to.deep.equal(['ok Ada']);
    expect(resultsOf(await call('count'))).to.deep.equal(['ok 1']);
    expect(resultsOf(await call('count'))).to.deep.equal(['ok 2']);
    expect((await visitor.get('/me')).text).to.equal('Ada');
  });

  it('are stored once for a batch', async () => {
    const visitor = request.agent(toolApp(micropie(Root)).callback());
    const counts = [1, 2, 3].map((id) => ({ ...CALL, id, params: { name: 'count' } }));
    const answer = await visitor.post('/mcp').set('Accept', ACCEPT).send(counts);
    expect(resultsOf(answer).sort()).to.deep.equal(['ok 1', 'ok 2', 'ok 3']);
    expect((await visitor.get('/count')).text).to.equal('4');
  });

  it('are none where they are turned off', async () => {
    const app = toolApp(micropie(Off, { session: false }));
    expect(resultsOf(await post(app, { ...CALL, params: { name: 'session' } }))).to.deep.equal(['ok undefined']);
  });

  it('are the app’s own where it has them', async () => {
    const controller = micropie(Root);
    const app = appOf();
    app.keys = ['key'];
    app.use(createSession(app));
    app.use(mcp(controller, { name: 'spec', version: '1' })).use(controller);
    const visitor = request.agent(app.callback());
    const call = { ...CALL, params: { name: 'count' } };
    for (const count of [1, 2])
      expect(resultsOf(await visitor.post('/mcp').set('Accept', ACCEPT).send(call))).to.deep.equal([`ok ${count}`]);
    expect((await visitor.get('/count')).text).to.equal('3');
  });

  it('of the protocol have names that nobody can guess, and open nothing', async () => {
    const app = toolApp(micropie(Root));
    const ids = await Promise.all([1, 2].map(async () => (await post(app, INITIALIZE)).headers['mcp-session-id']));
    for (const id of ids) expect(id).to.match(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/);
    expect(new Set(ids).size).to.equal(2);
    // None is needed, and none is looked up: any process answers any of them.
    for (const id of [undefined, ids[0], 'made-up', 'session_id=1']) {
      const asking = post(app, { ...CALL, params: { name: 'me' } });
      expect(resultsOf(await (id === undefined ? asking : asking.set('Mcp-Session-Id', id)))).to.deep.equal([
        'ok nobody',
      ]);
    }
    expect((await post(app)).headers).not.to.have.any.keys('mcp-session-id', 'set-cookie');
  });
});

describe('mcp: the protocol', () => {
  const app = () => toolApp(micropie(Root));

  for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])
    it(`shakes hands in ${version}`, async () => {
      const { params } = INITIALIZE;
      const [message] = messagesOf(
        await post(app(), { ...INITIALIZE, params: { ...params, protocolVersion: version } }),
      );
      expect(message).to.have.nested.property('result.protocolVersion', version);
      expect(message).to.have.deep.nested.property('result.capabilities', { tools: {} });
      expect(resultsOf(await post(app()).set('MCP-Protocol-Version', version))).to.deep.equal(['ok Hello, Ada!']);
    });

  it('refuses a revision that it does not know', async () => {
    expect((await post(app()).set('MCP-Protocol-Version', '1999-01-01')).status).to.equal(400);
  });

  it('is negotiated by its own client', () =>
    withClient(
      app(),
      async (client) => {
        expect(client.getNegotiatedProtocolVersion()).to.equal('2026-07-28');
        expect(client.getServerVersion()).to.include({ name: 'spec', version: '1.0.0' });
      },
      { versionNegotiation: { mode: 'auto' } },
    ));

  it('has nothing to subscribe to, so that no stream stays open', async () => {
    const envelope = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'spec', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const listen = {
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: { _meta: envelope, notifications: {} },
    };
    const answer = await post(app(), listen)
      .set('MCP-Protocol-Version', '2026-07-28')
      .set('Mcp-Method', 'subscriptions/listen');
    expect(answer.text).to.include('Subscription limit reached');
  });
});
