import { expect } from 'chai';
import { Controller, micropie, type Routes, reply } from '../lib/index.js';
import { appOf, client, withServer } from './support/app.js';
import { type RawResponse, withSocket } from './support/socket.js';
import { classOf } from './support/source.js';

/** Tells which of its methods ran, and with what. */
class Root {
  index(page = 1) {
    return `index ${page}`;
  }
  hello() {
    return 'hello';
  }
  show(a = 'none', b = 'none') {
    return `show [${a}] [${b}]`;
  }
}

const behind = 'the next middleware';

describe('routes', () => {
  const get = async (controller: object, path: string) => {
    const { status, text } = await client(micropie(controller), (ctx) => {
      ctx.body = behind;
    }).get(path);
    return status === 200 ? text : status;
  };

  describe('are the methods of the class,', () => {
    it('inherited and overridden ones too', async () => {
      class Base {
        one() {
          return 'one of Base';
        }
        two() {
          return 'two of Base';
        }
      }
      class Derived extends Base {
        override two() {
          return `two of Derived, ${super.two()}`;
        }
      }
      expect(await get(Derived, '/one')).to.equal('one of Base');
      expect(await get(Derived, '/two')).to.equal('two of Derived, two of Base');
    });

    it('whatever their form and name', async () => {
      class Forms {
        'robots.txt'() {
          return 'User-agent: *';
        }
        'a b/c'() {
          return 'odd';
        }
        42() {
          return 'number';
        }
        ['com' + 'puted']() {
          return 'computed';
        }
        café() {
          return 'café';
        }
        async later() {
          return 'later';
        }
        get() {
          return 'get';
        }
      }
      for (const [path, text] of [
        ['/robots.txt', 'User-agent: *'],
        ['/a%20b%2Fc', 'odd'],
        ['/42', 'number'],
        ['/computed', 'computed'],
        ['/caf%C3%A9', 'café'],
        ['/later', 'later'],
        ['/get', 'get'],
        ['/cafe%CC%81', behind],
      ] as const)
        expect(await get(Forms, path), path).to.equal(text);
    });

    it('not those with a leading underscore or ws_, nor `then`', async () => {
      class Hidden {
        shown() {}
        _helper() {}
        __deep() {}
        ws_chat() {}
        // biome-ignore lint/suspicious/noThenProperty: that is what is tested
        then() {}
      }
      expect(micropie(Hidden).routes.map(({ name }) => name)).to.deep.equal(['shown']);
      for (const path of ['/_helper', '/__deep', '/ws_chat', '/then', '/constructor'])
        expect(await get(Hidden, path), path).to.equal(behind);
    });

    it('not private ones, statics, symbols, nor what the constructor puts on the instance', async () => {
      class Fields {
        shown() {
          return this.#priv();
        }
        #priv() {
          return 'shown';
        }
        static stat() {}
        [Symbol.iterator]() {}
        arrow = () => 'arrow';
        db = { query: () => 'query' };
        plain = 'plain';
      }
      expect(micropie(Fields).routes.map(({ name }) => name)).to.deep.equal(['shown']);
      expect(await get(Fields, '/shown')).to.equal('shown');
      for (const path of ['/priv', '/%23priv', '/stat', '/arrow', '/db', '/db/query', '/plain', '/Symbol.iterator'])
        expect(await get(Fields, path), path).to.equal(behind);
    });

    it('not accessors, which are never evaluated', async () => {
      let evaluated = 0;
      class Base {
        covered() {}
      }
      class Accessors extends Base {
        shown() {}
        get trap(): () => string {
          evaluated += 1;
          throw new Error('a getter was evaluated');
        }
        set trap(_value: unknown) {
          evaluated += 1;
        }
        static get other() {
          evaluated += 1;
          return 1;
        }
      }
      Object.defineProperty(Accessors.prototype, 'covered', { get: () => (evaluated += 1) });
      expect(micropie(Accessors).routes.map(({ name }) => name)).to.deep.equal(['shown']);
      expect(await get(Accessors, '/trap')).to.equal(behind);
      expect(await get(Accessors, '/covered')).to.equal(behind);
      expect(evaluated).to.equal(0);
    });

    it('not what Controller or Object bring', async () => {
      class Sub extends Controller {
        shown() {}
      }
      expect(micropie(Sub).routes.map(({ name }) => name)).to.deep.equal(['shown']);
      for (const path of ['/render', '/redirect', '/request', '/ctx', '/session', '/toString', '/hasOwnProperty'])
        expect(await get(Sub, path), path).to.equal(behind);
    });

    it('called on the one instance, so that its private members work', async () => {
      class Counter {
        #count = 0;
        next() {
          this.#count += 1;
          return `${this.#count}`;
        }
      }
      const agent = client(micropie(Counter));
      expect((await agent.get('/next')).text).to.equal('1');
      expect((await agent.get('/next')).text).to.equal('2');
    });
  });

  describe('are refused at start', () => {
    for (const name of ['request', 'ctx', 'session', 'render', 'redirect'])
      for (const [what, member] of [
        ['method', `${name}() {}`],
        ['accessor', `get ${name}() {}`],
        ['field', `${name} = 1`],
      ])
        it(`when a subclass of Controller has a ${what} called ${name}`, () => {
          const Sub = classOf(`m() {} ${member}`, { Controller }, 'Sub extends Controller');
          expect(() => micropie(Sub)).to.throw(
            TypeError,
            `Sub.${name}: the base class Controller needs this name; call it something else`,
          );
        });

    it('but a class of its own may use these names', async () => {
      class Plain {
        session() {
          return 'mine';
        }
      }
      expect(await get(Plain, '/session')).to.equal('mine');
    });

    it('when there are none', () => {
      expect(() => micropie(class Empty {})).to.throw(TypeError, 'Empty has no method to serve');
    });
  });
});

describe('a path', () => {
  const get = (path: string, options = {}) =>
    raw(`GET ${path}`, micropie(Root, options)).then(({ status, body }) => `${status} ${body}`);

  it('names its method exactly', async () => {
    expect(await get('/hello')).to.equal('200 hello');
    for (const path of ['/Hello', '/HELLO', '/hello.', '/hello%20', '/hello;x=1', '/hello%3b', '/hell', '/helloo'])
      expect(await get(path), path).to.equal('404 Not Found');
  });

  it('is `index` when it is empty, with the name written out or not', async () => {
    expect(await get('/')).to.equal('200 index 1');
    expect(await get('/?page=2')).to.equal('200 index 2');
    expect(await get('/index')).to.equal('200 index 1');
    expect(await get('/index/2')).to.equal('200 index 2');
  });

  it('is decoded once, after it was split', async () => {
    expect(await get('/show/a%2Fb')).to.equal('200 show [a/b] [none]');
    expect(await get('/show/%2e%2e%2fetc')).to.equal('200 show [../etc] [none]');
    expect(await get('/show/%2568ello/%25')).to.equal('200 show [%68ello] [%]');
    expect(await get('/show/a+b/%C3%A9')).to.equal('200 show [a+b] [é]');
    expect(await get('/%2568ello')).to.equal('404 Not Found');
    // Guards in front compare the path as it was sent: encoded, it is not the method's name.
    expect(await get('/%68ello')).to.equal('404 Not Found');
    expect(await get('/show%2Fa')).to.equal('404 Not Found');
    expect(await get('/show/../hello')).to.equal('200 show [..] [hello]');
  });

  for (const path of ['/%zz', '/%', '/%2', '/%E0%A4%A', '/%c0%ae', '/show/%zz', '/show/a/b/%ff', '/%ff/hello'])
    it(`${path} is malformed: 400`, async () => {
      expect(await get(path)).to.equal('400 400 Bad Request: Bad path');
    });

  for (const path of ['/%00', '/%0a', '/show/a%0Db', '/show/%7F', '/show/%1f', '/show/a/b/%00'])
    it(`${path} holds a control character: 400`, async () => {
      expect(await get(path)).to.equal('400 400 Bad Request: Bad path');
    });

  it('may end with one slash', async () => {
    expect(await get('/hello/')).to.equal('200 hello');
    expect(await get('/show/a/')).to.equal('200 show [a] [none]');
    expect(await get('/show/a//')).to.equal('200 show [a] []');
    expect(await get('/show//')).to.equal('200 show [] [none]');
  });

  it('is no other when it begins with several slashes', async () => {
    for (const path of ['//hello', '///', '///hello', '//evil.example/hello'])
      expect(await get(path), path).to.equal('404 Not Found');
  });

  it('hands segments beyond the parameters on in pathParams', async () => {
    class Beyond extends Controller {
      hello(a = '') {
        return [a, ...this.request.pathParams];
      }
    }
    const { body } = await client(micropie(Beyond)).get('/hello/x/y/z');
    expect(body).to.deep.equal(['x', 'x', 'y', 'z']);
  });

  describe('that names no method', () => {
    it('is `index` where it fits: not too long, and convertible', async () => {
      expect(await get('/7')).to.equal('200 index 7');
      expect(await get('/7/')).to.equal('200 index 7');
      for (const path of ['/seven', '/7/8', '/0x7']) expect(await get(path), path).to.equal('404 Not Found');
    });

    const fits: [index: string, path: string, expected: string][] = [
      ['index() {}', '/x', 'next'],
      ['index(a) {}', '/x', '["x"]'],
      ['index(a) {}', '/x/y', 'next'],
      ['index(a, b = 1) {}', '/x/2', '["x",2]'],
      ['index(a, b = 1) {}', '/x/y', 'next'],
      ['index(...rest) {}', '/x/y/z', '["x","y","z"]'],
      ['index(...rest) {}', '/', '[]'],
      ['index(a = 1, ...rest) {}', '/2/y', '[2,"y"]'],
      ['index(a = 1, ...rest) {}', '/x/y', 'next'],
      ['index(a = true) {}', '/no', '[false]'],
      ['index(a = true) {}', '/nope', 'next'],
      ['index({ a }) {}', '/x', 'next'],
      ['index(ctx, a) {}', '/x/y', 'next'],
      ['index(request, a) {}', '/x/y', 'next'],
      ['index(a) {}', '/constructor', '["constructor"]'],
      ['index(a) {}', '/__proto__', 'next'],
      ['index(a) {} _hidden() {}', '/_hidden', 'next'],
      ['index(...all) {}', '/ws_chat/x', 'next'],
      ['index(a) {} other() {}', '/other', '[]'],
      ['index(a) {}', '/%zz', '400'],
      ['index(a, b) {}', '/x/%zz', '400'],
      ['index(a) {}', '/x/%zz', 'next'],
    ];
    for (const [methods, path, expected] of fits)
      it(`${path} on ${methods} is ${expected}`, async () => {
        const { status, text } = await client(micropie(classOf(echoing(methods))), (ctx) => {
          ctx.body = 'next';
        }).get(path);
        expect(status === 200 ? text : String(status)).to.equal(expected);
      });
  });

  it('on the wire may be a whole address', async () => {
    expect(await get('http://elsewhere.example/hello')).to.equal('200 hello');
  });
});

describe('options.strict', () => {
  it('makes segments beyond the parameters unknown, also to `index`', async () => {
    class Strict extends Root {
      override index(...rest: unknown[]) {
        return `index ${rest.join()}`;
      }
      all(...rest: string[]) {
        return `all ${rest.join()}`;
      }
    }
    const agent = client(micropie(Strict, { strict: true }));
    for (const [path, expected] of [
      ['/hello', 'hello'],
      ['/hello/', 'hello'],
      ['/hello/x', 'Not Found'],
      ['/show/a/b', 'show [a] [b]'],
      ['/show/a/b/c', 'Not Found'],
      ['/all/a/b/c', 'all a,b,c'],
      ['/other/a', 'index other,a'],
    ] as const)
      expect((await agent.get(path)).text, path).to.equal(expected);
  });
});

describe('options.prefix', () => {
  it('is where the controller answers, and nowhere else', async () => {
    const agent = client(micropie(Root, { prefix: '/api/v1' }), (ctx) => {
      ctx.body = behind;
    });
    for (const [path, expected] of [
      ['/api/v1', 'index 1'],
      ['/api/v1/', 'index 1'],
      ['/api/v1/2', 'index 2'],
      ['/api/v1/hello', 'hello'],
      ['/api/v1xhello', behind],
      ['/api/v', behind],
      ['/hello', behind],
      ['/', behind],
      ['/API/v1/hello', behind],
      ['/%61pi/v1/hello', behind],
      ['/api/v1//hello', behind],
    ] as const)
      expect((await agent.get(path)).text, path).to.equal(expected);
  });
});

describe('options.fallthrough', () => {
  const hooked = (fallthrough: boolean) => {
    const seen: string[] = [];
    const mounted = micropie(Root, {
      fallthrough,
      prefix: '/own',
      middlewares: [
        {
          beforeRequest: ({ ctx, route }) => void seen.push(`before ${ctx.path} ${route?.name}`),
          afterRequest: ({ ctx }) => void seen.push(`after ${ctx.path}`),
        },
      ],
    });
    const agent = client(mounted, (ctx) => {
      ctx.body = behind;
    });
    return { seen, agent };
  };

  it('leaves what does not match to the middleware behind, hooks untouched', async () => {
    const { seen, agent } = hooked(true);
    expect((await agent.get('/own/nothing')).text).to.equal(behind);
    expect((await agent.post('/own/nothing')).text).to.equal(behind);
    expect((await agent.get('/elsewhere')).text).to.equal(behind);
    expect(seen).to.deep.equal([]);
  });

  it('as false answers 404 for all below the prefix, with before hooks', async () => {
    const { seen, agent } = hooked(false);
    const { status, text } = await agent.get('/own/nothing/there');
    expect({ status, text }).to.deep.equal({ status: 404, text: 'Not Found' });
    expect((await agent.get('/own/hello')).text).to.equal('hello');
    expect((await agent.get('/elsewhere')).text).to.equal(behind);
    expect(seen).to.deep.equal(['before /own/nothing/there undefined', 'before /own/hello hello', 'after /own/hello']);
  });

  it('as false lets a before hook answer where there is no route', async () => {
    const agent = client(
      micropie(Root, {
        fallthrough: false,
        middlewares: [{ beforeRequest: ({ route }) => (route ? null : reply(410, 'Gone')) }],
      }),
    );
    expect((await agent.get('/nothing')).status).to.equal(410);
  });
});

describe('static routes: method', () => {
  class Api {
    read() {
      return 'read';
    }
    save() {
      return 'save';
    }
    edit() {
      return 'edit';
    }
    any() {
      return 'any';
    }
    ask() {
      return 'ask';
    }
    static routes = {
      read: 'GET',
      save: 'POST',
      edit: 'PUT,PATCH',
      ask: 'OPTIONS,GET',
    } satisfies Routes<Api>;
  }
  const usual = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

  const table: [line: string, status: number, allow?: string][] = [
    ['GET /read', 200],
    ['HEAD /read', 200],
    ['POST /read', 405, 'GET, HEAD, OPTIONS'],
    ['GET /save', 405, 'POST, OPTIONS'],
    ['HEAD /save', 405, 'POST, OPTIONS'],
    ['POST /save', 200],
    ['DELETE /edit', 405, 'PUT, PATCH, OPTIONS'],
    ['PUT /edit', 200],
    ['PATCH /edit', 200],
    ['OPTIONS /read', 204, 'GET, HEAD, OPTIONS'],
    ['OPTIONS /save', 204, 'POST, OPTIONS'],
    ['OPTIONS /any', 204, usual],
    ['OPTIONS /ask', 200],
    ['PUT /ask', 405, 'OPTIONS, GET, HEAD'],
    ['OPTIONS /nothing', 404],
    ['OPTIONS *', 204, usual],
    ['GET *', 404],
    ['GET /any', 200],
    ['HEAD /any', 200],
    ['DELETE /any', 200],
    ['PROPFIND /any', 200],
    ['TRACE /any', 405, usual],
    ['TRACE /read', 405, 'GET, HEAD, OPTIONS'],
    ['TRACE /nothing', 404],
    ['POST /save/with/more', 200],
  ];
  for (const [line, status, allow] of table)
    it(`answers ${line} with ${status}`, async () => {
      const response = await raw(line, micropie(Api));
      expect({ status: response.status, allow: response.headers['allow'] }).to.deep.equal({ status, allow });
    });

  it('never sees a method that HTTP does not know', async () => {
    expect((await raw('BREW /any', micropie(Api))).status).to.equal(400);
  });

  it('runs no hook for a method that is not allowed, nor for OPTIONS, which no access check may stop', async () => {
    const seen: string[] = [];
    const hook = {
      beforeRequest: () => void seen.push('before'),
      afterRequest: () => void seen.push('after'),
    };
    expect((await raw('GET /save', micropie(Api, { middlewares: [hook] }))).status).to.equal(405);
    expect((await raw('OPTIONS /save', micropie(Api, { middlewares: [hook] }))).status).to.equal(204);
    expect((await raw('GET /any/%zz', micropie(Api, { middlewares: [hook] }))).status).to.equal(400);
    expect(seen).to.deep.equal([]);
  });

  it('does not hear `OPTIONS *` below a prefix', async () => {
    expect((await raw('OPTIONS *', micropie(Api, { prefix: '/api' }))).status).to.equal(404);
  });

  it('holds for subclasses, of which each may declare its own', async () => {
    // @ts-expect-error the compiler lets no subclass change a path
    class Derived extends Api {
      more() {
        return 'more';
      }
      static override routes = { ...Api.routes, save: 'PUT', more: 'GET' };
    }
    class Further extends Derived {}
    class Redeclared extends Api {
      declare static routes: typeof Api.routes;
    }
    Object.defineProperty(Redeclared, 'routes', { value: { read: 'DELETE' } });
    const status = (line: string, controller: object) => raw(line, micropie(controller)).then((it) => it.status);
    expect(await status('POST /save', Further)).to.equal(405);
    expect(await status('PUT /save', Further)).to.equal(200);
    expect(await status('POST /more', Further)).to.equal(405);
    expect(await status('GET /read', Redeclared)).to.equal(405);
    expect(await status('DELETE /read', Redeclared)).to.equal(200);
    expect(await status('GET /save', Redeclared), 'what the base class declares stays').to.equal(405);
  });
});

describe('HEAD', () => {
  class Heads {
    text() {
      return 'some text';
    }
    *stream() {
      started += 1;
      yield 'never';
    }
    fail() {
      throw Object.assign(new Error('Out of tea'), { status: 418, expose: true });
    }
  }
  let started = 0;

  it('has the headers of GET without the body, and never starts a stream', async () => {
    const text = await raw('HEAD /text', micropie(Heads));
    expect(text.status).to.equal(200);
    expect(text.headers['content-length']).to.equal('9');
    expect(text.headers['content-type']).to.equal('text/plain; charset=utf-8');
    expect((await raw('HEAD /stream', micropie(Heads))).status).to.equal(200);
    expect((await raw('HEAD /fail', micropie(Heads))).status).to.equal(418);
    expect((await raw('HEAD /nothing', micropie(Heads))).status).to.equal(404);
    expect(started).to.equal(0);
  });
});

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

describe('.routes', () => {
  class Listed {
    index() {}
    'a b'(first: string, page = 1, { q, tags = [] }: { q?: string; tags?: string[] } = {}, ...rest: string[]) {
      return [first, page, q, tags, rest];
    }
    save() {}
    static routes = { save: 'POST,GET' };
  }

  it('lists name, path, parameters with their sources, and methods', () => {
    const byName = ['query', 'body', 'file', 'session'];
    expect(micropie(Listed, { prefix: '/api' }).routes).to.deep.equal([
      { name: 'index', path: '/api', parameters: [], methods: ['*'] },
      {
        name: 'a b',
        path: '/api/a%20b',
        parameters: [
          { kind: 'positional', name: 'first', type: 'any', required: true, sources: ['path', ...byName] },
          { kind: 'positional', name: 'page', type: 'number', required: false, sources: ['path', ...byName] },
          {
            kind: 'pattern',
            keys: [
              { name: 'q', type: 'any', required: false, sources: byName },
              { name: 'tags', type: 'list', required: false, sources: byName },
            ],
          },
          { kind: 'rest', name: 'rest', sources: ['path'] },
        ],
        methods: ['*'],
      },
      { name: 'save', path: '/api/save', parameters: [], methods: ['POST', 'GET', 'HEAD'] },
    ]);
    expect(micropie(Listed).routes[0]?.path).to.equal('/');
  });

  it('is frozen to the bottom', () => {
    const thawed: unknown[] = [];
    const visit = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) thawed.push(value);
      Object.values(value).forEach(visit);
    };
    visit(micropie(Listed).routes);
    expect(thawed).to.deep.equal([]);
  });

  it('leaves the declaration as it was', () => {
    const routes = { m: { path: 'GET', params: ['a'], session: ['a'] } };
    micropie(classOf('m(a) {} static routes = routes;', { routes }));
    expect(routes).to.deep.equal({ m: { path: 'GET', params: ['a'], session: ['a'] } });
    expect([routes.m.params, routes.m.session].some(Object.isFrozen)).to.equal(false);
  });
});

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
    arrow = () => calls.push('arrow');
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
    ...['/render', '/redirect', '/request', '/session', '/ctx', '/app', '/arrow', '/db', '/db/query', '/secret'],
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
      await withServer(appOf(micropie(Guarded)), async (port) => {
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

/** Sends one line as it is, without the normalising that HTTP clients do. */
function raw(line: string, ...middleware: Parameters<typeof appOf>): Promise<RawResponse> {
  return withServer(appOf(...middleware), (port) =>
    withSocket(port, async (connection) => {
      await connection.send(`${line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`);
      return connection.response({ head: line.startsWith('HEAD') });
    }),
  );
}

/** Makes methods return the arguments that they name. */
function echoing(methods: string): string {
  return methods.replaceAll('{}', '{ return [...arguments].filter((it) => typeof it !== "object"); }');
}

function escaped(text: string): string {
  return [...text].map((character) => `%${character.charCodeAt(0).toString(16)}`).join('');
}

function calledOf(called: readonly string[]): string {
  return called.length === 0 ? 'any method' : `another than ${called}`;
}

function snapshot(prototype: object): unknown {
  return Object.getOwnPropertyDescriptors(prototype);
}
