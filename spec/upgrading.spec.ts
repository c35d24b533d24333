import { expect } from 'chai';
import Koa from 'koa';
import { Controller, HttpMiddleware, micropie, type SessionOptions } from '../lib/index.js';
import { appOf, client, errorsOf } from './support/app.js';
import { classOf } from './support/source.js';

class Misspelt extends HttpMiddleware {
  befoeRequest(): void {}
}

/** What an app of 0.1.0 may have written, and what it is told at start. */
const REFUSED: readonly (readonly [what: string, start: () => unknown, message: string])[] = [
  [
    'method in static routes',
    () => micropie(classOf("save() {} static routes = { save: { method: 'POST' } };")),
    "Root.routes.save.method is not known any more; write Root.routes.save.path: 'POST'",
  ],
  [
    'a session parameter in front of others',
    () => micropie(classOf("me(userId, text) {} static routes = { me: { session: ['userId'] } };")),
    'Root.me: what comes from the session must stand behind the parameters that clients give',
  ],
  [
    'a path as the name of a method',
    () => micropie(classOf("'tasks/:id'(id) {}")),
    "Root['tasks/:id'] is not a path: call the method something else and declare static routes = { name: '/tasks/:id' }",
  ],
  [
    'a misspelt method of a hook',
    () => micropie(classOf('index() {}'), { middlewares: [new Misspelt()] }),
    'micropie: options.middlewares[0].befoeRequest would never be called; hooks have the methods beforeRequest, beforeCall, afterRequest, onError, beforeWebSocket, afterWebSocket',
  ],
];

describe('what has changed since 0.1.0', () => {
  for (const [what, start, message] of REFUSED)
    it(`is told at start: ${what}`, () => expect(start).to.throw(TypeError, message));

  it('is told at the first request: headers in place of the status of a redirect', async () => {
    class Root extends Controller {
      old() {
        // As it was written in JavaScript.
        return Reflect.apply(this.redirect, this, ['/new', { 'X-Why': 'moved' }]);
      }
    }
    const app = appOf(micropie(Root));
    const errors = errorsOf(app);
    await client(app).get('/old').expect(500);
    expect(errors.map(String)).to.match(/^TypeError: .*status/);
  });

  it('is told at the first request: two mounts with different sessions under one cookie', async () => {
    const mount = (prefix: string, session: SessionOptions) =>
      micropie(classOf('index(request) { return request.session; }'), { prefix, session });
    const app = appOf(mount('/a', {}), mount('/b', { timeout: 60 }));
    const errors = errorsOf(app);
    await client(app).get('/a').expect(200);
    await client(app).get('/b').expect(500);
    expect(errors.map(String).join()).to.contain('give one of them another `session.cookie`');
  });

  it('leaves ctx.session alone in apps that open none', async () => {
    const app = new Koa().use(micropie(classOf('index() {}')));
    expect('session' in app.context).to.equal(false);
  });
});
