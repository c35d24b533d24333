import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import { expect } from 'chai';
import type Koa from 'koa';
import mount from 'koa-mount';
import { type Micropie, type MicropieOptions, micropie, nested } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { RawClient } from '../support/socket.js';
import { classOf } from '../support/source.js';

/** What a request line leads to: a route and its arguments, or a status with its `Allow`. */
type Row =
  | readonly [line: string, route: string, args?: readonly unknown[]]
  | readonly [string, number, allow?: string];

interface Group {
  readonly title: string;
  /** The methods, without bodies, and the nested fields. */
  readonly methods: string;
  readonly routes?: Readonly<Record<string, unknown>>;
  /** The methods of the class nested in `inner`. */
  readonly inner?: readonly [methods: string, routes?: Readonly<Record<string, unknown>>];
  readonly options?: MicropieOptions;
  readonly around?: (app: Koa, mounted: Micropie) => unknown;
  readonly rows: readonly Row[];
}

const ANY = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const GET = 'GET, HEAD, OPTIONS';

const groups: readonly Group[] = [
  {
    title: 'verbs on one path',
    methods: 'list() {} create() {} show(id) {} save(id) {} remove(id) {}',
    routes: {
      list: 'GET /',
      create: 'POST /',
      show: { path: 'GET /:id', params: [Number] },
      save: 'PUT,PATCH /:id',
      remove: 'DELETE /:id',
    },
    rows: [
      ['GET /', 'list', []],
      ['HEAD /', 'list'],
      ['POST /', 'create', []],
      ['GET /?x=1', 'list', []],
      ['PUT /', 405, 'GET, HEAD, POST, OPTIONS'],
      ['DELETE /', 405, 'GET, HEAD, POST, OPTIONS'],
      ['TRACE /', 405, 'GET, HEAD, POST, OPTIONS'],
      ['OPTIONS /', 204, 'GET, HEAD, POST, OPTIONS'],
      ['GET /7', 'show', [7]],
      ['GET /7/', 'show', [7]],
      ['HEAD /7', 'show'],
      ['GET /%37', 'show', [7]],
      ['GET /seven', 400],
      ['PUT /7', 'save', ['7']],
      ['PATCH /7', 'save', ['7']],
      ['DELETE /7', 'remove', ['7']],
      ['DELETE /seven', 'remove', ['seven']],
      ['POST /7', 405, 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
      ['OPTIONS /7', 204, 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
      ['PROPFIND /7', 405, 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
      ['GET /7/8', 404],
      ['POST /7/8', 404],
      ['OPTIONS /7/8', 404],
      // A declared path replaces the name, which is then a value like any other.
      ['DELETE /list', 'remove', ['list']],
      ['GET /index', 400],
      ['GET //', 404],
      ['GET ///', 404],
      ['GET /7//', 404],
      ['GET /%zz', 400],
      ['GET /%00', 400],
      ['DELETE /a%2Fb', 'remove', ['a/b']],
      ['DELETE /a+b', 'remove', ['a+b']],
      ['DELETE /%C3%A9', 'remove', ['é']],
      ['DELETE /%252F', 'remove', ['%2F']],
      ['DELETE /%ff', 400],
      ['DELETE /__proto__', 'remove', ['__proto__']],
      ['DELETE /constructor', 'remove', ['constructor']],
    ],
  },
  {
    title: 'a path for any method',
    methods: 'show(id) {} save(id) {} both(id) {}',
    routes: { show: '/:id', save: 'POST /:id', both: '/x/:id' },
    rows: [
      ['GET /7', 'show', ['7']],
      ['HEAD /7', 'show'],
      ['DELETE /7', 'show', ['7']],
      ['PROPFIND /7', 'show', ['7']],
      // A declared method beats an undeclared one.
      ['POST /7', 'save', ['7']],
      ['OPTIONS /7', 204, ANY],
      ['TRACE /7', 405, ANY],
      ['GET /x', 'show', ['x']],
      ['GET /x/7', 'both', ['7']],
      ['GET /y/7', 404],
    ],
  },
  {
    title: 'HEAD and OPTIONS, declared',
    methods: 'get(id) {} head(id) {} options(id) {} every(id) {} upper() {}',
    routes: {
      get: 'GET /:id',
      head: 'HEAD /:id',
      options: 'OPTIONS /:id',
      every: 'HEAD,OPTIONS /x/:id',
      upper: 'M-SEARCH',
    },
    rows: [
      ['GET /7', 'get', ['7']],
      ['HEAD /7', 'head'],
      ['OPTIONS /7', 'options', ['7']],
      ['POST /7', 405, 'GET, HEAD, OPTIONS'],
      ['HEAD /x/7', 'every'],
      ['OPTIONS /x/7', 'every', ['7']],
      ['GET /x/7', 405, 'HEAD, OPTIONS'],
      ['M-SEARCH /upper', 'upper', []],
      ['GET /upper', 'get', ['upper']],
      ['OPTIONS *', 204, ANY],
      ['GET *', 404],
    ],
  },
  {
    title: 'declared methods on the automatic path',
    methods: 'save(a = "") {} edit(a = "") {} ask() {} any() {} index(page = 1) {}',
    routes: { save: 'POST', edit: 'PUT,PATCH', ask: 'OPTIONS,GET', index: 'GET' },
    rows: [
      ['POST /save', 'save', []],
      ['POST /save/x', 'save', ['x']],
      ['POST /save/x/more', 'save', ['x']],
      ['GET /save', 405, 'POST, OPTIONS'],
      ['HEAD /save', 405, 'POST, OPTIONS'],
      ['GET /save/x/more', 405, 'POST, OPTIONS'],
      ['PUT /edit', 'edit', []],
      ['GET /edit', 405, 'PUT, PATCH, OPTIONS'],
      ['OPTIONS /ask', 'ask', []],
      ['GET /ask', 'ask', []],
      ['POST /ask', 405, 'OPTIONS, GET, HEAD'],
      ['GET /any', 'any', []],
      ['GET /', 'index', []],
      ['GET /2', 'index', [2]],
      ['POST /', 405, GET],
      ['POST /2', 405, GET],
      ['OPTIONS /2', 204, GET],
      ['POST /two', 404],
      ['GET /index/2', 'index', [2]],
      ['POST /index', 405, GET],
    ],
  },
  {
    title: 'text before :name before free segments before *name',
    methods: `stats() {} show(id) {} archive(...all) {} month(year) {} latest() {} day(year, month) {}
      files(...path) {} readme() {} all(...path) {} index(a = "") {}`,
    routes: {
      show: 'GET /:id',
      month: 'GET /archive/:year',
      latest: 'GET /archive/latest',
      day: 'GET /archive/:year/:month',
      files: 'GET /files/*path',
      readme: 'GET /files/readme',
      all: 'GET /*path',
    },
    rows: [
      ['GET /stats', 'stats', []],
      ['POST /stats', 'stats', []],
      // The free segments of a name that is text come before what stands behind :id.
      ['GET /stats/more', 'stats', []],
      ['GET /7', 'show', ['7']],
      ['GET /statsx', 'show', ['statsx']],
      ['GET /%73tats', 'show', ['stats']],
      ['GET /7/more', 'all', ['7', 'more']],
      ['GET /7//more', 'all', ['7', '', 'more']],
      ['GET /archive', 'archive', []],
      ['GET /archive/2020', 'month', ['2020']],
      ['GET /archive/latest', 'latest', []],
      ['GET /archive/latest/', 'latest', []],
      ['GET /archive/latest/5', 'day', ['latest', '5']],
      ['GET /archive/2020/5', 'day', ['2020', '5']],
      ['GET /archive/2020/5/1', 'archive', ['2020', '5', '1']],
      ['POST /archive/2020', 'archive', ['2020']],
      ['GET /files/readme', 'readme', []],
      ['GET /files', 'files', []],
      ['GET /files/', 'files', []],
      ['GET /files/a', 'files', ['a']],
      ['GET /files/a/b%2Fc/', 'files', ['a', 'b/c']],
      ['GET /files/readme/a', 'files', ['readme', 'a']],
      ['GET /files/%zz', 400],
      // Of all that fits, *name comes behind all but index.
      ['GET /', 'all', []],
      ['POST /', 'index', []],
      ['POST /7', 'index', ['7']],
      ['POST /7/more', 405, GET],
      ['GET //7', 'all', ['', '7']],
      ['GET /a/b/c', 'all', ['a', 'b', 'c']],
      ['GET /index/x', 'index', ['x']],
      ['POST /files/a', 405, GET],
      ['OPTIONS /files/a', 204, GET],
    ],
  },
  {
    title: 'the most exact path whose method fits',
    methods: 'a() {} b(id) {} c(...path) {} stats() {} d(x, y) {} e(x) {}',
    routes: {
      a: 'GET /a',
      b: 'POST /:id',
      c: 'DELETE /*path',
      stats: 'PUT',
      d: 'GET /d/:x/:y',
      e: 'POST /d/:x/end',
    },
    rows: [
      ['GET /a', 'a', []],
      ['POST /a', 'b', ['a']],
      ['DELETE /a', 'c', ['a']],
      ['PUT /a', 405, 'GET, HEAD, POST, DELETE, OPTIONS'],
      ['OPTIONS /a', 204, 'GET, HEAD, POST, DELETE, OPTIONS'],
      ['GET /x', 405, 'POST, DELETE, OPTIONS'],
      ['PUT /stats', 'stats', []],
      ['POST /stats', 'b', ['stats']],
      ['GET /stats', 405, 'PUT, POST, DELETE, OPTIONS'],
      ['GET /stats/x', 405, 'PUT, DELETE, OPTIONS'],
      ['GET /', 405, 'DELETE, OPTIONS'],
      ['GET /d/1/end', 'd', ['1', 'end']],
      ['POST /d/1/end', 'e', ['1']],
      ['POST /d/1/2', 405, 'GET, HEAD, DELETE, OPTIONS'],
      ['PUT /d/1/end', 405, 'POST, GET, HEAD, DELETE, OPTIONS'],
    ],
  },
  {
    title: 'a way back from a text that leads nowhere',
    methods: 'one(x) {} two(x, y) {} three(x) {}',
    routes: { one: 'GET /a/b/:x', two: 'GET /:x/:y/end', three: 'GET /a/:x/c' },
    rows: [
      ['GET /a/b/c', 'one', ['c']],
      ['GET /a/b/end', 'one', ['end']],
      ['GET /a/x/c', 'three', ['x']],
      ['GET /a/x/end', 'two', ['a', 'x']],
      ['GET /x/b/end', 'two', ['x', 'b']],
      ['GET /a/b', 404],
      ['GET /a/x/d', 404],
      ['GET /a//c', 404],
      ['GET ///end', 404],
      ['POST /a/b/c', 405, GET],
      ['GET /a/b/%zz', 400],
    ],
  },
  {
    title: 'a declared path beside the automatic one of the same text',
    methods: 'stats(a = "") {} exact() {} index() {} home() {}',
    routes: { exact: 'GET /stats', home: 'GET /' },
    rows: [
      ['GET /stats', 'exact', []],
      ['POST /stats', 'stats', []],
      ['GET /stats/x', 'stats', ['x']],
      ['OPTIONS /stats', 204, ANY],
      ['GET /', 'home', []],
      ['POST /', 'index', []],
      ['GET /index', 'index', []],
      ['GET /exact', 404],
      ['GET /home', 404],
    ],
  },
  {
    title: 'names of the path in place of those of the source',
    methods: 'show(e, page = 1) {} mine(ctx, a, b = 2) {} all(request, a, ...rest) {} login(user, password) {}',
    routes: {
      show: { path: 'GET /show/:id' },
      mine: { path: 'GET /mine/:first/:second' },
      all: { path: 'GET /all/:a/*rest' },
      login: { path: 'POST /login/:user', from: 'body' },
    },
    rows: [
      ['GET /show/7', 'show', ['7']],
      ['GET /show/7?page=2', 'show', ['7', 2]],
      ['GET /show/7?e=x&id=y', 'show', ['7']],
      ['GET /show/7/2', 404],
      ['GET /show', 404],
      ['GET /mine/a/3', 'mine', ['a', 3]],
      ['GET /mine/a/b', 400],
      ['GET /mine/a', 404],
      ['GET /all/a', 'all', ['a']],
      ['GET /all/a/b/c', 'all', ['a', 'b', 'c']],
      ['GET /all', 404],
      ['POST /login/x?password=y', 400],
    ],
  },
  {
    title: 'text as clients write it',
    methods:
      "cafe() {} space() {} at() {} slash() {} lower() {} letter() {} percent() {} '@me'() {} 'a b/c?'() {} 100() {}",
    routes: {
      cafe: 'GET /café',
      space: 'GET /with space',
      at: 'GET /@you/~x;v=1,2',
      slash: 'GET /a%2Fb',
      lower: 'GET /caf%c3%a8',
      letter: 'GET /%61dmin',
      percent: 'GET /100%25',
    },
    rows: [
      ['GET /caf%C3%A9', 'cafe', []],
      ['GET /caf%c3%a9', 404],
      ['GET /cafe%CC%81', 404],
      ['GET /with%20space', 'space', []],
      ['GET /with+space', 404],
      ['GET /@you/~x;v=1,2', 'at', []],
      ['GET /%40you/~x;v=1,2', 404],
      ['GET /a%2Fb', 'slash', []],
      ['GET /a/b', 404],
      ['GET /a%2fb', 404],
      ['GET /caf%C3%A8', 'lower', []],
      ['GET /admin', 'letter', []],
      ['GET /%61dmin', 404],
      ['GET /Admin', 404],
      ['GET /100%25', 'percent', []],
      ['GET /100', '100', []],
      ['GET /100%', 400],
      ['GET /@me', '@me', []],
      ['GET /%40me', 404],
      ['GET /a%20b%2Fc%3F', 'a b/c?', []],
      ['GET http://elsewhere.example/admin', 'letter', []],
    ],
  },
  {
    title: 'index comes last',
    methods: 'index(a = 1, b = "") {} show(id) {} hidden() {} _helper() {}',
    routes: { show: 'PUT /:id', hidden: 'GET /_open' },
    rows: [
      ['GET /', 'index', []],
      ['GET /2', 'index', [2]],
      ['GET /2/x', 'index', [2, 'x']],
      ['GET /2/x/y', 404],
      ['PUT /2', 'show', ['2']],
      ['PUT /2/x', 'index', [2, 'x']],
      // What does not fit index leaves the refusal to the others.
      ['GET /two', 405, 'PUT, OPTIONS'],
      ['OPTIONS /2', 204, 'PUT, GET, HEAD, POST, PATCH, DELETE, OPTIONS'],
      ['OPTIONS /two', 204, 'PUT, OPTIONS'],
      ['GET /_open', 'hidden', []],
      ['GET /_helper', 405, 'PUT, OPTIONS'],
      ['GET /show', 405, 'PUT, OPTIONS'],
      ['GET /%zz/x', 400],
    ],
  },
  {
    title: 'strict',
    options: { strict: true },
    methods: 'stats() {} hello(a = "") {} show(id) {} more(id, sub) {} rest(...all) {} index() {}',
    routes: { show: 'GET /:id', more: 'GET /:id/:sub' },
    rows: [
      ['GET /stats', 'stats', []],
      ['GET /stats/', 'stats', []],
      ['GET /stats/x', 'more', ['stats', 'x']],
      ['POST /stats/x', 405, GET],
      ['GET /hello/x', 'hello', ['x']],
      ['GET /hello/x/y', 404],
      ['GET /rest/x/y/z', 'rest', ['x', 'y', 'z']],
      ['GET /7', 'show', ['7']],
      ['GET /7/8/9', 404],
      ['GET /', 'index', []],
      ['GET /index/x', 'more', ['index', 'x']],
    ],
  },
  {
    title: 'a prefix',
    options: { prefix: '/api/v1' },
    methods: 'list() {} show(id) {} stats() {}',
    routes: { list: 'GET /', show: 'GET /:id' },
    rows: [
      ['GET /api/v1', 'list', []],
      ['GET /api/v1/', 'list', []],
      ['GET /api/v1/7', 'show', ['7']],
      ['POST /api/v1/7', 405, GET],
      ['GET /api/v1/stats', 'stats', []],
      ['GET /api/v1//', 404],
      ['GET /api/v17', 404],
      ['GET /api/%761/7', 404],
      ['GET /7', 404],
      ['OPTIONS *', 404],
    ],
  },
  {
    title: 'without fallthrough',
    options: { fallthrough: false, middlewares: [{ beforeRequest: ({ route }) => (route ? null : GONE) }] },
    methods: 'show(id) {} stats() {}',
    routes: { show: 'GET /:id' },
    rows: [
      ['GET /7', 'show', ['7']],
      ['GET /stats/x', 'stats', []],
      ['GET /7/8', 410],
      ['GET /', 410],
      ['POST /7', 405, GET],
      ['OPTIONS /7', 204, GET],
      ['OPTIONS /7/8', 404],
      ['GET /%zz', 400],
    ],
  },
  {
    title: 'a nested class',
    methods: 'inner = nested(Inner); index(...all) {} show(id) {} sub(id, rest) {} all(...path) {}',
    routes: { show: 'GET /:id', sub: 'GET /:id/:rest', all: 'PUT /*path' },
    inner: [
      'list() {} show(id) {} posts(user, id) {} stats() {} index(page = 1) {}',
      { list: 'GET /', show: 'GET /:id', posts: 'GET /:user/posts/:id' },
    ],
    rows: [
      ['GET /inner', 'inner.list', []],
      ['GET /inner/', 'inner.list', []],
      ['POST /inner', 'inner.index', []],
      ['GET /inner/7', 'inner.show', ['7']],
      ['GET /inner/inner', 'inner.show', ['inner']],
      ['GET /inner/stats', 'inner.stats', []],
      ['GET /inner/stats/x', 'inner.stats', []],
      ['GET /inner/alice/posts/7', 'inner.posts', ['alice', '7']],
      ['POST /inner/2', 'inner.index', [2]],
      // Only the nested class answers below its text, refusals included.
      ['POST /inner/two', 405, GET],
      ['PUT /inner/two', 405, GET],
      ['OPTIONS /inner/two', 204, GET],
      ['GET /inner/a/b', 404],
      ['PUT /inner/a/b', 404],
      ['GET /inner//', 404],
      ['GET /inner/%zz', 400],
      ['GET /%69nner', 'show', ['inner']],
      ['GET /7', 'show', ['7']],
      ['GET /7/inner', 'sub', ['7', 'inner']],
      ['PUT /a/b', 'all', ['a', 'b']],
      ['POST /a/b', 'index', ['a', 'b']],
      ['GET /Inner', 'show', ['Inner']],
    ],
  },
  {
    title: 'a nested class, strict, below a prefix, without fallthrough',
    options: { strict: true, fallthrough: false, prefix: '/api' },
    methods: 'inner = nested(Inner); index(a = "") {}',
    inner: ['stats() {}', {}],
    rows: [
      ['GET /api/inner/stats', 'inner.stats', []],
      ['GET /api/inner/stats/x', 404],
      ['GET /api/inner', 404],
      ['GET /api/other', 'index', ['other']],
      ['GET /inner/stats', 404],
    ],
  },
  {
    title: 'koa-mount around',
    around: (app, mounted) => app.use(mount('/site', mounted)),
    methods: 'inner = nested(Inner); show(id) {}',
    routes: { show: 'GET /:id' },
    inner: ['show(id) {}', { show: 'GET /:id' }],
    rows: [
      ['GET /site/7', 'show', ['7']],
      ['GET /site/inner/7', 'inner.show', ['7']],
      ['POST /site/7', 405, GET],
      ['OPTIONS /site/inner/7', 204, GET],
      ['GET /site', 404],
      ['GET /7', 404],
      ['GET /site/a%2Fb', 'show', ['a/b']],
    ],
  },
  {
    title: '@koa/router around',
    options: { prefix: '/api' },
    around: (app, mounted) => {
      const router = new Router();
      router.all(['/api', '/api/{*rest}'], mounted);
      app.use(router.routes());
    },
    methods: 'inner = nested(Inner); list() {} show(id) {}',
    routes: { list: 'GET /', show: 'GET /:id' },
    inner: ['show(id) {}', { show: 'GET /:id' }],
    rows: [
      ['GET /api', 'list', []],
      ['GET /api/7', 'show', ['7']],
      ['GET /api/inner/7', 'inner.show', ['7']],
      ['POST /api/inner/7', 405, GET],
      ['GET /7', 404],
    ],
  },
];

const GONE = { statusCode: 410, body: 'Gone' };

describe('a declared path:', () => {
  for (const { rows, ...group } of groups)
    describe(group.title, () => {
      let server: Server;
      let connection: RawClient;

      before(async () => {
        server = createServer(appServing(group).callback()).listen(0, '127.0.0.1');
        await once(server, 'listening');
        connection = await RawClient.open((server.address() as AddressInfo).port);
      });

      after(() => {
        connection.socket.destroy();
        server.close();
      });

      for (const [line, expected, detail] of rows)
        it(`${line} is ${expected}${detail === undefined ? '' : ` ${JSON.stringify(detail)}`}`, async () => {
          const head = line.startsWith('HEAD');
          await connection.send(`${line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`);
          const { status, headers, body } = await connection.response({ head });
          if (typeof expected === 'number') {
            expect([status, headers['allow']]).to.deep.equal([expected, detail]);
            return;
          }
          expect([status, headers['x-route']]).to.deep.equal([200, expected]);
          if (!head) expect(JSON.parse(body.toString())).to.deep.equal(detail);
        });
    });
});

/** Serves the group's class, whose methods answer with the arguments that the client gave, and name their route. */
function appServing({ methods, routes = {}, inner = ['index() {}'], options = {}, around }: Omit<Group, 'rows'>): Koa {
  const scope = { nested, Inner: echoing(inner[0], { routes: inner[1] ?? {} }), routes };
  const mounted = micropie(echoing(methods, scope), options);
  mounted.middlewares.push({ beforeRequest: ({ ctx, route }) => void ctx.set('X-Route', route?.name ?? 'none') });
  const app = appOf();
  if (around) around(app, mounted);
  else app.use(mounted);
  return app;
}

function echoing(methods: string, scope: Readonly<Record<string, unknown>>) {
  const bodies = methods.replaceAll(
    '{}',
    '{ return [...arguments].filter((it) => it !== undefined && typeof it !== "object"); }',
  );
  return classOf(`${bodies} static routes = routes;`, scope);
}
