import { expect } from 'chai';
import { z } from 'zod';
import { type Micropie, micropie } from '../../lib/index.js';
import { openapi } from '../../lib/openapi/openapi.js';
import { tortureMounts } from './controllers.js';
import { at, documentOf, INFO } from './documents.js';

const TORTURE = openapi(tortureMounts(), { info: INFO });

/** An operation of the torture controller, by its path and method. */
function operation(path: string, method: string): unknown {
  return at(TORTURE, 'paths', path, method);
}

/** What a path or query takes: names with types, required ones marked. */
function parameters(path: string, method: string): string[] {
  const list = at(operation(path, method), 'parameters') ?? [];
  return Array.isArray(list) ? list.map(parameterText) : [];
}

function parameterText(one: unknown): string {
  return `${at(one, 'in')} ${at(one, 'name')}${at(one, 'required') ? '!' : ''}: ${JSON.stringify(at(one, 'schema'))}`;
}

describe('openapi: paths and methods', () => {
  const rows: [path: string, methods: string][] = [
    ['/', 'get post'],
    ['/plain', 'get post'],
    ['/typed', 'post'],
    ['/robots.txt', 'get post'],
    ['/odd%20%7Bname%7D%2F%25', 'get post'],
    ['/tasks', 'get post'],
    ['/tasks/{id}', 'get put delete patch'],
    ['/tasks/{id}/move', 'post'],
    ['/tasks/{id}/files/{path}', 'get'],
    ['/tasks/stats', 'get post'],
    ['/archive', 'get'],
    ['/cache', 'delete'],
    // What needs a body is not shown as GET.
    ['/avatar', 'post'],
    ['/login', 'post'],
    ['/raw', 'post'],
  ];
  for (const [path, methods] of rows)
    it(`has ${methods} at ${path}`, () => {
      expect(Object.keys(Object(at(TORTURE, 'paths', path))).join(' ')).to.equal(methods);
    });

  it('has no helper', () => {
    expect(JSON.stringify(TORTURE)).not.to.contain('_helper');
  });

  it('names operations by prefix, field and method, each once', () => {
    const paths: object[] = Object.values(TORTURE.paths);
    const ids = paths.flatMap((path) => Object.values(path).map((one) => at(one, 'operationId')));
    expect(ids).to.include.members(['index', 'index.post', 'tasks.show', 'tasks.change', 'tasks.change.patch']);
    expect(ids).to.include.members(['archive.old', 'robots.txt']);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('groups them by prefix and field', () => {
    expect(at(operation('/tasks', 'get'), 'tags')).to.deep.equal(['tasks']);
    expect(at(operation('/archive', 'get'), 'tags')).to.deep.equal(['archive']);
    expect(at(operation('/plain', 'get'), 'tags')).to.equal(undefined);
  });

  it('tells summaries, by the name of the method where none is declared', () => {
    expect(at(operation('/tasks', 'get'), 'summary')).to.equal('Lists the tasks');
    expect(at(operation('/tasks', 'post'), 'summary')).to.equal('Create');
    expect(at(operation('/tasks', 'post'), 'description')).to.equal('Adds one at the end.');
  });

  it('shows the route that answers where two share a path', () => {
    class Root {
      any() {}
      only() {}
      static routes = { any: '/x', only: { path: 'GET /x', summary: 'Only GET' } };
    }
    const document = documentOf(Root);
    expect(at(document, 'paths', '/x', 'get', 'summary')).to.equal('Only GET');
    expect(at(document, 'paths', '/x', 'post', 'summary')).to.equal('Any');
  });

  it('takes the first of two mounts that serve the same', () => {
    const first = micropie(
      class {
        show() {}
        static routes = { show: { path: 'GET', summary: 'First' } };
      },
    );
    const second = micropie(
      class {
        show() {}
        static routes = { show: { path: 'GET', summary: 'Second' } };
      },
    );
    const document = openapi([first, second], { info: INFO });
    expect(at(document, 'paths', '/show', 'get', 'summary')).to.equal('First');
  });
});

describe('openapi: parameters', () => {
  const rows: [path: string, method: string, parameters: string[]][] = [
    [
      '/plain',
      'get',
      [
        'query required!: {"type":"string"}',
        'query text: {"type":"string"}',
        'query count: {"type":"number"}',
        'query whole: {"type":"integer"}',
        'query isOn: {"type":"boolean"}',
        'query list: {"type":"array","items":{"type":"string"}}',
        'query other: {"type":"string"}',
      ],
    ],
    ['/plain', 'post', []],
    ['/pattern', 'get', ['query q!: {"type":"string"}', 'query page: {"type":"number"}']],
    ['/injected', 'get', ['query name!: {"type":"string"}']],
    ['/me', 'get', ['query more: {"type":"string"}']],
    ['/free', 'get', ['query first!: {"type":"string"}']],
    ['/tasks', 'get', ['query q: {"type":"string"}', 'query page: {"type":"number"}', 'query since!: {}']],
    ['/tasks/{id}', 'get', ['path id!: {"type":"number"}']],
    ['/tasks/{id}', 'delete', ['path id!: {"type":"number"}', 'query _force: {"type":"boolean"}']],
    // The names of the first route with this path are taken for all.
    ['/tasks/{id}', 'put', ['path id!: {"type":"number"}', 'query _dryRun: {"type":"string"}']],
    ['/tasks/{id}/move', 'post', ['path id!: {"type":"integer"}']],
    ['/tasks/{id}/files/{path}', 'get', ['path id!: {"type":"number"}', 'path path!: {"type":"string"}']],
  ];
  for (const [path, method, expected] of rows)
    it(`${method} ${path}`, () => expect(parameters(path, method)).to.deep.equal(expected));

  it('lets each member of a query of unknown members be one', () => {
    class Root {
      find(_filter: unknown) {}
      static routes = { find: { path: 'GET', input: z.record(z.string(), z.string()) } };
    }
    const [one] = Object(at(documentOf(Root), 'paths', '/find', 'get', 'parameters'));
    expect(one).to.include({ in: 'query', style: 'form', explode: true });
  });

  it('asks a schema whether its value may be left out', () => {
    class Root {
      find(_id: number, _page: number, _late: string) {}
      static routes = {
        find: { path: 'GET', params: [z.number(), z.number().optional(), z.string().refine(async () => false)] },
      };
    }
    const list = at(documentOf(Root), 'paths', '/find', 'get', 'parameters');
    expect(Object(list).map((one: unknown) => at(one, 'required'))).to.deep.equal([true, undefined, true]);
  });
});

describe('openapi: bodies', () => {
  const JSON_TYPE = 'application/json';
  const FORM = 'application/x-www-form-urlencoded';
  const MULTIPART = 'multipart/form-data';
  const rows: [path: string, types: string[], isRequired: boolean | undefined][] = [
    ['/', [JSON_TYPE, FORM], undefined],
    ['/plain', [JSON_TYPE, FORM], true],
    ['/pattern', [JSON_TYPE, FORM], true],
    ['/avatar', [MULTIPART], true],
    ['/album', [JSON_TYPE, FORM, MULTIPART], true],
    ['/login', [JSON_TYPE, FORM], true],
    ['/raw', ['*/*'], undefined],
    ['/count', [JSON_TYPE, FORM], undefined],
    ['/tasks', [JSON_TYPE, FORM], true],
    ['/tasks/photo', [MULTIPART], true],
  ];
  for (const [path, types, isRequired] of rows)
    it(`${path} takes ${types.join(', ')}`, () => {
      const body = at(operation(path, 'post'), 'requestBody');
      expect(Object.keys(Object(at(body, 'content')))).to.deep.equal(types);
      expect(at(body, 'required')).to.equal(isRequired);
    });

  it('has none where nothing is taken from it', () => {
    expect(at(operation('/ticks', 'post'), 'requestBody')).to.equal(undefined);
    expect(at(operation('/plain', 'get'), 'requestBody')).to.equal(undefined);
  });

  it('has members of the types that JSON keeps', () => {
    expect(at(operation('/plain', 'post'), 'requestBody', 'content', JSON_TYPE, 'schema')).to.deep.equal({
      type: 'object',
      properties: {
        required: {},
        text: { type: 'string' },
        count: { type: 'number' },
        whole: { type: 'integer' },
        isOn: { type: 'boolean' },
        list: { type: 'array', items: {} },
        other: {},
      },
      required: ['required'],
    });
  });

  it('has files in multipart alone', () => {
    const album = at(operation('/album', 'post'), 'requestBody', 'content');
    expect(at(album, JSON_TYPE, 'schema', 'properties')).to.have.keys('title');
    expect(at(album, MULTIPART, 'schema', 'properties', 'images')).to.deep.equal({
      type: 'array',
      items: { type: 'string', format: 'binary' },
    });
  });

  it('leaves out what only the session, or the server, gives', () => {
    const members = at(operation('/me', 'post'), 'requestBody', 'content', JSON_TYPE, 'schema', 'properties');
    expect(members).to.have.keys('more');
    const injected = at(operation('/injected', 'post'), 'requestBody', 'content', JSON_TYPE, 'schema', 'properties');
    expect(injected).to.have.keys('name');
  });
});

describe('openapi: answers', () => {
  const rows: [path: string, method: string, status: number, type: string, schema: object][] = [
    ['/count', 'get', 200, 'text/plain', { type: 'string' }],
    ['/ticks', 'get', 200, 'text/event-stream', { type: 'string' }],
    ['/text', 'get', 200, 'text/plain', { type: 'string' }],
    ['/plain', 'get', 200, '*/*', {}],
    ['/tasks/{id}', 'get', 200, 'application/json', { $ref: '#/components/schemas/Task' }],
    ['/tasks', 'get', 200, 'application/json', { type: 'array', items: { $ref: '#/components/schemas/Task' } }],
    ['/tasks', 'post', 201, 'application/json', { $ref: '#/components/schemas/Task' }],
  ];
  for (const [path, method, status, type, schema] of rows)
    it(`${method} ${path} answers ${status} with ${type}`, () => {
      const content = at(operation(path, method), 'responses', status, 'content');
      expect(content).to.deep.equal({ [type]: { schema } });
    });

  it('are problems where they are errors, and what is declared for a status', () => {
    const responses = at(operation('/tasks', 'post'), 'responses');
    expect(Object.keys(Object(responses))).to.deep.equal(['201', '404', '4XX', '5XX']);
    expect(at(responses, '4XX')).to.deep.equal({ $ref: '#/components/responses/Problem' });
    expect(at(responses, '404', 'content', 'application/json', 'schema', 'properties')).to.have.keys('missing');
    expect(at(TORTURE, 'components', 'responses', 'Problem', 'content')).to.have.keys(
      'application/problem+json',
      'text/plain',
    );
  });

  it('have no content where the status allows none', () => {
    class Root {
      gone() {}
      static routes = { gone: { returns: { 204: z.undefined(), 304: z.undefined() } } };
    }
    expect(at(documentOf(Root), 'paths', '/gone', 'get', 'responses', 204)).to.have.keys('description');
    expect(at(documentOf(Root), 'paths', '/gone', 'get', 'responses', 304)).to.have.keys('description');
  });

  it('and the rest of an operation take what `openapi` declares, at any depth', () => {
    const responses = at(operation('/tasks/photo', 'post'), 'responses');
    expect(Object.keys(Object(responses))).to.deep.equal(['200', '409', '4XX', '5XX']);
  });
});

describe('openapi: security', () => {
  class Root {
    me(user = '') {
      return user;
    }
    open() {}
    static routes = { me: { path: 'GET', session: ['user'] }, open: 'GET' };
  }
  const SECURITY = { security: [{ bearer: [] }, { basic: [] }] };
  const COMPONENTS = { components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } } };

  it("asks for the session's cookie where a declaration names what is in it", () => {
    const document = openapi(micropie(Root, { session: { cookie: 'sid' } }), { info: INFO });
    expect(at(document, 'components', 'securitySchemes')).to.deep.equal({
      session: { type: 'apiKey', in: 'cookie', name: 'sid' },
    });
    expect(at(document, 'paths', '/me', 'get', 'security')).to.deep.equal([{ session: [] }]);
    expect(at(document, 'paths', '/open', 'get', 'security')).to.equal(undefined);
  });

  it('asks for it beside what all operations ask for', () => {
    const document = openapi(micropie(Root), { info: INFO, ...SECURITY, ...COMPONENTS });
    expect(document.security).to.deep.equal(SECURITY.security);
    expect(at(document, 'paths', '/me', 'get', 'security')).to.deep.equal([
      { bearer: [], session: [] },
      { basic: [], session: [] },
    ]);
    expect(at(document, 'components', 'securitySchemes')).to.have.keys('session', 'bearer');
  });

  it('has a scheme for each cookie', () => {
    const mounts = ['a', 'b', 'a'].map((cookie, index) => micropie(Root, { prefix: `/${index}`, session: { cookie } }));
    const document = openapi(mounts, { info: INFO });
    expect(at(document, 'components', 'securitySchemes')).to.have.keys('session', 'session2');
    expect(at(document, 'paths', '/1/me', 'get', 'security')).to.deep.equal([{ session2: [] }]);
    expect(at(document, 'paths', '/2/me', 'get', 'security')).to.deep.equal([{ session: [] }]);
  });
});

describe('openapi(mounts, options)', () => {
  class Root {
    index() {}
  }
  const mount = micropie(Root);

  it('carries what it is given', () => {
    const given = {
      info: { ...INFO, description: 'A sentence' },
      servers: [{ url: 'https://api.example.org' }],
      tags: [{ name: 'tasks', description: 'What is to do' }],
      components: { schemas: { Mine: { type: 'string' } }, examples: { One: { value: 1 } } },
    };
    const document = openapi(mount, given);
    expect(document).to.deep.include({ info: given.info, servers: given.servers, tags: given.tags, openapi: '3.1.0' });
    expect(document.components['examples']).to.deep.equal(given.components.examples);
    expect(document.components['schemas']).to.have.keys('Mine', 'Problem');
  });

  it("gives the same text for the same class, and a document that is nobody else's", () => {
    const [first, second] = [0, 1].map(() => JSON.stringify(openapi(tortureMounts(), { info: INFO })));
    expect(first).to.equal(second).and.to.equal(JSON.stringify(TORTURE));
  });

  const wrong: [name: string, mounts: unknown, options: unknown, message: string][] = [
    [
      'no info',
      mount,
      {},
      "openapi: options.info must have a title and a version, as in { title: 'Tasks', version: '1.0.0' }",
    ],
    [
      'an info without version',
      mount,
      { info: { title: 'x' } },
      'openapi: options.info must have a title and a version',
    ],
    [
      'an unknown option',
      mount,
      { info: INFO, host: 'x' },
      'openapi: options.host is unknown; there are info, servers',
    ],
    [
      'a server without url',
      mount,
      { info: INFO, servers: [{}] },
      'openapi: options.servers must be a list of servers',
    ],
    ['a tag without name', mount, { info: INFO, tags: [{}] }, 'openapi: options.tags must be a list of tags'],
    [
      'components that are none',
      mount,
      { info: INFO, components: { schemas: 1 } },
      'openapi: options.components must be',
    ],
    ['security that is no list', mount, { info: INFO, security: {} }, 'openapi: options.security must be a list'],
    [
      'a class in place of a mount',
      Root,
      { info: INFO },
      'openapi: a mount must be what micropie() returned; if it is, two copies',
    ],
    ['nothing in place of a mount', undefined, { info: INFO }, 'openapi: a mount must be what micropie() returned'],
    [
      'a prefix without slash',
      { mount, prefix: 'x' },
      { info: INFO },
      "openapi: a mount's prefix must be a path such as '/api'",
    ],
  ];
  for (const [name, mounts, options, message] of wrong)
    it(`refuses ${name}`, () => {
      // As JavaScript calls it.
      const call = () => openapi(mounts as Micropie, options as { info: typeof INFO });
      expect(call).to.throw(TypeError, message);
    });

  it('describes 1,000 routes in 200 ms at most, also on a machine that has other things to do', () => {
    const mount = micropie(classOf(1000));
    // The shortest of some, and of processor time where that is less: other programs share the machine.
    const times = Array.from({ length: 7 }, () => {
      const [start, used] = [performance.now(), process.cpuUsage()];
      openapi(mount, { info: INFO });
      return Math.min(performance.now() - start, process.cpuUsage(used).user / 1000);
    });
    expect(Math.min(...times)).to.be.below(200);
  });
});

/** A class with methods `m0`, `m1`, ..., each with schemas of its own. */
function classOf(count: number): new () => object {
  const methods = Array.from({ length: count }, (_none, index) => `m${index}`);
  const routes = methods.map((name) => [
    name,
    { path: `PUT /${name}/:id`, params: [Number], input: itemSchema(), returns: itemSchema() },
  ]);
  class Many {}
  for (const name of methods) Object.defineProperty(Many.prototype, name, { value: method });
  return Object.assign(Many, { routes: Object.fromEntries(routes) });
}

const { method } = {
  method(id: number, item: unknown) {
    return [id, item];
  },
};

function itemSchema() {
  return z.object({ title: z.string(), tags: z.array(z.string()), count: z.number().optional() });
}
