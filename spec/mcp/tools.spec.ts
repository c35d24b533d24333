import type { Client } from '@modelcontextprotocol/client';
import { expect } from 'chai';
import * as v from 'valibot';
import { z } from 'zod';
import { micropie, nested, type RouteDeclaration, type StandardSchema, UploadedFile } from '../../lib/index.js';
import { type McpOptions, mcp } from '../../lib/mcp/mcp.js';
import { REVISIONS, withTools } from './clients.js';

const Task = z.object({ id: z.number(), title: z.string() }).meta({ id: 'Task' });
const NewTask = z.object({ title: z.string().min(1), tags: z.array(z.string()).default([]) });

class Tasks {
  list(_page = 1): z.output<typeof Task>[] {
    return [];
  }
  create(task: z.output<typeof NewTask>) {
    return task;
  }
  change(id: number, change: z.output<typeof NewTask>) {
    return { id, ...change };
  }
  hidden() {
    return 'not offered';
  }
  static routes = {
    list: { path: 'GET /', tool: true, summary: 'Lists the tasks', returns: z.array(Task) },
    create: { path: 'POST /', input: NewTask, tool: true, summary: 'Adds a task', description: 'It is open at first.' },
    change: { path: 'PUT /:id', params: [Number], input: NewTask, tool: true, description: 'Changes a task' },
    hidden: { summary: 'Not offered' },
  };
}

class Root {
  tasks = nested(Tasks);
  search({ q, page = 1 }: { q: string; page?: number }) {
    return `${q} ${page}`;
  }
  sum(...terms: number[]) {
    return terms;
  }
  me(ctx: object, greeting = 'Hello', userId = 0) {
    return Object.assign(ctx, { greeting, userId });
  }
  static routes = {
    search: { tool: true, summary: 'Searches' },
    sum: { tool: true, summary: 'Adds', returns: { 200: Task, 201: Task, 404: z.object({}) } },
    me: { tool: true, summary: 'Who', session: ['userId'], params: [String], returns: { 200: Task, 204: z.null() } },
  };
}

const string = { type: 'string' };
const number = { type: 'number' };
const TASK = { type: 'object', properties: { id: number, title: string }, required: ['id', 'title'] };
const members = { title: { ...string, minLength: 1 }, tags: { default: [], type: 'array', items: string } };

describe('mcp: tools/list', () => {
  let tools: Awaited<ReturnType<Client['listTools']>>['tools'];
  const toolOf = (name: string) => tools.find((tool) => tool.name === name);

  before(async () => {
    ({ tools } = await withTools(Root, (client) => client.listTools(), REVISIONS['the revision of 2026'] ?? {}));
  });

  it('offers the routes with `tool: true` by names that providers take, and no other', async () => {
    expect(tools.map(({ name }) => name)).to.deep.equal([
      'search',
      'sum',
      'me',
      'tasks_list',
      'tasks_create',
      'tasks_change',
    ]);
  });

  it('describes them by summary and description', async () => {
    expect(toolOf('tasks_create')).to.have.property('description', 'Adds a task\n\nIt is open at first.');
    expect(toolOf('tasks_change')).to.have.property('description', 'Changes a task');
  });

  it('says of those with GET alone that they change nothing', async () => {
    expect(toolOf('tasks_list')).to.have.deep.property('annotations', { readOnlyHint: true });
    for (const name of ['tasks_create', 'search']) expect(toolOf(name)).not.to.have.property('annotations');
  });

  const inputs: [title: string, name: string, schema: object][] = [
    ['a default says a type', 'tasks_list', { type: 'object', properties: { _page: number } }],
    [
      'the keys of a pattern are arguments',
      'search',
      { type: 'object', properties: { q: {}, page: number }, required: ['q'] },
    ],
    ['a rest parameter is a list', 'sum', { type: 'object', properties: { terms: { type: 'array', items: {} } } }],
    ['context and session are left out', 'me', { type: 'object', properties: { greeting: string } }],
    [
      'an input alone is all of the arguments',
      'tasks_create',
      { type: 'object', properties: members, required: ['title'] },
    ],
    [
      'an input beside others has its own name',
      'tasks_change',
      {
        type: 'object',
        properties: { id: number, change: { type: 'object', properties: members, required: ['title'] } },
        required: ['id', 'change'],
      },
    ],
  ];
  for (const [title, name, schema] of inputs)
    it(`says what they take: ${title}`, async () => expect(toolOf(name)?.inputSchema).to.deep.equal(schema));

  it('says what they give, with the definitions that this refers to', async () => {
    const $defs = { Task: TASK };
    const ref = { $ref: '#/$defs/Task' };
    expect(toolOf('tasks_list')?.outputSchema).to.deep.equal({ type: 'array', items: ref, $defs });
    expect(toolOf('sum')?.outputSchema).to.deep.equal({ anyOf: [ref, ref], $defs });
    for (const name of ['me', 'tasks_create']) expect(toolOf(name)).not.to.have.property('outputSchema');
  });
});

describe('mcp: the schema of an input', () => {
  class Node {
    make(node: unknown) {
      return node;
    }
  }
  async function inputOf(input: StandardSchema): Promise<unknown> {
    const One = class extends Node {
      static routes = { make: { path: 'POST', input, tool: true, summary: 'Makes' } };
    };
    return withTools(One, async (client) => (await client.listTools()).tools[0]?.inputSchema);
  }

  it('is written out at the root where it has a name', async () => {
    expect(await inputOf(Task)).to.deep.equal(TASK);
  });

  it('keeps its name where it refers to itself', async () => {
    const Tree = z
      .object({
        name: z.string(),
        get children() {
          return z.array(Tree);
        },
      })
      .meta({ id: 'Tree' });
    const tree = {
      type: 'object',
      properties: { name: string, children: { type: 'array', items: { $ref: '#/$defs/Tree' } } },
      required: ['name', 'children'],
    };
    expect(await inputOf(Tree)).to.deep.equal({ ...tree, $defs: { Tree: tree } });
  });

  const named: [title: string, schema: StandardSchema, told: object][] = [
    ['a union', z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]), { anyOf: [{}, {}] }],
    ['a list', z.array(z.string()), { type: 'array' }],
    ['one that does not tell', v.object({ a: v.string() }), {}],
  ];
  for (const [title, schema, told] of named)
    it(`has its parameter's name where it is ${title}`, async () => {
      const { type, properties, required } = Object(await inputOf(schema));
      expect({ type, required, names: Object.keys(properties) }).to.deep.equal({
        type: 'object',
        required: ['node'],
        names: ['node'],
      });
      expect(Object.keys(properties.node)).to.include.members(Object.keys(told));
    });
});

/** What the compiler would say of its declarations is not what is tried here. */
function instanceOf(Class: new () => object): object {
  return new Class();
}

describe('mcp(mount, options) refuses', () => {
  const OPTIONS: McpOptions = { name: 'spec', version: '1' };
  const toolWith = (declaration: RouteDeclaration, method: (...args: never[]) => unknown = Root.prototype.search) => {
    class One {}
    Object.defineProperty(One.prototype, 'run', { value: method });
    return micropie(
      instanceOf(Object.assign(One, { routes: { run: { tool: true, summary: 'Runs', ...declaration } } })),
    );
  };
  const { named } = {
    named(one: unknown) {
      return one;
    },
  };
  class Twice {
    tasks = nested(Tasks);
    tasks_list() {}
    static routes = { tasks_list: { tool: true, summary: 'Lists' } };
  }
  const long = 'n'.repeat(70);
  class Long {}
  Object.defineProperty(Long.prototype, long, { value: named });
  Object.assign(Long, { routes: { [long]: { tool: true, summary: 'Long' } } });

  const table: [title: string, make: () => unknown, message: RegExp][] = [
    [
      'a route without words',
      () => mcp(toolWith({ summary: undefined } as never), OPTIONS),
      /^One\.run is a tool without words.*declare a summary/,
    ],
    [
      'a route that takes a file',
      () => mcp(toolWith({ params: [UploadedFile] }, named), OPTIONS),
      /^One\.run can't be a tool: it takes files/,
    ],
    [
      'an input that takes one',
      () => mcp(toolWith({ path: 'POST', input: z.object({ a: z.file() }) }, named), OPTIONS),
      /it takes files/,
    ],
    [
      'a route that reads the body itself',
      () => mcp(toolWith({ body: 'stream' }), OPTIONS),
      /^One\.run can't be a tool: it reads the body itself/,
    ],
    [
      'two tools of one name',
      () => mcp(micropie(Twice), OPTIONS),
      /^Tasks\.list and Twice\.tasks_list are both the tool 'tasks_list'/,
    ],
    ['a name that is too long', () => mcp(micropie(instanceOf(Long)), OPTIONS), /more than 64 characters; shorten/],
    [
      'a mount without tools',
      () =>
        mcp(
          micropie(
            class {
              index() {}
            },
          ),
          OPTIONS,
        ),
      /^mcp: the mount has no tools; offer a route with/,
    ],
    [
      'what is no mount',
      () =>
        mcp(
          Object.assign(async () => {}, { middlewares: [], routes: [] }),
          OPTIONS,
        ),
      /^mcp: the first argument must be what micropie\(\) returned/,
    ],
    ['no name', () => mcp(micropie(instanceOf(Root)), { version: '1' } as never), /^mcp: options\.name must be a text/],
    [
      'no version',
      () => mcp(micropie(instanceOf(Root)), { name: 'a' } as never),
      /^mcp: options\.version must be a text/,
    ],
    [
      'an unknown option',
      () => mcp(micropie(instanceOf(Root)), { ...OPTIONS, paths: '/x' } as never),
      /^mcp: options\.paths is unknown; there are/,
    ],
    [
      'a path that is none',
      () => mcp(micropie(instanceOf(Root)), { ...OPTIONS, path: 'mcp' }),
      /^mcp: options\.path must be a path such as '\/mcp'/,
    ],
    [
      'an origin that is none',
      () => mcp(micropie(instanceOf(Root)), { ...OPTIONS, origins: ['x.example'] }),
      /^mcp: options\.origins must be a list of origins/,
    ],
  ];
  for (const [title, make, message] of table)
    it(title, () => {
      expect(make).to.throw(TypeError, message);
    });
});
