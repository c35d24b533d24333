import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { REFUSED_TARGETS, TEMPLATES_OUTSIDE, UNSAFE_HEADERS } from '../support/cases.js';
import { eventually, post, type RawResponse } from '../support/socket.js';
import { get, tortured } from './support/torture.js';

function text({ status, body }: RawResponse): string {
  return `${status} ${body}`;
}

describe('hooks under torture', () => {
  const server = tortured('responses');

  const CASES: [hook: string, path: string, answer: string, handlers: string[], errors: number][] = [
    ['answers', '/admin', '401 no', [], 0],
    ['throws', '/admin', '403 Forbidden', [], 0],
    ['undefined', '/admin', '500 Internal Server Error', [], 1],
    ['body', '/admin', '200 admin', ['admin'], 0],
    ['number', '/admin', '500 Internal Server Error', [], 1],
    ['list', '/admin', '500 Internal Server Error', [], 1],
    ['empty', '/admin', '500 Internal Server Error', [], 1],
    ['status', '/admin', '500 Internal Server Error', [], 1],
    ['after', '/admin', '500 Internal Server Error', ['admin'], 1],
    ['odd', '/admin', '500 Internal Server Error', ['admin'], 1],
    // What failed first is told besides what failed in onError.
    ['error', '/admin', '500 Internal Server Error', [], 2],
    ['renders', '/admin', '500 Internal Server Error', [], 2],
    ['recovers', '/admin', '503 later', [], 0],
    ['admins', '/admin', '401 admins only', [], 0],
    ['admins', '/%61dmin', '404 Not Found', [], 0],
    ['admins', '/%61%64%6d%69%6e/', '404 Not Found', [], 0],
    ['admins', '/admin/more', '401 admins only', [], 0],
    ['admins', '/late', '200 answered', ['late'], 0],
  ];
  for (const [hook, path, answer, handlers, errors] of CASES)
    it(`/${hook}${path} is ${answer}`, () =>
      server().trial({ handlers, errors }, async (client) => {
        expect(text(await client.exchange(get(`/hooks/${hook}${path}`)))).to.equal(answer);
      }));

  it('a slow one hears when the client leaves, and the handler does not start', () =>
    server().trial({ connection: 'either', errors: 1 }, async (client) => {
      await client.send(get('/hooks/slow/admin'));
      await eventually(async () => (await server().report()).pending === 1, 'the hook runs');
      await sleep(20);
      client.socket.destroy();
      await eventually(async () => (await server().tell('aborted')) === 1, 'the signal aborted');
    }));
});

describe('responses under torture', () => {
  const server = tortured('responses');

  const THROWN: [what: string, answer: string, errors: number][] = [
    ...['undefined', 'null', 'number', 'symbol', 'function', 'object', 'frozen', 'proxy', 'trap', 'stack'].map(
      (what): [string, string, number] => [what, '500 Internal Server Error', 1],
    ),
    ['status', '500 Internal Server Error', 1],
    ['html', '400 400 Bad Request: <script>alert(1)</script>', 0],
    ['headers', '400 400 Bad Request: x', 0],
  ];
  for (const [what, answer, errors] of THROWN)
    it(`a handler that throws ${what} is ${answer} in plain text, told once`, () =>
      server().trial({ handlers: ['throws'], errors }, async (client) => {
        const response = await client.exchange(get(`/throws/${what}`));
        expect(text(response)).to.equal(answer);
        expect(response.headers['content-type']).to.equal('text/plain; charset=utf-8');
        expect(response.headers).not.to.have.any.keys('x-injected', 'x-bad');
        expect((await server().report()).errors).to.have.length(1);
      }));

  it('a message with line breaks splits nothing', () =>
    server().trial({ handlers: ['throws'] }, async (client) => {
      const response = await client.exchange(get('/throws/breaks'));
      expect(text(response)).to.equal('400 400 Bad Request: a\r\nX-Injected: b');
      expect(response.headers).not.to.have.property('x-injected');
    }));

  it('a handler that rejects with nothing is 500', () =>
    server().trial({ handlers: ['rejects'], errors: 1 }, async (client) => {
      expect(text(await client.exchange(get('/rejects')))).to.equal('500 Internal Server Error');
    }));

  for (const what of ['cycle', 'bigint', 'function', 'symbol', 'class'])
    it(`what can not be sent is 500, told once: ${what}`, () =>
      server().trial({ handlers: ['returns'], errors: 1, connection: 'either' }, async (client) => {
        expect((await client.exchange(get(`/returns/${what}`))).status).to.equal(500);
      }));

  for (const status of ['0', '99', '100', '101', '199', '600', '999', '-1', '200.5', 'NaN', 'x'])
    it(`a status of ${status} is refused`, () =>
      server().trial({ handlers: ['status'], errors: 1 }, async (client) => {
        expect((await client.exchange(get(`/status/${status}`))).status).to.equal(500);
      }));

  for (const [title, name, value] of [...UNSAFE_HEADERS, ['a wrong length', 'Content-Length', '1000'] as const])
    it(`a header with ${title} is left out, and told`, () =>
      server().trial({ handlers: ['header'], errors: 1 }, async (client) => {
        const path = `/header?name=${encodeURIComponent(name || ' ')}&value=${encodeURIComponent(value)}`;
        const response = await client.exchange(get(path));
        expect(text(response)).to.equal('200 x');
        expect(response.headers).not.to.have.any.keys('x-bad', 'x-evil', 'set-cookie', 'transfer-encoding');
      }));

  const TARGETS: [to: string, location?: string][] = [
    ['/greet', '/greet'],
    ['https://example.com/a', 'https://example.com/a'],
    ['/é', '/%C3%A9'],
    ...REFUSED_TARGETS.map((to): [string] => [to]),
  ];
  for (const [to, location] of TARGETS)
    it(`a redirect to ${JSON.stringify(to)} is ${location ? 'made' : 'refused'}`, () =>
      server().trial({ handlers: ['go'], errors: location ? 0 : 1 }, async (client) => {
        const { status, headers } = await client.exchange(get(`/go?to=${encodeURIComponent(to)}`));
        expect([status, headers['location']]).to.deep.equal(location ? [302, location] : [500, undefined]);
      }));
});

describe('templates under torture', () => {
  const server = tortured('responses');

  const NAMES: [name: string, answer: string][] = [
    ['page', '200 <h1>none</h1>'],
    ['sub/p', '200 below'],
    ...[...TEMPLATES_OUTSIDE, 'missing'].map((name): [string, string] => [name, '500 Internal Server Error']),
    ['broken', '500 Internal Server Error'],
    ['throws', '500 Internal Server Error'],
  ];
  for (const [name, answer] of NAMES)
    it(`the name ${JSON.stringify(name)} is ${answer}`, () =>
      server().trial({ handlers: ['view'], errors: answer.startsWith('200') ? 0 : 1 }, async (client) => {
        expect(text(await client.exchange(get(`/view?name=${encodeURIComponent(name)}`)))).to.equal(answer);
      }));

  for (const what of [...TEMPLATES_OUTSIDE, 'missing'])
    it(`an include of ${what} stays in the folder`, () =>
      server().trial({ handlers: ['include'], errors: 1 }, async (client) => {
        expect(text(await client.exchange(get(`/include?what=${encodeURIComponent(what)}`)))).to.equal(
          '500 Internal Server Error',
        );
      }));

  const CODE = "');process.exit(66);('";
  const LOCALS = [
    { settings: { 'view options': { outputFunctionName: CODE } } },
    { 'view options': { outputFunctionName: CODE } },
    { outputFunctionName: CODE, client: true, escapeFunction: CODE },
    { client: true, escape: CODE, compileDebug: true },
    { include: CODE },
    { escapeFn: CODE },
    { locals: CODE },
    { __append: CODE },
    { __output: CODE },
    { rethrow: CODE },
    { cache: true, filename: '../secret.ejs', root: '/', views: ['/'] },
    { delimiter: '?', openDelimiter: '[', closeDelimiter: ']' },
    { destructuredLocals: [CODE], strict: true, _with: false, localsName: CODE },
    { 'a b': 1, 'x = process.exit(66)': 1 },
    { title: '<script>' },
  ];
  for (const data of LOCALS)
    it(`data of a client are never code or options: ${Object.keys(data)}`, async () => {
      const body = JSON.stringify(data);
      const before = await server().begin();
      const client = await server().connect();
      const { status, body: answer } = await client.exchange(post('/page', 'application/json', body.length) + body);
      client.socket.destroy();
      expect(status).to.be.oneOf([200, 500]);
      if (status === 200) expect(answer.toString()).to.equal(`<h1>${'title' in data ? '&lt;script&gt;' : 'none'}</h1>`);
      await server().ledger({ handlers: ['page'], errors: status === 200 ? 0 : 1 }, before);
    });
});
