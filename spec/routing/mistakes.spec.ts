import { expect } from 'chai';
import { micropie } from '../../lib/index.js';
import { classOf } from '../support/source.js';

describe('static routes', () => {
  const wrong: [routes: unknown, message: string][] = [
    ['POST', 'Root.routes must be an object of { method name: declaration }'],
    [[], 'Root.routes must be an object of { method name: declaration }'],
    [null, 'Root.routes must be an object of { method name: declaration }'],
    [() => ({}), 'Root.routes must be an object of { method name: declaration }'],
    [{ m: null }, "Root.routes.m must be a path such as 'POST' or 'GET /:id', or an object such as { path: 'POST' }"],
    [
      { m: ['POST'] },
      "Root.routes.m must be a path such as 'POST' or 'GET /:id', or an object such as { path: 'POST' }",
    ],
    [{ m: { method: 'POST' } }, "Root.routes.m.method is not known any more; write Root.routes.m.path: 'POST'"],
    [{ m: { method: ['GET', 'PUT'] } }, "write Root.routes.m.path: 'GET,PUT'"],
    [
      { m: { methods: 'POST' } },
      'Root.routes.m.methods is unknown; it takes path, params, input, returns, from, session, body',
    ],
    [{ m: 'post' }, "'post' is not an HTTP method that can be routed; write it in capitals, as in 'POST'"],
    [{ m: 'BREW' }, "Root.routes.m.path: 'BREW' is not an HTTP method that can be routed"],
    [{ m: '*' }, "Root.routes.m.path: '*' is not an HTTP method that can be routed"],
    [{ m: 'TRACE' }, "Root.routes.m.path: 'TRACE' is not an HTTP method that can be routed"],
    [{ m: 'GET,CONNECT' }, "'CONNECT' is not an HTTP method that can be routed"],
    [{ m: { path: 1 } }, 'Root.routes.m.path must be a text that is not empty'],
    [{ m: '' }, 'Root.routes.m.path must be a text that is not empty'],
    [{ m: { params: 'a' } }, 'Root.routes.m.params must be a list with a name, a type or a pair of both'],
    [{ m: { params: [''] } }, 'Root.routes.m.params[0] must be a text that is not empty'],
    [{ m: { session: 'a' } }, 'Root.routes.m.session must be a list of names'],
    [{ m: { session: ['b'] } }, "Root.m: its declaration's session names 'b', which is not a parameter of it"],
    [{ m: { session: ['rest'] } }, "Root.m: its declaration's session names 'rest', which is not a parameter of it"],
    [{ m: { body: 'none' } }, "Root.routes.m.body must be 'stream' or left out"],
    [{ n: {} }, "Root.routes names 'n', which is not a method that is served"],
    [{ _m: {} }, "Root.routes names '_m', which is not a method that is served"],
    [{ constructor: {} }, "Root.routes names 'constructor', which is not a method that is served"],
    [{ toString: {} }, "Root.routes names 'toString', which is not a method that is served"],
  ];
  for (const [routes, message] of wrong)
    it(`is refused with '${message}'`, () => {
      const Wrong = classOf('m(a, { c }, ...rest) {} _m() {} static routes = routes;', { routes });
      expect(() => micropie(Wrong)).to.throw(TypeError, message);
    });

  it('is refused as a getter, since a getter that is passed over would leave methods open', () => {
    class Root {
      m() {}
      static get routes(): { m: string } {
        throw new Error('a getter was evaluated');
      }
    }
    expect(() => micropie(Root)).to.throw(TypeError, 'Root.routes must be a static field, not a getter');
  });

  it('may be empty, undefined, or declare nothing', () => {
    for (const routes of [{}, undefined, { m: {} }, { m: { path: undefined, session: ['a', 'c'] } }])
      expect(() => micropie(classOf('m(a, { c }) {} static routes = routes;', { routes }))).not.to.throw();
  });
});
