import Router from '@koa/router';
import { expect } from 'chai';
import mount from 'koa-mount';
import request from 'supertest';
import {
  Controller,
  currentRequest,
  type HttpMiddleware,
  micropie,
  nested,
  type Routes,
  reply,
} from '../../lib/index.js';
import { expectAnswers } from '../support/answers.js';
import { appOf, client } from '../support/app.js';

class Tasks {
  readonly #tasks: string[];

  constructor(tasks: readonly string[] = ['read', 'write']) {
    this.#tasks = [...tasks];
  }

  list() {
    return this.#tasks;
  }
  create({ title }: { title: string }) {
    this.#tasks.push(title);
    return reply(201, title);
  }
  show(id: number) {
    return `task ${this.#tasks[id]}`;
  }
  count(from = 0) {
    return `${this.#tasks.length - from}`;
  }
  static routes = {
    list: 'GET /',
    create: 'POST /',
    show: { path: 'GET /:id', params: [Number] },
  } satisfies Routes<Tasks>;
}

class Root {
  tasks = nested(Tasks);
  index() {
    return 'index';
  }
  show(name: string) {
    return `root ${name}`;
  }
  static routes = { show: 'GET /:name' } satisfies Routes<Root>;
}

describe('nested(Class)', () => {
  it('serves the class below the name of its field, with paths of its own', async () => {
    const agent = client(micropie(Root));
    await expectAnswers(agent, [
      ['/tasks', '["read","write"]'],
      ['/tasks/', '["read","write"]'],
      ['/tasks/1', 'task write'],
      ['/tasks/count', '2'],
      ['/tasks/count/1', '1'],
      ['/', 'index'],
      ['/other', 'root other'],
    ]);
    expect((await agent.post('/tasks').send({ title: 'sleep' })).status).to.equal(201);
    expect((await agent.get('/tasks/2')).text).to.equal('task sleep');
  });

  it('answers alone below its text, with 400, 405, 204 and 404', async () => {
    const agent = client(micropie(Root));
    const refused = await agent.delete('/tasks/1');
    expect([refused.status, refused.headers['allow']]).to.deep.equal([405, 'GET, HEAD, OPTIONS']);
    const options = await agent.options('/tasks');
    expect([options.status, options.headers['allow']]).to.deep.equal([204, 'GET, HEAD, POST, OPTIONS']);
    await expectAnswers(agent, [
      ['/tasks/x', "400 Bad Request: Parameter 'id' must be a number", 400],
      ['/tasks/1/2', 'Not Found', 404],
      ['/tasks/_x', "400 Bad Request: Parameter 'id' must be a number", 400],
    ]);
  });

  it('hands the arguments to the constructor, and gives the instance back', async () => {
    class Own {
      readonly tasks = nested(Tasks, ['bake']);
      first() {
        return this.tasks.show(0);
      }
    }
    await expectAnswers(client(micropie(Own)), [
      ['/tasks', '["bake"]'],
      ['/first', 'task bake'],
    ]);
  });

  it('lists all routes by the fields that lead to them, with the whole path', () => {
    class Outer {
      root = nested(Root);
      'a b' = nested(Tasks);
      last() {}
    }
    const routes = micropie(Outer, { prefix: '/api' }).routes.map(({ name, path, methods }) => [
      name,
      path,
      ...methods,
    ]);
    expect(routes).to.deep.equal([
      ['last', '/api/last', '*'],
      ['root.index', '/api/root', '*'],
      ['root.show', '/api/root/:name', 'GET', 'HEAD'],
      ['root.tasks.list', '/api/root/tasks', 'GET', 'HEAD'],
      ['root.tasks.create', '/api/root/tasks', 'POST'],
      ['root.tasks.show', '/api/root/tasks/:id', 'GET', 'HEAD'],
      ['root.tasks.count', '/api/root/tasks/count', '*'],
      ['a b.list', '/api/a%20b', 'GET', 'HEAD'],
      ['a b.create', '/api/a%20b', 'POST'],
      ['a b.show', '/api/a%20b/:id', 'GET', 'HEAD'],
      ['a b.count', '/api/a%20b/count', '*'],
    ]);
  });

  it('goes as deep as one likes, and a class of nothing but nested ones is served', async () => {
    class Deep {
      root = nested(Root);
    }
    class Deeper {
      deep = nested(Deep);
    }
    await expectAnswers(client(micropie(Deeper)), [
      ['/deep/root/tasks/0', 'task read'],
      ['/deep/root/x', 'root x'],
      ['/deep', 'Not Found', 404],
      ['/deep/root/tasks/count/2', '0'],
    ]);
  });

  it('has the `index` of its class below its text', async () => {
    class Inner {
      index(page = 1) {
        return `inner ${page}`;
      }
    }
    class Outer {
      inner = nested(Inner);
      index(...all: string[]) {
        return `outer ${all.join()}`;
      }
    }
    await expectAnswers(client(micropie(Outer)), [
      ['/inner', 'inner 1'],
      ['/inner/2', 'inner 2'],
      ['/inner/two', 'Not Found', 404],
      ['/inner/index/3', 'inner 3'],
      ['/2', 'outer 2'],
    ]);
  });

  it('is served where a subclass inherits the field, and nowhere else', async () => {
    class Sub extends Root {
      more() {
        return 'more';
      }
      // Not marked: it may lie there for other reasons.
      plain = new Tasks();
    }
    await expectAnswers(client(micropie(Sub)), [
      ['/tasks/0', 'task read'],
      ['/more', 'more'],
      ['/plain', 'root plain'],
      ['/plain/0', 'Not Found', 404],
    ]);
  });
});

describe('nested(instance)', () => {
  it('serves what was made elsewhere, which the rest of the app may use too', async () => {
    const tasks = new Tasks(['shared']);
    class Holder {
      tasks = nested<typeof Tasks>(tasks);
    }
    const agent = client(micropie(Holder));
    expect((await agent.get('/tasks/0')).text).to.equal('task shared');
    await agent.post('/tasks').send({ title: 'more' });
    expect(tasks.list()).to.deep.equal(['shared', 'more']);
  });

  it('may be served by several mounts', async () => {
    const tasks = nested(new Tasks(['shared']));
    class Holder {
      tasks = tasks;
    }
    await expectAnswers(client(micropie(Holder, { prefix: '/a' }), micropie(Holder, { prefix: '/b' })), [
      ['/a/tasks/0', 'task shared'],
      ['/b/tasks/0', 'task shared'],
    ]);
  });
});

describe('options of the mount hold for nested controllers:', () => {
  it('strict', async () => {
    await expectAnswers(client(micropie(Root, { strict: true })), [
      ['/tasks/count/1', '1'],
      ['/tasks/count/1/2', 'Not Found', 404],
    ]);
  });

  it('fallthrough, and without it the before hooks for what no class knows', async () => {
    const seen: unknown[] = [];
    const hook = {
      beforeRequest: ({ ctx, route }) => void seen.push([ctx.path, route?.name]),
    } satisfies HttpMiddleware;
    const behind = (ctx: { body: unknown }) => {
      ctx.body = 'behind';
    };
    await expectAnswers(client(micropie(Root, { middlewares: [hook] }), behind), [['/tasks/1/2', 'behind']]);
    expect(seen).to.deep.equal([]);
    const agent = client(micropie(Root, { middlewares: [hook], fallthrough: false }), behind);
    await expectAnswers(agent, [
      ['/tasks/1/2', 'Not Found', 404],
      ['/tasks/1', 'task write'],
    ]);
    expect(seen).to.deep.equal([
      ['/tasks/1/2', undefined],
      ['/tasks/1', 'tasks.show'],
    ]);
  });

  it('prefix, below koa-mount and inside @koa/router', async () => {
    const app = appOf();
    app.use(mount('/site', micropie(Root, { prefix: '/api' })));
    const router = new Router();
    router.all('/router/{*rest}', micropie(Root, { prefix: '/router' }));
    app.use(router.routes());
    await expectAnswers(request(app.callback()), [
      ['/site/api/tasks/1', 'task write'],
      ['/router/tasks/1', 'task write'],
      ['/site/tasks/1', 'Not Found', 404],
      ['/tasks/1', 'Not Found', 404],
    ]);
  });

  it("hooks: the mount's around the route's own", async () => {
    const order: string[] = [];
    const noting = (name: string): HttpMiddleware => ({
      beforeRequest: ({ route }) => void order.push(`${name} before ${route?.name}`),
      beforeCall: (_request, args) => void order.push(`${name} call ${JSON.stringify(args)}`),
      afterRequest: () => void order.push(`${name} after`),
    });
    class Guarded {
      open() {
        return 'open';
      }
      secret(key: string) {
        return key;
      }
      static routes = { secret: { path: 'GET /secret/:key', middlewares: [noting('own')] } } satisfies Routes<Guarded>;
    }
    class Outer {
      inner = nested(Guarded);
    }
    const agent = client(micropie(Outer, { middlewares: [noting('mount')] }));
    await agent.get('/inner/open');
    expect(order.splice(0)).to.deep.equal(['mount before inner.open', 'mount call {}', 'mount after']);
    await agent.get('/inner/secret/7');
    expect(order).to.deep.equal([
      'mount before inner.secret',
      'own before inner.secret',
      'mount call {"key":"7"}',
      'own call {"key":"7"}',
      'own after',
      'mount after',
    ]);
  });

  it('a refusal of a hook of the route, before anything is stored', async () => {
    class Guarded {
      upload(file: unknown) {
        return String(file);
      }
      static routes = {
        upload: { path: 'POST', middlewares: [{ beforeRequest: () => reply(401, 'Who are you?') }] },
      } satisfies Routes<Guarded>;
    }
    class Outer {
      inner = nested(Guarded);
    }
    const { status, text } = await client(micropie(Outer)).post('/inner/upload').attach('file', Buffer.from('x'), 'x');
    expect([status, text]).to.deep.equal([401, 'Who are you?']);
  });
});

describe('a nested controller', () => {
  class Visits extends Controller<{ visits?: number }> {
    index() {
      this.session.visits = (this.session.visits ?? 0) + 1;
      return `${this.request.route?.name} ${this.session.visits} ${this.ctx.path}`;
    }
    async *stream() {
      yield `${this.request.route?.name} `;
      yield currentRequest().ctx.path;
    }
    gone() {
      return this.redirect('/elsewhere');
    }
  }
  class Plain {
    visits = nested(Visits);
    session(ctx: { path: string }) {
      return `${ctx.path} ${currentRequest().route?.name}`;
    }
  }

  it('has request, session and ctx where it alone extends Controller', async () => {
    const agent = request.agent(appOf(micropie(Plain)).callback());
    await expectAnswers(agent, [
      ['/visits', 'visits.index 1 /visits'],
      ['/visits', 'visits.index 2 /visits'],
      ['/visits/stream', 'visits.stream /visits/stream'],
      ['/session', '/session session'],
    ]);
    expect((await agent.get('/visits/gone')).headers['location']).to.equal('/elsewhere');
  });

  it('shares the session with the others of its mount', async () => {
    class Login extends Controller<{ user?: string }> {
      account = nested(Account);
      in(user: string) {
        this.session.user = user;
        return 'in';
      }
    }
    class Account {
      me(user: string) {
        return user;
      }
      static routes = { me: { path: 'GET', session: ['user'] } } satisfies Routes<Account>;
    }
    const agent = request.agent(appOf(micropie(Login)).callback());
    await expectAnswers(agent, [
      ['/account/me?user=eve', "400 Bad Request: Missing required parameter 'user'", 400],
      ['/in/alice', 'in'],
      ['/account/me?user=eve', 'alice'],
    ]);
  });

  it('takes uploads', async () => {
    class Files {
      async create(file: { filename: string; size: number }) {
        return `${file.filename} ${file.size}`;
      }
      static routes = { create: 'POST /' } satisfies Routes<Files>;
    }
    class Outer {
      files = nested(Files);
    }
    const agent = client(micropie(Outer, { uploads: { maxFileSize: 10 } }));
    const sent = await agent.post('/files').attach('file', Buffer.from('12345'), 'five.txt');
    expect(sent.text).to.equal('five.txt 5');
    expect((await agent.post('/files').attach('file', Buffer.alloc(11), 'x')).status).to.equal(413);
  });

  it('has an own `this`, private members and all, for each mount', async () => {
    class Counter {
      #count = 0;
      next() {
        this.#count += 1;
        return `${this.#count}`;
      }
    }
    class Outer {
      a = nested(Counter);
      b = nested(Counter);
    }
    await expectAnswers(client(micropie(Outer), micropie(Outer, { prefix: '/again' })), [
      ['/a/next', '1'],
      ['/a/next', '2'],
      ['/b/next', '1'],
      ['/again/a/next', '1'],
    ]);
  });
});
