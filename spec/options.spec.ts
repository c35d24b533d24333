import { expect } from 'chai';
import { InMemorySessionBackend, type MicropieOptions, micropie } from '../lib/index.js';
import { settle } from '../lib/options.js';
import { client } from './support/app.js';

class Root {
  hello() {
    return 'hello';
  }
}

const OPTIONS = 'prefix, middlewares, fallthrough, strict, sessionBackend, session, body, uploads, views, layout';
const COUNT = 'must be a whole number above 0';
const HOOKS =
  'must be an object with beforeRequest, beforeCall, afterRequest, onError, beforeWebSocket, afterWebSocket, or some of these; Koa middleware belongs into app.use()';
const PREFIX = "options.prefix must be a path such as '/api', percent-encoded, without a slash at its end";
const BACKEND = 'options.sessionBackend must have the methods load(id) and save(id, data, timeout)';
const hook = { beforeRequest: () => {} };

const wrong: [options: unknown, message: string][] = [
  ...[null, 'x', 1, true, [], () => {}].map((value): [unknown, string] => [value, 'options must be an object']),
  [{ prefx: '/api' }, `options.prefx is unknown; there are ${OPTIONS}`],
  [{ middleware: [] }, `options.middleware is unknown; there are ${OPTIONS}`],
  [{ toString: 1 }, `options.toString is unknown; there are ${OPTIONS}`],
  [{ constructor: 1 }, `options.constructor is unknown; there are ${OPTIONS}`],
  [JSON.parse('{"__proto__":1}'), `options.__proto__ is unknown; there are ${OPTIONS}`],
  ...[1, null, 'api', '/', '/api/', '//', '/a//b', '/a b', '/a?b', '/a#b', '/küche', '/a\n', ['/api']].map(
    (prefix): [unknown, string] => [{ prefix }, PREFIX],
  ),
  ...[null, hook, 'x'].map((middlewares): [unknown, string] => [
    { middlewares },
    'options.middlewares must be a list of hooks',
  ]),
  ...[null, 1, {}, class Hook {}, () => {}].map((one): [unknown, string] => [
    { middlewares: [hook, one] },
    `options.middlewares[1] ${HOOKS}`,
  ]),
  ...['before', 'beforeRequests', 'before_request', 'afterReqest', 'onerror'].map((name): [unknown, string] => [
    { middlewares: [{ ...hook, [name]: () => {} }] },
    `options.middlewares[0].${name} would never be called; hooks have the methods beforeRequest, beforeCall, afterRequest, onError, beforeWebSocket, afterWebSocket`,
  ]),
  ...['yes', 1, 0, null].flatMap((value): [unknown, string][] => [
    [{ fallthrough: value }, 'options.fallthrough must be true or false'],
    [{ strict: value }, 'options.strict must be true or false'],
    [{ session: { secure: value } }, 'options.session.secure must be true or false'],
  ]),
  ...[
    null,
    {},
    { load() {} },
    { save() {} },
    { load: 1, save: 1 },
    { load() {}, save() {}, update: 1 },
    InMemorySessionBackend,
    'redis://',
  ].map((sessionBackend): [unknown, string] => [{ sessionBackend }, BACKEND]),
  ...[true, null, 'x', 1, []].flatMap((value): [unknown, string][] => [
    [{ session: value }, 'options.session must be an object or false'],
    [{ body: value }, 'options.body must be an object or false'],
  ]),
  ...[true, null, 'x', []].map((uploads): [unknown, string] => [
    { uploads },
    'options.uploads must be an object or false',
  ]),
  ...['', 1, null, false].flatMap((value): [unknown, string][] => [
    [{ views: value }, 'options.views must be a text that is not empty'],
    [{ layout: value }, 'options.layout must be a text that is not empty'],
    [{ uploads: { dir: value } }, 'options.uploads.dir must be a text that is not empty'],
  ]),
  ...['', 'a b', 'a;b', 'a=b', 'ä', 1, null].map((cookie): [unknown, string] => [
    { session: { cookie } },
    'options.session.cookie must be a cookie name',
  ]),
  ...['', 'a;b', 'a b', 'a.b/c', 'ä.example', 'a\r\nb', 1, null].map((domain): [unknown, string] => [
    { session: { domain } },
    "options.session.domain must be a domain name such as 'example.com'",
  ]),
  ...['Lax', 'no', true, null, ['lax']].map((sameSite): [unknown, string] => [
    { session: { sameSite } },
    "options.session.sameSite must be 'strict', 'lax' or 'none'",
  ]),
  ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, 10n].flatMap((value): [unknown, string][] => [
    [{ session: { timeout: value } }, `options.session.timeout ${COUNT}`],
    [{ body: { jsonLimit: value } }, `options.body.jsonLimit ${COUNT}`],
    [{ body: { formLimit: value } }, `options.body.formLimit ${COUNT}`],
    ...['maxFiles', 'maxFileSize', 'maxFields', 'maxFieldSize', 'maxParts'].map((name): [unknown, string] => [
      { uploads: { [name]: value } },
      `options.uploads.${name} ${COUNT}`,
    ]),
  ]),
  [
    { session: { maxAge: 1 } },
    'options.session.maxAge is unknown; there are cookie, timeout, persistent, secure, sameSite, domain',
  ],
  ...[true, false, null, 'x', []].map((websocket): [unknown, string] => [
    { websocket },
    'options.websocket must be an object',
  ]),
  ...['https://a.example', ['a.example'], ['https://a.example/'], ['HTTPS://a.example'], ['*'], [1], null].map(
    (origins): [unknown, string] => [
      { websocket: { origins } },
      "options.websocket.origins must be a list of origins as browsers write them, such as ['https://app.example.com']",
    ],
  ),
  ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2_147_484, '1', null].map((heartbeat): [unknown, string] => [
    { websocket: { heartbeat } },
    'options.websocket.heartbeat must be a number of seconds above 0 and up to 2147483',
  ]),
  [{ websocket: { maxPayload: 1.5 } }, `options.websocket.maxPayload ${COUNT}`],
  [
    { websocket: { maxpayload: 1 } },
    'options.websocket.maxpayload is unknown; there are origins, maxPayload, heartbeat',
  ],
  [{ body: { limit: 1 } }, 'options.body.limit is unknown; there are jsonLimit, formLimit'],
  [
    { uploads: { maxfiles: 1 } },
    'options.uploads.maxfiles is unknown; there are maxFiles, maxFileSize, maxFields, maxFieldSize, maxParts, dir',
  ],
];

/** Every option with a value that is not its default. */
const full = (): Required<MicropieOptions> => ({
  prefix: '/api',
  middlewares: [{ afterRequest: () => ({ headers: { 'X-Hook': 'ran' } }) }],
  fallthrough: false,
  strict: true,
  sessionBackend: new InMemorySessionBackend(),
  session: { cookie: 'sid', timeout: 60, persistent: true, secure: false, sameSite: 'strict', domain: 'example.com' },
  body: { jsonLimit: 10, formLimit: 11 },
  uploads: { maxFiles: 1, maxFileSize: 2, maxFields: 3, maxFieldSize: 4, maxParts: 5, dir: 'files' },
  views: 'pages',
  layout: 'frame',
  websocket: { origins: ['https://app.example.com'], maxPayload: 6, heartbeat: 0.5 },
});

const MIB = 1024 * 1024;
const defaults = {
  prefix: '',
  middlewares: [],
  fallthrough: true,
  strict: false,
  session: {
    enabled: true,
    backend: undefined,
    cookie: 'session_id',
    timeout: 8 * 3600,
    persistent: false,
    secure: undefined,
    sameSite: 'lax',
    domain: undefined,
  },
  body: { jsonLimit: MIB, formLimit: 56 * 1024 },
  uploads: {
    maxFiles: 10,
    maxFileSize: 10 * MIB,
    maxFields: 256,
    maxFieldSize: 64 * 1024,
    maxParts: 1000,
    dir: undefined,
  },
  views: 'templates',
  layout: undefined,
  websocket: { origins: [], maxPayload: MIB, heartbeat: 30 },
};

describe('micropie(controller, options)', () => {
  describe('refuses at once', () => {
    for (const [options, message] of wrong)
      it(`${inWords(options)}: ${message}`, () => {
        expect(() => Reflect.apply(micropie, undefined, [Root, options])).to.throw(TypeError, `micropie: ${message}`);
      });
  });

  it('fills in the defaults, also for what is given as undefined', () => {
    expect(settle({})).to.deep.equal(defaults);
    const blank = (given: object) => Object.fromEntries(Object.keys(given).map((name) => [name, undefined]));
    expect(settle(blank(full()))).to.deep.equal(defaults);
    const { session, body, uploads, websocket } = full();
    expect(
      settle({
        session: blank(session || {}),
        body: blank(body || {}),
        uploads: blank(uploads || {}),
        websocket: blank(websocket ?? {}),
      }),
    ).to.deep.equal({
      ...defaults,
    });
  });

  it('takes every option as it is given', () => {
    const given = full();
    const { sessionBackend: backend, session, ...others } = given;
    expect(settle(given)).to.deep.equal({ ...others, session: { enabled: true, backend, ...session } });
    expect(settle({ session: false, body: false, uploads: false })).to.deep.equal({
      ...defaults,
      session: { ...defaults.session, enabled: false },
      body: false,
      uploads: false,
    });
    expect(settle({ body: { jsonLimit: 5 }, uploads: { maxFiles: 5 } })).to.deep.equal({
      ...defaults,
      body: { ...defaults.body, jsonLimit: 5 },
      uploads: { ...defaults.uploads, maxFiles: 5 },
    });
  });

  for (const prefix of ['', '/a', '/a/b', '/a-b_c.d~e', '/caf%C3%A9', "/!$&'()*+,;=:@"])
    it(`takes the prefix '${prefix}'`, () => {
      expect(settle({ prefix }).prefix).to.equal(prefix);
    });

  it('never changes what it was given, then or later', async () => {
    const options = deepFreeze(full());
    const mounted = micropie(Root, options);
    mounted.middlewares.push({ beforeRequest: () => ({ statusCode: 200, body: 'pushed' }) });
    const agent = client(mounted);
    expect((await agent.get('/api/hello')).text).to.equal('pushed');
    expect((await agent.post('/api/hello').send({ a: 1 })).status).to.equal(200);
    expect(options.middlewares).to.have.lengthOf(1);
    expect(mounted.middlewares).to.have.lengthOf(2);
  });

  it('has a list of hooks for each mount', () => {
    const options = { middlewares: [hook] };
    const [first, second] = [micropie(Root, options), micropie(Root, options)];
    first.middlewares.push(hook);
    expect(second.middlewares).to.have.lengthOf(1);
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof InMemorySessionBackend) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

function inWords(options: unknown): string {
  if (typeof options === 'function') return 'a function';
  const text = JSON.stringify(options, (_key, value) =>
    typeof value === 'object' && value !== null ? value : typeof value === 'string' ? value : String(value),
  );
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
