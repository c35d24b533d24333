import { expect } from 'chai';
import { BAD_PATHS, OBJECT_NAMES, OTHER_PATHS } from '../support/cases.js';
import { get, tortured } from './support/torture.js';

const HIDDEN_NAMES = ['_hidden', '__x', '#priv', 'priv', 'ws_chat', 'then', 'prototype'];
const FIELDS = ['data', 'db', 'db/query', 'arrow', 'statics', 'trap', 'sink'];
const BASE_NAMES = ['render', 'redirect', 'request', 'session', 'ctx', 'app'];
const UNREACHABLE = [...OBJECT_NAMES, '__defineGetter__/index/x', ...HIDDEN_NAMES, ...FIELDS, ...BASE_NAMES];

/** The first character of each segment, or every one, percent-encoded. */
const SPELLINGS: Record<string, (name: string) => string> = {
  'as it is': (name) => name.replace('#', '%23'),
  'with a first character that is encoded': (name) => name.replace(/^./, encode),
  'with every character encoded': (name) => name.replace(/[^/]/g, encode),
  'with a slash at the end': (name) => `${name.replace('#', '%23')}/`,
};

function encode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

describe('routing under torture', () => {
  // It has a socket, which nobody opens.
  const server = tortured('routing', { flags: ['--disable-warning=KOA_MICROPIE_SOCKET_SERVE'] });

  for (const [how, spell] of Object.entries(SPELLINGS))
    describe(`names that are no routes, ${how}`, () => {
      for (const name of UNREACHABLE)
        it(`${name} is not found, and nothing runs`, () =>
          server().trial({}, async (client) => {
            for (const prefix of ['', '/ambient']) {
              const { status, body } = await client.exchange(get(`${prefix}/${spell(name)}`));
              expect(`${status} ${body}`).to.equal('404 Not Found');
            }
          }));

      for (const name of UNREACHABLE)
        it(`${name} is plain text to a catch-all, or not found`, async () => {
          const before = await server().begin();
          const client = await server().connect();
          const { status, body } = await client.exchange(get(`/all/${spell(name)}`));
          client.socket.destroy();
          const text = name.split('/').map((one) => ['string', one]);
          if (status !== 404) expect(JSON.parse(body.toString())).to.deep.equal(text);
          await server().ledger({ handlers: status === 404 ? [] : ['all'] }, before);
        });
    });

  it('evaluates no accessor', async () => {
    expect(await server().tell('evaluated')).to.equal(0);
  });

  describe('paths that can not be decoded', () => {
    for (const path of BAD_PATHS)
      it(`${path} is 400 in plain text`, () =>
        server().trial({}, async (client) => {
          const { status, headers, body } = await client.exchange(get(path));
          expect(`${status} ${body}`).to.equal('400 400 Bad Request: Bad path');
          expect(headers['content-type']).to.equal('text/plain; charset=utf-8');
        }));
  });

  describe('segments', () => {
    const ARGUMENTS: [path: string, segments: string[]][] = [
      ['/show/a%2Fb', ['a/b']],
      ['/show/%2e%2e%2fetc', ['../etc']],
      ['/show/..%2f..%2fetc/passwd', ['../../etc', 'passwd']],
      ['/show/%252e', ['%2e']],
      ['/show/a+b', ['a+b']],
      ['/show/%5C%22', ['\\"']],
      ['/show/a/./b', ['a', '.', 'b']],
      ['/show//x', ['', 'x']],
    ];
    for (const [path, segments] of ARGUMENTS)
      it(`${path} gives ${JSON.stringify(segments)}`, () =>
        server().trial({ handlers: ['show'] }, async (client) => {
          const { body } = await client.exchange(get(path));
          expect(JSON.parse(body.toString())).to.deep.equal(segments);
        }));

    for (const path of OTHER_PATHS)
      it(`${path} is a literal that names nothing`, () =>
        server().trial({}, async (client) => {
          const { status } = await client.exchange(get(path));
          expect(status).to.equal(404);
        }));

    const ROUTED: [path: string, handler: string, answer: string][] = [
      ['/inherited', 'inherited', 'inherited'],
      ['/overridden', 'overridden', 'root'],
      ['/admin/', 'admin', 'admin'],
      // Segments that no parameter takes are no error.
      ['/admin//', 'admin', 'admin'],
      [`/${encodeURIComponent('caf\u00e9')}`, 'café', 'café'],
      ['http://evil.example/admin', 'admin', 'admin'],
      ['/admin?x=/%zz', 'admin', 'admin'],
    ];
    for (const [path, handler, answer] of ROUTED)
      it(`${path} is for ${handler}`, () =>
        server().trial({ handlers: [handler] }, async (client) => {
          const { status, body } = await client.exchange(get(path));
          expect(`${status} ${body}`).to.equal(`200 ${answer}`);
        }));
  });

  describe('methods', () => {
    it('OPTIONS * is 204, without a handler', () =>
      server().trial({}, async (client) => {
        const { status, headers } = await client.exchange(get('*', '', 'OPTIONS'));
        expect(status).to.equal(204);
        expect(headers).to.have.property('allow');
      }));

    it('TRACE is 405 and echoes nothing', () =>
      server().trial({}, async (client) => {
        const { status, body } = await client.exchange(get('/admin', 'X-Own: mine\r\n', 'TRACE'));
        expect(`${status} ${body}`).to.equal('405 Method Not Allowed');
      }));

    it('CONNECT closes the connection', () =>
      server().trial({ connection: 'closed' }, (client) => client.send(get('localhost:1', '', 'CONNECT'))));

    const HEADS: [path: string, handlers: string[], status: number, errors: number][] = [
      ['/admin', ['admin'], 200, 0],
      ['/visit', ['visit'], 200, 0],
      ['/stream', ['stream'], 200, 0],
      ['/boom', ['boom'], 500, 1],
    ];
    for (const [path, handlers, status, errors] of HEADS)
      it(`HEAD ${path} has the headers of GET and no body`, async () => {
        const head = await server().trial({ handlers, errors }, async (client) => {
          await client.send(get(path, '', 'HEAD'));
          return client.response({ head: true });
        });
        const full = await server().trial({ handlers, errors }, (client) => client.exchange(get(path)));
        expect([head.status, full.status]).to.deep.equal([status, status]);
        expect(comparable(head.headers)).to.deep.equal(comparable(full.headers));
      });

    it('HEAD of what is not there has no body either', () =>
      server().trial({}, async (client) => {
        await client.send(get('/nowhere', '', 'HEAD'));
        const { status } = await client.response({ head: true });
        expect(status).to.equal(404);
      }));
  });
});

/** But for the date, the identifier of a new session, and what tells how long a stream is: nobody knows without running it. */
function comparable(headers: Readonly<Record<string, string>>) {
  const { date, 'set-cookie': cookie = '', 'transfer-encoding': framing, 'content-type': type, ...rest } = headers;
  const isStream = framing !== undefined || type === undefined;
  return { ...rest, cookie: cookie.replace(/=[\w-]{43}/, '=...'), ...(isStream ? {} : { type }) };
}
