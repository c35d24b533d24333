import { expect } from 'chai';
import { Controller, micropie, nested } from '../../lib/index.js';
import { type Class, classOf } from '../support/source.js';
import { warningsOf } from '../support/warnings.js';

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

describe('a declared path is refused at start:', () => {
  const wrong: [method: string, path: string, message: string][] = [
    ['m(id) {}', 'GET :id', "'GET :id' is not a path; write it as in 'GET /:id', 'GET,PUT /:id', '/:id' or 'POST'"],
    ['m() {}', 'GET, PUT /', "'GET, PUT /' is not a path; write it as in 'GET /:id', 'GET,PUT /:id'"],
    ['m() {}', ' ', "' ' is not a path"],
    ['m() {}', 'get /', "'get' is not an HTTP method that can be routed; write it in capitals, as in 'POST'"],
    ['m() {}', 'GET,,PUT /', "'' is not an HTTP method that can be routed"],
    ['m() {}', 'GET //x', 'has an empty segment; write it without a double slash or one at the end'],
    ['m() {}', 'GET /x/', 'has an empty segment; write it without a double slash or one at the end'],
    ['m(id) {}', 'GET /:', "has ':', which is not a name; write a whole segment as in ':id' or '*path'"],
    ['m(id) {}', 'GET /:id?', "has ':id?', which is not a name; write a whole segment as in ':id' or '*path'"],
    ['m(id) {}', 'GET /:id(\\d+)', "has ':id(\\d+)', which is not a name"],
    ['m(id) {}', 'GET /{:id}', "has '{:id}', but only whole segments can be named, as in ':id' or '*path'"],
    ['m(id) {}', 'GET /x-:id', "has 'x-:id', but only whole segments can be named"],
    ['m() {}', 'GET /*', "has '*', which is not a name; write a whole segment as in ':id' or '*path'"],
    ['m() {}', 'GET /x*', "has 'x*', but only whole segments can be named"],
    ['m() {}', 'GET /x?y=1', "has 'x?y=1', but a path holds no '?', '#' or backslash; write %3F, %23 or %5C"],
    ['m() {}', 'GET /x#y', "has 'x#y', but a path holds no '?', '#' or backslash"],
    ['m() {}', 'GET /x\\y', "has 'x\\y', but a path holds no '?', '#' or backslash"],
    ['m() {}', 'GET /a%b', "has 'a%b', which is not percent-encoded correctly; write a percent sign as %25"],
    ['m() {}', 'GET /a%00', "has 'a%00', which is not percent-encoded correctly"],
    ['m() {}', 'GET /a/..', "has '..', which clients resolve themselves before they send a path; leave it out"],
    ['m() {}', 'GET /%2e', "has '%2e', which clients resolve themselves before they send a path; leave it out"],
    [
      'm(...a) {}',
      'GET /*a/b',
      "'/*a/b' has a *name before its end, which takes all segments that follow; write it last",
    ],
    ['m(id) {}', 'GET /:id/:id', "'/:id/:id' has two segments that are called 'id'; rename one of them"],
    ['m(a, ...a) {}', 'GET /:a/*a', "'/:a/*a' has two segments that are called 'a'"],
    [
      'm(ctx) {}',
      'GET /:ctx',
      "'/:ctx' names 'ctx', but such a parameter never comes from a client; rename the segment",
    ],
    ['m(a) {}', 'GET /:request', "'/:request' names 'request', but such a parameter never comes from a client"],
  ];
  for (const [method, path, message] of wrong)
    it(`'${path}' ${message}`, () => {
      const Wrong = classOf(`${method.replace('(a, ...a)', '(a, ...b)')} static routes = routes;`, {
        routes: { m: path },
      });
      expect(() => micropie(Wrong))
        .to.throw(TypeError, 'Root.routes.m.path')
        .with.property('message')
        .contains(message);
    });

  const misfits: [method: string, declaration: object, message: string][] = [
    ['m() {}', { path: '/:id' }, "Root.m: its path names 'id', but it has no parameter for it; add one"],
    ['m(a) {}', { path: '/:a/:b' }, "Root.m: its path names 'b', but it has no parameter for it; add one"],
    ['m(ctx) {}', { path: '/:id' }, "Root.m: its path names 'id', but it has no parameter for it; add one"],
    ['m(id) {}', { path: '/:id', session: ['id'] }, "Root.m: its path names 'id', but it has no parameter for it"],
    ['m(a, id) {}', { path: '/:id' }, "Root.m: its path gives 'id' as parameter 1, but that is parameter 2; put the"],
    ['m(b, a) {}', { path: '/:a/:b' }, 'put the parameters in the order in which the path names them'],
    ['m(slug, { id }) {}', { path: '/:id' }, "Root.m: its path gives 'id' as parameter 1, but that is parameter 2"],
    ['m({ id }) {}', { path: '/:id' }, "'id', which must be a parameter of its own, not a key of a pattern"],
    ['m(path) {}', { path: '/*path' }, 'Root.m: its path ends with *path, which needs a rest parameter: ...path'],
    [
      'm(...path) {}',
      { path: '/:path' },
      "Root.m: its path names ':path' where it has a rest parameter; write '*path'",
    ],
    [
      'm(id) {}',
      { path: '/:id', params: ['key'] },
      "its path calls a parameter 'id' that params calls 'key'; give it one",
    ],
    [
      'm(id) {}',
      { path: '/:id', params: ['id', 'b'] },
      'its params are 2, but it has 1 parameters that a client gives; leave',
    ],
    [
      'm(a, b) {}',
      { session: ['a'] },
      'what comes from the session must stand behind the parameters that clients give',
    ],
  ];
  for (const [method, declaration, message] of misfits)
    it(`${JSON.stringify(declaration)} on ${method}: ${message}`, () => {
      const Wrong = classOf(`${method} static routes = routes;`, { routes: { m: declaration } });
      expect(() => micropie(Wrong)).to.throw(TypeError, message);
    });

  const same: [first: string, second: string, message: string][] = [
    ['GET /:id', 'GET /:name', 'Root.b and Root.a are both declared for GET /:name'],
    ['GET,PUT /x', 'PUT,POST /x', 'Root.b and Root.a are both declared for PUT,POST /x'],
    ['/:id', '/:id', 'Root.b and Root.a are both declared for any method /:id'],
    ['GET /x/*id', 'GET /x/*all', 'no request could tell them apart; change one of the paths or methods'],
    ['GET /caf%C3%A9', 'GET /café', 'Root.b and Root.a are both declared for GET /caf%C3%A9'],
    ['GET /', 'GET /', 'Root.b and Root.a are both declared for GET /'],
  ];
  for (const [first, second, message] of same)
    it(`'${second}' beside '${first}': ${message}`, () => {
      const parameters = /[:*]/.test(first)
        ? [first, second].map((path) => path.replace(/^.*\*/, '...').replace(/^.*:/, ''))
        : ['', ''];
      const Wrong = classOf(`a(${parameters[0]}) {} b(${parameters[1]}) {} static routes = routes;`, {
        routes: { a: first, b: second },
      });
      expect(() => micropie(Wrong)).to.throw(TypeError, message);
    });

  it('but paths that some request can tell apart are taken', () => {
    for (const [first, second] of [
      ['GET /:id', 'POST /:id'],
      ['/:id', 'POST /:id'],
      ['GET /:id', 'GET /:id/x'],
      ['GET /x', 'GET /:id'],
      ['GET /', 'HEAD /'],
    ] as const) {
      const of = (path: string) => (path.includes(':') ? 'id' : '');
      const Fine = classOf(`a(${of(first)}) {} b(${of(second)}) {} static routes = routes;`, {
        routes: { a: first, b: second },
      });
      expect(micropie(Fine).routes).to.have.lengthOf(2);
    }
  });
});

describe('a name is refused at start:', () => {
  const wrong: [method: string, message: string][] = [
    [
      "'tasks/:id'",
      "Root['tasks/:id'] is not a path: call the method something else and declare static routes = { name: '/tasks/:id' }",
    ],
    ["'/tasks/:id'", "declare static routes = { name: '/tasks/:id' }"],
    ["':id'", "Root[':id'] is not a path: call the method something else and declare static routes = { name: '/:id' }"],
    ["'files/*path'", "declare static routes = { name: '/files/*path' }"],
    ["'GET /tasks'", "declare static routes = { name: 'GET /tasks' }"],
    ["''", "Root[''] can't be served: no client sends such a segment; rename it"],
    ["'.'", "Root['.'] can't be served: no client sends such a segment; rename it"],
    ["'..'", "Root['..'] can't be served"],
  ];
  for (const [name, message] of wrong)
    it(message, () => {
      expect(() => micropie(classOf(`${name}() {}`))).to.throw(TypeError, message);
    });

  it("'/users/:id' as a prefix: write it in static routes", () => {
    for (const prefix of ['/users/:id', '/:id/posts', '/files/*path'])
      expect(() => micropie(classOf('m() {}'), { prefix })).to.throw(
        TypeError,
        "micropie: options.prefix must be a path such as '/api', percent-encoded, without a slash at its end; " +
          "write ':name' in static routes, as in path: 'GET /users/:id'",
      );
  });
});

describe('nested(controller) is refused at start:', () => {
  class Inner {
    list() {}
  }
  class Bare {}
  const shared = new Inner();
  const cyclic = (): Class => {
    const root = new (classOf('m() {}'))();
    const inner = new (classOf('m() {}', {}, 'Inner'))();
    Object.assign(root, { inner: nested(inner) });
    Object.assign(inner, { back: nested(root) });
    return classOf('root = nested(root); m() {}', { nested, root }, 'Outer');
  };

  const wrong: [what: string, controller: () => Class, message: string][] = [
    ...['_inner', 'ws_inner', 'then', 'constructor', 'request', 'ctx', 'session', 'render', 'redirect'].map(
      (name): [string, () => Class, string] => [
        `in a field called ${name}`,
        () =>
          classOf(`constructor() { Object.defineProperty(this, '${name}', { value: nested(Inner) }); } m() {}`, {
            nested,
            Inner,
          }),
        `Root.${name}: a nested controller can't be served under this name; rename the field`,
      ],
    ),
    [
      'in a field that the base class needs',
      () => classOf('session = nested(Inner); m() {}', { nested, Inner, Controller }, 'Root extends Controller'),
      'Root.session: the base class Controller needs this name',
    ],
    [
      'in a field whose name is meant as a path',
      () => classOf("':user' = nested(Inner); m() {}", { nested, Inner }),
      "Root[':user'] is not a path: name the field by plain text; the nested class has ':name' in paths of its own",
    ],
    [
      'in a field that no client can ask for',
      () => classOf("'..' = nested(Inner); m() {}", { nested, Inner }),
      "Root['..'] can't be served: no client sends such a segment; rename it",
    ],
    [
      'in a field named like a method',
      () => classOf('tasks() {} tasks = nested(Inner)', { nested, Inner }),
      'Root.tasks is a method and a nested controller; rename one of them',
    ],
    [
      'beside a declared path below its text',
      () => classOf("tasks = nested(Inner); m() {} static routes = { m: 'GET /tasks/all' }", { nested, Inner }),
      "Root.m: its path begins with '/tasks', where only the controller in the field 'tasks' answers; " +
        'move the method into its class, or rename the field',
    ],
    [
      'with a declaration of its own',
      () => classOf("tasks = nested(Inner); static routes = { tasks: 'GET' }", { nested, Inner }),
      "Root.routes names 'tasks', which is not a method that is served; the controller in this field has static routes of its own",
    ],
    [
      'when its class has no method',
      () => classOf('tasks = nested(Bare); m() {}', { nested, Bare }),
      'Bare has no method to serve; only methods of its class are routes, as in index() {}',
    ],
    [
      'as one instance in two places',
      () => classOf('a = nested(shared); b = nested(shared)', { nested, shared }),
      'Root.b: this Inner is served as Root.a already; make another for this field',
    ],
    [
      'in itself, by its instances',
      cyclic,
      'Inner.back: this Root is nested in itself, which never ends; remove the field',
    ],
    [
      'in itself, by its class',
      () => classOf('self = nested(Endless); m() {}', { nested }, 'Endless'),
      'nested: Endless is nested in itself, which never ends; remove the field',
    ],
    ...[undefined, null, 1, 'x', () => {}].map((value): [string, () => Class, string] => [
      `as ${value}`,
      () => classOf('a = nested(value); m() {}', { nested, value }),
      'nested: the controller must be a class or an instance of one',
    ]),
  ];
  for (const [what, controller, message] of wrong)
    it(`${what}: ${message}`, () => {
      expect(() => micropie(controller())).to.throw(TypeError, message);
    });

  it('but a class may nest others of its kind as long as that ends', () => {
    const Tree: Class = classOf(
      'constructor(depth = 3) { if (depth > 0) this.child = nested(Tree, depth - 1); } m() {}',
      { nested },
      'Tree',
    );
    expect(micropie(Tree).routes.map(({ path }) => path)).to.include('/child/child/child/m');
  });

  it('after which a right one is served', () => {
    expect(() =>
      micropie(
        classOf('a = nested(Broken); m() {}', {
          nested,
          Broken: classOf('constructor() { throw new RangeError("no luck"); }'),
        }),
      ),
    ).to.throw(RangeError, 'no luck');
    expect(micropie(classOf('a = nested(Inner)', { nested, Inner })).routes.map(({ name }) => name)).to.deep.equal([
      'a.list',
    ]);
  });
});

describe('arrow functions in fields', () => {
  const code = 'KOA_MICROPIE_FIELD: ';
  const text = 'has arrow functions in fields, which are never served: ';
  const cure = '. Write each as a method, as in name() {}, or begin its name with _';

  it('warn, as they are written, whatever the build made of them', async () => {
    class Written {
      shown() {}
      arrow = () => 'arrow';
      later = async (name: string) => {
        return name;
      };
    }
    class Below extends Written {
      more = () => 'more';
    }
    expect(await warningsOf(() => micropie(Written))).to.deep.equal([`${code}Written ${text}arrow, later${cure}`]);
    expect(await warningsOf(() => micropie(Below))).to.deep.equal([`${code}Below ${text}arrow, later, more${cure}`]);
    for (const body of [
      'm() {} a = () => 1',
      'm() {} a=()=>1',
      'm() {} a = /* @__PURE__ */ name(() => 1, "a")'.replaceAll('name(', '__name('),
      'constructor() { field(this, "a", () => 1); } m() {}',
      'constructor() { this.a = () => 1; } m() {}',
    ]) {
      const scope = {
        __name: (it: unknown) => it,
        field: (target: object, key: string, value: unknown) => void Object.assign(target, { [key]: value }),
      };
      expect(await warningsOf(() => micropie(classOf(body, scope))), body).to.deep.equal([
        `${code}Root ${text}a${cure}`,
      ]);
    }
  });

  it('do not warn where they are helpers, were passed in, or in production', async () => {
    class Passed {
      readonly log: () => void;
      constructor(log: () => void) {
        this.log = log;
      }
      m() {}
    }
    class Helper {
      m() {}
      _arrow = () => 'arrow';
      #arrow = () => this.#arrow;
      plain = 1;
    }
    class Arrow {
      m() {}
      arrow = () => 'arrow';
    }
    expect(await warningsOf(() => [micropie(new Passed(() => {})), micropie(Helper)])).to.deep.equal([]);
    const { NODE_ENV } = process.env;
    process.env.NODE_ENV = 'production';
    try {
      expect(await warningsOf(() => micropie(Arrow))).to.deep.equal([]);
    } finally {
      if (NODE_ENV === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = NODE_ENV;
    }
  });
});

describe('hooks', () => {
  const wrong: [routes: object, message: string][] = [
    [{ m: { middlewares: {} } }, 'Root.routes.m.middlewares must be a list of hooks'],
    [{ m: { middlewares: [{}] } }, 'Root.routes.m.middlewares[0] must be an object with beforeRequest, beforeCall'],
    [
      { m: { middlewares: [{ beforeRequest() {}, afterRequests() {} }] } },
      'Root.routes.m.middlewares[0].afterRequests would never be called; hooks have the methods beforeRequest',
    ],
  ];
  for (const [routes, message] of wrong)
    it(`of a route are refused: ${message}`, () => {
      expect(() => micropie(classOf('m() {} static routes = routes', { routes }))).to.throw(TypeError, message);
    });
});

describe('a name that a build tool changed', () => {
  const rows: [method: string, declaration: object, warns: boolean][] = [
    ['m(id2) {}', {}, true],
    ['m(ctx, id2) {}', { path: '/:id' }, false],
    ['m(ctx, id2, page3) {}', { path: '/:id' }, true],
    ['m(ctx, id2, page3) {}', { path: '/:id', params: ['id', 'page'] }, false],
  ];
  for (const [method, declaration, warns] of rows)
    it(`${warns ? 'warns' : 'does no harm'} in ${method} with ${JSON.stringify(declaration)}`, async () => {
      const Root = classOf(`${method} static routes = routes`, { routes: { m: declaration } });
      const codes = (await warningsOf(() => micropie(Root))).map((warning) => warning.split(':')[0]);
      expect(codes).to.deep.equal(warns ? ['KOA_MICROPIE_RENAMED'] : []);
    });
});
