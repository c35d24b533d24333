import { createServer } from 'node:http';
import Router from '@koa/router';
import { expect } from 'chai';
import express from 'express';
import type Koa from 'koa';
import mount from 'koa-mount';
import request from 'supertest';
import { type Context, micropie } from '../../lib/index.js';
import { expectAnswers } from '../support/answers.js';
import { appOf, client } from '../support/app.js';

class Root {
  index() {
    return 'index';
  }
  greet(name = 'Guest') {
    return `Hello, ${name}!`;
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
