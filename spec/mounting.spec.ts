import { createServer } from 'node:http';
import Router from '@koa/router';
import { expect } from 'chai';
import express from 'express';
import type Koa from 'koa';
import mount from 'koa-mount';
import request from 'supertest';
import { type Context, Controller, micropie } from '../lib/index.js';
import { appOf, client } from './support/app.js';
import { classOf } from './support/source.js';

class Root {
  index() {
    return 'index';
  }
  greet(name = 'Guest') {
    return `Hello, ${name}!`;
  }
}

type Expected = readonly (readonly [path: string, text: string, status?: number])[];

async function expectAnswers(agent: ReturnType<typeof request>, expected: Expected): Promise<void> {
  for (const [path, text, status = 200] of expected) {
    const response = await agent.get(path);
    expect([response.status, response.text], path).to.deep.equal([status, text]);
  }
}

/** An agent for an app that is put together as a user would, types and all. */
function serving(build: (app: Koa) => unknown) {
  const app = appOf();
  build(app);
  return client(app);
}

const text = (body: string) => (ctx: Context) => {
  ctx.body = body;
};

describe('a controller mounted', () => {
  it('with koa-mount answers below the mount, and sees the path below it', async () => {
    const agent = serving((app) => app.use(mount('/site', micropie(Root))).use(text('behind')));
    await expectAnswers(agent, [
      ['/site', 'index'],
      ['/site/', 'index'],
      ['/site/greet/Alice', 'Hello, Alice!'],
      ['/site/nothing', 'behind'],
      ['/siteg', 'behind'],
      ['/greet', 'behind'],
    ]);
  });

  it('with koa-mount within koa-mount, or with a prefix below it', async () => {
    const inner = mount('/inner', micropie(Root));
    const agent = serving((app) => {
      app.use(mount('/outer', inner));
      app.use(mount('/other', micropie(Root, { prefix: '/api' })));
    });
    await expectAnswers(agent, [
      ['/outer/inner/greet', 'Hello, Guest!'],
      ['/other/api/greet', 'Hello, Guest!'],
      ['/other/greet', 'Not Found', 404],
    ]);
  });

  it('in an app that koa-mount mounts', async () => {
    await expectAnswers(client(mount('/app', appOf(micropie(Root)))), [['/app/greet/Alice', 'Hello, Alice!']]);
  });

  it('several times in one app', async () => {
    class Other {
      greet() {
        return 'never, the first one answers';
      }
      other() {
        return 'other';
      }
    }
    const agent = client(micropie(Root), micropie(Other), micropie(Root, { prefix: '/again' }));
    await expectAnswers(agent, [
      ['/greet', 'Hello, Guest!'],
      ['/other', 'other'],
      ['/again/greet', 'Hello, Guest!'],
      ['/again', 'index'],
      ['/again/other', 'Not Found', 404],
    ]);
  });

  it('several times has an instance each, unless it is given one', async () => {
    class Counter {
      #count = 0;
      next() {
        this.#count += 1;
        return `${this.#count}`;
      }
    }
    const shared = new Counter();
    const agent = client(
      micropie(Counter, { prefix: '/0' }),
      micropie(Counter, { prefix: '/1' }),
      micropie(shared, { prefix: '/2' }),
      micropie(shared, { prefix: '/3' }),
    );
    await expectAnswers(agent, [
      ['/0/next', '1'],
      ['/1/next', '1'],
      ['/2/next', '1'],
      ['/3/next', '2'],
    ]);
  });
});

describe('a controller beside @koa/router', () => {
  const routes = () => {
    const router = new Router();
    router.get('/greet/router', text('router: greet'));
    router.get('/items/:id', (ctx) => {
      ctx.body = `router: item ${ctx.params['id']}`;
    });
    router.post('/greet', text('router: post'));
    return router;
  };

  it('which stands before it and has the first word', async () => {
    const router = routes();
    const agent = serving((app) => app.use(router.routes()).use(router.allowedMethods()).use(micropie(Root)));
    await expectAnswers(agent, [
      ['/greet/router', 'router: greet'],
      ['/items/7', 'router: item 7'],
      ['/greet/Alice', 'Hello, Alice!'],
      ['/nothing', 'Not Found', 404],
    ]);
    expect((await agent.post('/greet')).text).to.equal('router: post');
    expect((await agent.delete('/items/7')).status).to.equal(405);
  });

  it('which stands behind it and gets what is left, its own 405 included', async () => {
    const router = routes();
    const agent = serving((app) => app.use(micropie(Root)).use(router.routes()).use(router.allowedMethods()));
    await expectAnswers(agent, [
      ['/greet/router', 'Hello, router!'],
      ['/items/7', 'router: item 7'],
      ['/nothing', 'Not Found', 404],
    ]);
    const refused = await agent.delete('/items/7');
    expect([refused.status, refused.headers['allow']]).to.deep.equal([405, 'HEAD, GET']);
  });

  it('as the handler of one of its routes, with the prefix of the route', async () => {
    const router = new Router();
    router.get('/api/own', text('router'));
    router.all(['/api', '/api/{*rest}'], micropie(Root, { prefix: '/api' }));
    const agent = serving((app) => app.use(router.routes()).use(text('behind')));
    await expectAnswers(agent, [
      ['/api', 'index'],
      ['/api/greet/Alice', 'Hello, Alice!'],
      ['/api/own', 'router'],
      ['/api/nothing', 'behind'],
      ['/greet', 'behind'],
    ]);
  });

  it('inside its use(), with the prefix, where a route of the router matches as well', async () => {
    const router = new Router();
    router.use('/api', micropie(Root, { prefix: '/api' }));
    router.get('/api/own', text('router'));
    router.get('/api/greet', text('never, the controller answers'));
    const agent = serving((app) => app.use(router.routes()).use(text('behind')));
    await expectAnswers(agent, [
      ['/api/greet', 'Hello, Guest!'],
      ['/api/own', 'router'],
      // A router runs what it uses only for paths that one of its routes matches.
      ['/api/greet/Alice', 'behind'],
    ]);
  });
});

describe('a Koa app with a controller', () => {
  it('mounted in Express answers below the mount, and also for what it does not know', async () => {
    const app = express();
    app.get('/site/express', (_req, res) => void res.send('express'));
    app.use('/site', appOf(micropie(Root)).callback());
    app.use((_req, res) => void res.send('express behind'));
    await expectAnswers(request(createServer(app)), [
      ['/site', 'index'],
      ['/site/greet/Alice', 'Hello, Alice!'],
      ['/site/express', 'express'],
      ['/site/nothing', 'Not Found', 404],
      ['/greet', 'express behind'],
    ]);
    const posted = await request(createServer(app)).post('/site/greet').type('form').send('name=Bob');
    expect(posted.text).to.equal('Hello, Bob!');
  });
});

describe('micropie(controller)', () => {
  it('takes an instance, with all that it was made with', async () => {
    class Greeter {
      readonly #greeting: string;
      constructor(greeting: string) {
        this.#greeting = greeting;
      }
      greet(name = 'Guest') {
        return `${this.#greeting}, ${name}!`;
      }
      static routes = { greet: 'GET' };
    }
    const agent = client(micropie(new Greeter('Good day')));
    await expectAnswers(agent, [['/greet/Alice', 'Good day, Alice!']]);
    expect((await agent.post('/greet')).status).to.equal(405);
  });

  it('serves what an abstract base class has', async () => {
    abstract class Resource extends Controller {
      abstract kind(): string;
      describe() {
        return `${this.request.method} ${this.kind()}`;
      }
      static routes = { describe: 'GET' };
    }
    class Books extends Resource {
      kind() {
        return 'books';
      }
    }
    await expectAnswers(client(micropie(Books)), [
      ['/describe', 'GET books'],
      ['/kind', 'books'],
      ['/request', 'Not Found', 404],
    ]);
    expect((await client(micropie(new Books())).post('/describe')).status).to.equal(405);
  });

  it('takes a function with a prototype, as classes were written once', async () => {
    const Old = Object(
      new Function('function Old() {} Old.prototype.m = function (a, b = 1) { return [a, b]; }; return Old;')(),
    );
    expect((await client(micropie(Old)).get('/m/x/2')).body).to.deep.equal(['x', 2]);
  });

  it('takes an object that inherits its methods from another', async () => {
    const methods = { m: (a = 1) => `m ${a}` };
    for (const base of [methods, Object.assign(Object.create(null), methods)])
      await expectAnswers(client(micropie(Object.create(base))), [
        ['/m/2', 'm 2'],
        ['/toString', 'Not Found', 404],
      ]);
  });

  it('takes a class that extends null', async () => {
    const Bare = classOf('m() { return "bare"; }', {}, 'Bare extends null');
    await expectAnswers(client(micropie(Object.create(Bare.prototype))), [
      ['/m', 'bare'],
      ['/toString', 'Not Found', 404],
    ]);
  });

  it('lets an error of the constructor through', () => {
    class Broken {
      constructor() {
        throw new RangeError('no luck');
      }
      m() {}
    }
    expect(() => micropie(Broken)).to.throw(RangeError, 'no luck');
  });

  const notServed: [what: string, controller: object, message: string][] = [
    ['an object of methods', { m() {} }, 'Object has no method to serve; only methods of its class are routes'],
    ['an object without a prototype', Object.assign(Object.create(null), { m() {} }), 'Object has no method to serve'],
    ['an empty class', class Empty {}, 'Empty has no method to serve'],
    ['a class without a name', (() => class {})(), 'Controller has no method to serve'],
    ['an arrow function', () => {}, 'the controller must be a class or an instance of one'],
    ['a class below the Controller of another copy', belowAnotherCopy(), 'Two copies of koa-micropie are loaded'],
  ];
  for (const [what, controller, message] of notServed)
    it(`refuses ${what}: ${message}`, () => {
      expect(() => Reflect.apply(micropie, undefined, [controller])).to.throw(TypeError, message);
    });
});

/** What a second copy of the package, in another folder of the tree, looks like from here. */
function belowAnotherCopy(): object {
  class OtherController {}
  Object.defineProperty(OtherController.prototype, Symbol.for('koa-micropie.Controller'), { value: true });
  return class Root extends OtherController {
    index() {}
  };
}
