import { expect } from 'chai';
import { Controller, micropie } from '../../lib/index.js';
import { appOf, client, withServer } from '../support/app.js';
import { withSocket } from '../support/socket.js';
import { classOf } from '../support/source.js';
import { warningsOf } from '../support/warnings.js';

describe('no path reaches', () => {
  const calls: string[] = [];
  class Base extends Controller {
    inherited() {
      calls.push('inherited');
      return 'inherited';
    }
  }
  class Guarded extends Base {
    admin() {
      calls.push('admin');
      return 'admin';
    }
    show(...all: unknown[]) {
      calls.push('show');
      return all;
    }
    café() {
      calls.push('café');
      return 'café';
    }
    _hidden() {
      calls.push('_hidden');
    }
    __x() {
      calls.push('__x');
    }
    #priv() {
      calls.push('#priv');
    }
    ws_chat() {
      calls.push('ws_chat');
      this.#priv();
    }
    get trap() {
      calls.push('trap');
      throw new Error('a getter was evaluated');
    }
    set trap(_value) {
      calls.push('trap');
    }
    db = { query: () => calls.push('query') };
    secret = 'plain data';
  }

  const objects = [
    ...['constructor', 'toString', 'toLocaleString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', '__proto__'],
    ...['propertyIsEnumerable', '__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__'],
  ];
  const unknown = [
    ...objects.flatMap((name) => [`/${name}`, `/${escaped(name)}`, `/${name}/index/x`]),
    ...['/_hidden', '/%5fhidden', '/__x', '/#priv', '/%23priv', '/priv', '/ws_chat', '/%77s_chat', '/trap', '/then'],
    ...['/render', '/redirect', '/request', '/session', '/ctx', '/app', '/db', '/db/query', '/secret'],
    ...[
      '//admin',
      '///',
      '//evil.example/admin',
      '/a\\b',
      '/\\admin',
      '/admin;x=1',
      '/admin%3b',
      '/admin%20',
      '/admin.',
    ],
    ...['/Admin', '/ADMIN', '/cafe%CC%81', '/caf%E9%', '/./admin', '/x/../admin', '/%2e/admin', '/%2fadmin'],
  ];
  const rows: [line: string, status: number | 'closed', body?: string, calls?: string[]][] = [
    ...unknown.map((path): [string, number] => [`GET ${path}`, path.endsWith('%E9%') ? 400 : 404]),
    ...['/%zz', '/%', '/%2', '/%E0%A4%A', '/%c0%ae', '/show/%zz', '/show/a/%00'].map(
      (path): [string, number, string] => [`GET ${path}`, 400, '400 Bad Request: Bad path'],
    ),
    ['GET /admin', 200, 'admin', ['admin']],
    ['GET /%61dmin', 404],
    ['GET /admi%6e/x', 404],
    ['GET foo://', 404],
    ['GET http://', 404],
    ['GET /admin//', 200, 'admin', ['admin']],
    ['GET /inherited', 200, 'inherited', ['inherited']],
    ['GET /caf%C3%A9', 200, 'café', ['café']],
    ['GET /show/a%2Fb', 200, '["a/b"]', ['show']],
    ['GET /show/%2e%2e%2fetc', 200, '["../etc"]', ['show']],
    ['GET /show/__proto__/constructor', 200, '["__proto__","constructor"]', ['show']],
    ['GET http://evil.example/admin', 200, 'admin', ['admin']],
    ['GET http://evil.example/_hidden', 404],
    ['OPTIONS *', 204, ''],
    ['OPTIONS /admin', 204, ''],
    ['TRACE /', 404],
    ['TRACE /admin', 405],
    ['CONNECT x:1', 'closed'],
  ];

  for (const [line, status, body, called = []] of rows)
    it(`${calledOf(called)} by ${line}`, async () => {
      const before = [snapshot(Guarded.prototype), snapshot(Object.prototype)];
      calls.length = 0;
      const asking = withServer(appOf(micropie(Guarded)), async (port) => {
        await withSocket(port, async (connection) => {
          const answer = connection.exchange(`${line} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
          if (status === 'closed') {
            expect(await answer.catch(() => 'closed')).to.equal('closed');
            return;
          }
          const response = await answer;
          expect(response.status).to.equal(status);
          if (body !== undefined) expect(response.body.toString()).to.equal(body);
          if (status >= 400) expect(response.headers['content-type']).to.equal('text/plain; charset=utf-8');
          expect(calls).to.deep.equal(called);
          expect((await connection.exchange('GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n')).status).to.equal(200);
        });
      });
      // Its socket is served by nobody, which it warns of.
      await warningsOf(() => asking);
      expect([snapshot(Guarded.prototype), snapshot(Object.prototype)]).to.deep.equal(before);
    });

  it('the constructor by a catch-all index, which gets plain text', async () => {
    for (const name of objects) {
      const agent = client(micropie(classOf('index(...all) { return all; }')));
      const { status, body } = await agent.get(`/${name}/x`);
      if (name.startsWith('_')) expect(status, name).to.equal(404);
      else expect(body, name).to.deep.equal([name, 'x']);
    }
  });

  it('what somebody else put on Object.prototype', async () => {
    const name = 'polluted by the spec';
    Object.defineProperty(Object.prototype, name, { value: () => 'reached', configurable: true });
    try {
      expect((await client(micropie(Guarded)).get(`/${encodeURIComponent(name)}`)).status).to.equal(404);
    } finally {
      Reflect.deleteProperty(Object.prototype, name);
    }
  });
});

function escaped(text: string): string {
  return [...text].map((character) => `%${character.charCodeAt(0).toString(16)}`).join('');
}

function calledOf(called: readonly string[]): string {
  return called.length === 0 ? 'any method' : `another than ${called}`;
}

function snapshot(prototype: object): unknown {
  return Object.getOwnPropertyDescriptors(prototype);
}
