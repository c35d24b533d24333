import { z } from 'zod';
import {
  type Context,
  Controller,
  HttpMiddleware,
  micropie,
  nested,
  type Request,
  type RouteDeclaration,
  type Routes,
  reply,
  sse,
} from '../../lib/index.js';
import { UploadedFile } from '../../lib/uploads/uploaded-file.js';
import { typed } from './assert.js';

const Task = z.object({ id: z.number(), title: z.string(), tags: z.array(z.string()) });
const NewTask = Task.omit({ id: true });
const Filter = z.object({ done: z.boolean().optional() });
class Access extends HttpMiddleware {}

class Tasks {
  list(_filter: z.output<typeof Filter>) {
    return [{ id: 1, title: 'One', tags: [] }];
  }
  create(task: z.output<typeof NewTask>) {
    return reply(201, { ...task, id: 1 });
  }
  show(id: number) {
    return { id, title: 'One', tags: ['a'] };
  }
  remove(_id: number) {}
  static routes = {
    list: { path: 'GET /', input: Filter, returns: z.array(Task), summary: 'Lists the tasks' },
    create: { path: 'POST /', input: NewTask, returns: Task },
    show: { path: 'GET /:id', params: [Number], returns: Task },
    remove: { path: 'DELETE /:id', params: [Number] },
  } satisfies Routes<Tasks>;
}
micropie(Tasks);
micropie(new Tasks());
nested(Tasks);
typed<'GET /'>()(Tasks.routes.list.path);
typed<'DELETE /:id'>()(Tasks.routes.remove.path);
typed<z.ZodObject<{ id: z.ZodNumber; title: z.ZodString; tags: z.ZodArray<z.ZodString> }, z.core.$strip>>()(
  Tasks.routes.show.returns,
);

export class Types extends Controller<{ userId?: string }> {
  plain(_text: string, _count: number, _big: bigint, _isDone: boolean, _file: UploadedFile) {}
  lists(_texts: string[], _counts: readonly number[], _files: UploadedFile[]) {}
  optional(_page = 1, _tags: string[] = [], _limit?: number) {}
  wide(_value: string | number, _any: unknown) {}
  narrow(_order: 'up' | 'down') {}
  rest(_id: number, ..._more: number[]) {}
  injected(_ctx: Context, _request: Request, _id: number, _name = 'x') {}
  atEnd(_id: number, _name: string, _request: Request<{ userId?: string }>, _ctx: Context<{ a: 1 }>) {}
  mine(_title: string, _userId: string) {}
  ours(_task: { title: string }, _userId = 'nobody', _teamId = 1) {}
  pattern(_id: number, { userId }: { userId: string }) {
    return userId;
  }
  none() {}

  static routes = {
    plain: { path: 'GET,PUT /:text/:count', params: [String, Number, BigInt, Boolean, UploadedFile] },
    lists: { params: [[String], ['counts', [Number]], [UploadedFile]], from: 'body' },
    optional: { params: ['page', [String], ['limit', Number]] },
    wide: { params: [Number, Boolean] },
    narrow: { params: [z.enum(['up', 'down'])] },
    rest: { path: '/:id/*more', params: [Number, Number, Number] },
    injected: { params: [Number, ['name', String]] },
    atEnd: { params: [['id', Number], String] },
    mine: { path: 'POST', input: z.string(), session: ['userId'] },
    ours: { input: z.object({ title: z.string() }), session: ['userId', 'teamId'] },
    pattern: { params: [Number], session: ['userId'] },
    none: {
      path: 'POST',
      body: 'stream',
      middlewares: [new Access()],
      summary: 'Nothing',
      description: 'It does nothing.',
      openapi: { deprecated: true },
      tool: true,
      params: [],
      session: [],
    },
  } satisfies Routes<Types>;

  static paths = { none: 'GET /', mine: 'GET,PUT /x', narrow: '/:order' } satisfies Routes<Types>;

  static wrongTypes = {
    // @ts-expect-error a text is no number
    plain: { params: [String, String] },
    // @ts-expect-error a list is no text
    lists: { params: [String] },
    // @ts-expect-error nor is a text a list
    optional: { params: ['page', String] },
    // @ts-expect-error a text may be anything, not only up and down
    narrow: { params: [String] },
    // @ts-expect-error they are numbers
    rest: { params: [Number, String] },
    // @ts-expect-error what is injected is not counted
    injected: { params: ['ctx', 'request', Number] },
    // @ts-expect-error nor at the end
    atEnd: { params: [Number, String, 'request'] },
    // @ts-expect-error a date is no such type
    wide: { params: [Date] },
    // @ts-expect-error it has no parameter
    none: { params: [Number] },
  } satisfies Routes<Types>;

  static wrongPairs = {
    // @ts-expect-error the type is another
    plain: { params: [['text', Number]] },
    // @ts-expect-error the name comes first
    optional: { params: [[Number, 'page']] },
    // @ts-expect-error a list has one type
    lists: { params: [[String, String]] },
    // @ts-expect-error a pair is of two
    wide: { params: [['value', Number, 'id']] },
    // @ts-expect-error a name is text
    mine: { params: [1] },
    // @ts-expect-error a list of parameters, not one
    narrow: { params: z.enum(['up', 'down']) },
  } satisfies Routes<Types>;

  static wrongInputs = {
    // @ts-expect-error the last parameter is a file
    plain: { input: z.object({ text: z.string() }) },
    // @ts-expect-error a type is no schema
    narrow: { input: String },
    // @ts-expect-error a rest parameter takes no input
    rest: { input: z.number() },
    // @ts-expect-error it has no parameter
    none: { input: Filter },
    // @ts-expect-error the last one that a client gives is a text
    mine: { input: z.number(), session: ['userId'] },
    // @ts-expect-error without a session it is the last one
    ours: { input: z.object({ title: z.string() }) },
  } satisfies Routes<Types>;

  static wrongKeys = {
    // @ts-expect-error there is no such key
    none: { methods: 'GET' },
    // @ts-expect-error a path is text
    plain: { path: ['GET'] },
    // @ts-expect-error names are bound from the body alone, or from everywhere
    wide: { from: 'query' },
    // @ts-expect-error a list of names
    mine: { session: 'userId' },
    // @ts-expect-error Koa's middleware is no hook
    lists: { middlewares: [async (_ctx: Context, next: () => Promise<void>) => next()] },
    // @ts-expect-error hooks are instances
    optional: { middlewares: [Access] },
    // @ts-expect-error a schema, or one for each status
    narrow: { returns: String },
    // @ts-expect-error a status is a number
    rest: { returns: { ok: Task } },
    // @ts-expect-error a text
    injected: { summary: 1 },
    // @ts-expect-error true or false
    atEnd: { tool: 'yes' },
  } satisfies Routes<Types>;
}
micropie(Types);
typed<['userId']>()(Types.routes.mine.session);
typed<'GET,PUT /x'>()(Types.paths.mine);

/** What is declared does not depend on what the methods return, even where these read it. */
export class Circular {
  show(id: number) {
    return Circular.routes.show.path.length + id;
  }
  static routes = { show: { path: 'GET /:id', params: [Number] } } satisfies Routes<Circular>;
}
micropie(Circular);

export class Overloaded {
  show(id: string): string;
  show(id: number): number;
  show(id: unknown) {
    return id;
  }
  generic<T extends string>(value: T) {
    return value;
  }
  static routes = { show: { params: [Number] }, generic: { params: ['value'] } } satisfies Routes<Overloaded>;
}
micropie(Overloaded);

class Sub extends Tasks {
  archive(id: number) {
    return id;
  }
  static override routes = {
    ...Tasks.routes,
    show: { ...Tasks.routes.show, summary: 'Shows it' },
    archive: { path: 'POST /:id/archive', params: [Number], returns: z.number() },
  } satisfies Routes<Sub>;
}
micropie(Sub);

// @ts-expect-error a subclass keeps the paths
export class Moved extends Tasks {
  static override routes = {
    ...Tasks.routes,
    show: { ...Tasks.routes.show, path: 'GET /at/:id' },
  } satisfies Routes<Moved>;
}

class Results {
  text() {
    return 'text';
  }
  async later() {
    return { id: 1, title: 'One', tags: ['a'], secret: 'x' };
  }
  maybe(id: number) {
    return id === 0 ? null : id === 1 ? undefined : id;
  }
  nothing() {}
  frozen(): readonly { readonly id: number; readonly title: string; readonly tags: readonly string[] }[] {
    return [];
  }
  dynamic(text: string): unknown {
    return JSON.parse(text);
  }
  replies(id: number) {
    if (id === 0) return reply(404, 'Not found');
    if (id === 1) return reply(202);
    return id === 2 ? reply(201, { id }) : { id };
  }
  anyStatus(status: number) {
    return reply(status, 'text');
  }
  *chunks() {
    yield 'text';
  }
  events() {
    return sse([{ data: 1 }]);
  }
}

const Id = z.object({ id: z.number() });

class RightResults extends Results {
  static routes = {
    text: { returns: z.string() },
    later: { returns: Task },
    maybe: { returns: z.number() },
    nothing: { returns: Task },
    frozen: { returns: z.array(Task) },
    dynamic: { returns: Task },
    replies: { returns: Id },
    anyStatus: { returns: Task },
    chunks: 'GET',
    events: {},
  } satisfies Routes<RightResults>;
}
micropie(RightResults);
nested(RightResults);

class RightByStatus extends Results {
  static routes = {
    text: { returns: { 200: z.string(), 404: Task } },
    later: { returns: { 201: Task } },
    replies: { returns: { 200: Id, 201: Id, 202: z.undefined(), 404: z.string() } },
    anyStatus: { returns: { 200: Task } },
  } satisfies Routes<RightByStatus>;
}
micropie(RightByStatus);

/** Each in a class of its own, so that each line has to be refused. */
class Later extends Results {
  static routes = { later: { returns: z.object({ id: z.string() }) } } satisfies Routes<Later>;
}
// @ts-expect-error its id is a number
micropie(Later);
// @ts-expect-error so it is where it is nested
nested(Later);

class Replied extends Results {
  static routes = { replies: { returns: z.object({ id: z.string() }) } } satisfies Routes<Replied>;
}
// @ts-expect-error the replies are looked into
micropie(Replied);

class Failing extends Results {
  static routes = { replies: { returns: { 200: Id, 201: Id, 202: Id, 404: z.number() } } } satisfies Routes<Failing>;
}
// @ts-expect-error a failure has a text
micropie(Failing);

class Undeclared extends Results {
  static routes = { replies: { returns: { 200: Id } } } satisfies Routes<Undeclared>;
}
// @ts-expect-error a success needs a schema
micropie(Undeclared);

class Chunks extends Results {
  static routes = { chunks: { returns: z.string() } } satisfies Routes<Chunks>;
}
// @ts-expect-error a stream is no text
micropie(Chunks);

class Events extends Results {
  static routes = { events: { returns: z.array(z.number()) } } satisfies Routes<Events>;
}
// @ts-expect-error events are no list
micropie(Events);

class Plain extends Results {
  static routes = { text: { path: 'GET', returns: z.number() } };
}
// @ts-expect-error a plain declaration is looked at too
micropie(Plain);

class PlainKey extends Results {
  static routes = { text: { path: 'GET', method: 'GET' } };
}
// @ts-expect-error a key that is unknown, beside one that is not
micropie(PlainKey);

class PlainParams {
  show(id: number, name: string) {
    return `${id} ${name}`;
  }
  static routes = { show: { path: 'GET /:id', params: [Number, ['name', String]], from: 'body' } };
}
micropie(PlainParams);

class Database {
  readonly name = 'main';
}
class Stored {
  constructor(readonly database: Database) {}
  show(id: number) {
    return `${this.database.name} ${id}`;
  }
  static routes = { show: { path: 'GET /:id', params: [Number], returns: z.string() } } satisfies Routes<Stored>;
}
class Misspelt {
  constructor(readonly database: Database) {}
  show(id: number) {
    return id;
  }
  static routes = { shw: 'GET' };
}

class Root {
  tasks = nested(Tasks);
  stored = nested(Stored, new Database());
  made = nested(new Stored(new Database()));
  told = nested<typeof Stored>(new Stored(new Database()));
  // @ts-expect-error no method has this name
  misspelt = nested(Misspelt, new Database());
  // @ts-expect-error its constructor needs a database
  needy = nested(Stored);
  // @ts-expect-error of another class
  other = nested<typeof Stored>(new Database());
  // @ts-expect-error a text is no controller
  text = nested('Tasks');
}
micropie(Root);
new Root().tasks.show(1).tags.push('b');
typed<string>()(new Root().stored.show(1));
typed<string>()(new Root().told.show(1));

export const any: RouteDeclaration = { path: 'GET /:id', params: [Number, ['name', z.string()]], input: Filter };
// @ts-expect-error also a declaration of any method has certain keys
export const wrong: RouteDeclaration = { method: 'GET' };
