import type { Readable } from 'node:stream';
import { z } from 'zod';
import { CallError, type Client, client } from '../../lib/client/index.js';
import {
  type Context,
  Controller,
  nested,
  type Request,
  type Routes,
  reply,
  sse,
  type UploadedFile,
} from '../../lib/index.js';
import { type Assert, type Equal, typed } from './assert.js';

const Task = z.object({ id: z.number(), title: z.string() });
const NewTask = z.object({ title: z.string(), due: z.string().transform((text) => new Date(text)) });

class Notes {
  list() {
    return ['a'];
  }
  show(id: string) {
    return id;
  }
  static routes = { show: '/:id' } satisfies Routes<Notes>;
}

class Tasks {
  notes = nested(Notes);
  list(_filter: { done?: boolean | undefined }) {
    return [{ id: 1, title: 'One' }];
  }
  create(task: z.output<typeof NewTask>) {
    return reply(201, { ...task, id: 1, secret: 1 });
  }
  show(id: number) {
    return id > 1 ? reply(404, { reason: 'none' }) : { id, title: 'One' };
  }
  edit(id: number, _title: string) {
    return id > 1 ? null : reply(200, { id, title: '', secret: 1 });
  }
  find(_text: string, _page = 1, _sort: { by?: string } = {}) {}
  wrong(_id: number, _isDone: boolean) {}
  done(_isDone = false) {}
  pages(_id: number, _page = 1, _size = 10) {}
  lists(_ids: number[]) {}
  many(..._ids: number[]) {}
  plain() {
    return 1;
  }
  static routes = {
    list: { path: 'GET /', input: z.object({ done: z.boolean().optional() }) },
    create: { path: 'POST /', input: NewTask, returns: Task },
    show: { path: 'GET,PUT /:id', params: [Number] },
    edit: { path: 'PUT /:id', params: [Number], returns: { 200: Task, 404: z.string() } },
    find: 'GET',
    wrong: 'GET /:id/done',
    done: 'GET /done',
    pages: 'GET /:id/pages',
    lists: 'DELETE',
    many: 'GET /many/*ids',
    plain: { path: 'GET,POST', summary: 'Reached by POST' },
  } satisfies Routes<Tasks>;
}

class Root extends Controller<{ userId?: string }> {
  tasks = nested(Tasks);
  readonly #secret = 1;
  greet(name = 'Guest') {
    return `Hello, ${name}${this.#secret}!`;
  }
  injected(_ctx: Context, id: number, _request: Request) {
    return id;
  }
  me(title: string, userId = 'nobody') {
    return { title, userId };
  }
  ws_chat(_socket: unknown) {}
  _helper() {}
  upload(_title: string, file: UploadedFile, _more: UploadedFile[], _to: { one: UploadedFile }) {
    return { size: file.size };
  }
  big(_folder: string) {}
  dates(_when: Date, _big: bigint) {
    return {
      at: new Date(),
      maybe: undefined as string | undefined,
      never: undefined,
      call() {},
      list: [[] as object[]].flat(),
    };
  }
  async later(): Promise<{ readonly a?: number; b: [string, null] }> {
    return { b: ['', null] };
  }
  nothing() {
    return null;
  }
  maybe(is: boolean) {
    return is ? 'a' : undefined;
  }
  nowhere() {}
  unknown(value: unknown) {
    return value;
  }
  buffer() {
    return Buffer.from('');
  }
  *texts() {
    yield 'a';
  }
  async *bytes() {
    yield new Uint8Array();
  }
  file(stream: Readable) {
    return stream;
  }
  events() {
    return sse(ticks());
  }
  lines() {
    return sse(['a']);
  }
  status(is: boolean) {
    return is ? reply(410, 'Gone') : reply(201, 5);
  }
  static routes = { me: { session: ['userId'] }, big: { path: 'POST', body: 'stream' } } satisfies Routes<Root>;
}

function* ticks() {
  yield { event: 'tick' as const, data: { n: 1, at: new Date() } };
  yield 'text';
}

const routes = {
  tasks: {
    list: 'GET /',
    create: 'POST /',
    show: 'GET,PUT /:id',
    edit: 'PUT /:id',
    find: 'GET',
    wrong: 'GET /:id/done',
    done: 'GET /done',
    pages: 'GET /:id/pages',
    lists: 'DELETE',
    many: 'GET /many/*ids',
    notes: { show: '/:id' },
  },
} as const;

const api = client<typeof Root>('/api', { routes });

typed<Client<typeof Root>>()(api({ headers: { a: 'b' }, signal: AbortSignal.timeout(1) }));
typed<Promise<string>>()(api.greet('Alice'));
typed<Promise<string>>()(api.greet());
typed<Promise<number>>()(api.injected(1));
typed<Promise<{ title: string; userId: string }>>()(api.me('x'));
typed<Promise<{ size: number }>>()(api.upload('x', new Blob([]), [new File([], '')], { one: new Blob([]) }));
typed<Promise<undefined>>()(api.big('x', new FormData()));
typed<Promise<{ readonly a?: number; b: [string, null] }>>()(api.later());
typed<Promise<undefined>>()(api.nothing());
typed<Promise<'a' | undefined>>()(api.maybe(true));
typed<Promise<undefined>>()(api.nowhere());
typed<Promise<unknown>>()(api.unknown(1));
typed<Promise<Uint8Array>>()(api.buffer());
typed<Promise<number>>()(api.status(true));

typed<Promise<{ id: number; title: string }[]>>()(api.tasks.list({ done: true }));
typed<Promise<{ id: number; title: string }>>()(api.tasks.create({ title: 'x', due: '2026-01-01' }));
typed<Promise<{ id: number; title: string }>>()(api.tasks.show(1));
typed<Promise<{ id: number; title: string } | undefined>>()(api.tasks.edit(1, 'x'));
typed<Promise<undefined>>()(api.tasks.find('x', 1, { by: 'title' }));
typed<Promise<undefined>>()(api.tasks.many(1, 2, 3));
typed<Promise<number>>()(api.tasks.plain());
typed<Promise<string[]>>()(api.tasks.notes.list());
typed<Promise<string>>()(api.tasks.notes.show('x'));

export async function streams() {
  typed<string>()(await api.texts());
  for await (const text of api.texts()) typed<string>()(text);
  for await (const bytes of api.bytes()) typed<Uint8Array>()(bytes);
  typed<string>()(await api.events());
  for await (const event of api.events()) {
    if (event.event === 'tick') typed<{ n: number; at: string }>()(event.data);
    else typed<{ readonly data: string; readonly event: 'message'; readonly id: string }>()(event);
    typed<string>()(event.id);
  }
  for await (const line of api.lines()) typed<string>()(line.data);
  const answer = await api.dates(new Date(), 5);
  typed<string>()(answer.at);
  typed<string | undefined>()(answer.maybe);
  try {
    await api.greet();
  } catch (error) {
    if (error instanceof CallError) typed<number>()(error.status);
  }
  // @ts-expect-error: a text comes at once.
  for await (const text of api.greet()) typed<string>()(text);
}

export type Types = [
  Assert<Equal<Parameters<typeof api.me>, [title: string]>>,
  Assert<Equal<Parameters<typeof api.greet>, [name?: string | undefined]>>,
  Assert<Equal<Parameters<typeof api.injected>, [id: number]>>,
  Assert<Equal<Parameters<typeof api.big>, [_folder: string, form: FormData]>>,
  Assert<Equal<Parameters<typeof api.dates>, [_when: Date | string, _big: number | string]>>,
  Assert<Equal<Parameters<typeof api.tasks.create>, [task: { title: string; due: string }]>>,
  Assert<Equal<Parameters<typeof api.tasks.show>, [id: number]>>,
  Assert<Equal<typeof api.tasks.wrong, never>>,
  Assert<Equal<Parameters<typeof api.tasks.done>, []>>,
  Assert<Equal<Parameters<typeof api.tasks.pages>, [id: number]>>,
  Assert<Equal<typeof api.tasks.lists, never>>,
  Assert<Equal<Awaited<ReturnType<typeof api.dates>>, { at: string; list: object[]; maybe?: string }>>,
  Assert<Equal<Extract<keyof typeof api, 'ws_chat' | '_helper' | 'ctx' | 'session' | 'render' | 'request'>, never>>,
];

// @ts-expect-error: a number is no name.
api.greet(1);
// @ts-expect-error: what the session gives is not the client's.
api.me('x', 'admin');
// @ts-expect-error: a title is missing.
api.me();
// @ts-expect-error: the schema takes a text, of which it makes a date.
api.tasks.create({ title: 'x', due: new Date() });
// @ts-expect-error: no such method.
api.tasks.destroy();
// @ts-expect-error: a socket.
api.ws_chat();
// @ts-expect-error: private.
api._helper();
// @ts-expect-error: a field that is not in its path.
api.tasks.wrong(1, true);
// @ts-expect-error: a path carries no list.
api.tasks.lists([1]);
// @ts-expect-error: no such option.
api({ timeout: 1 });
// @ts-expect-error: told when it was made.
api({ routes });

// Exactly the paths that are needed.
client<typeof Notes>('https://x', { routes: { show: '/:id' } });
client<typeof Notes>(new URL('https://x'), { routes: { show: '/:id' }, headers: [['a', 'b']], fetch });
class Simple {
  a(x: number) {
    return x;
  }
}
client<typeof Simple>('https://x');
client<typeof Simple>('https://x', { headers: {} });
client<typeof Simple>('https://x', { routes: {} });
// @ts-expect-error: it has no such paths.
client<typeof Simple>('https://x', { routes: { a: 'GET' } });
// @ts-expect-error: the routes are missing.
client<typeof Root>('https://x');
// @ts-expect-error: also with other options.
client<typeof Root>('https://x', { headers: {} });
// @ts-expect-error: that of show is missing.
client<typeof Notes>('https://x', { routes: {} });
// @ts-expect-error: it is another.
client<typeof Notes>('https://x', { routes: { show: 'GET /:id' } });
// @ts-expect-error: list needs none.
client<typeof Notes>('https://x', { routes: { show: '/:id', list: 'GET' } });
// @ts-expect-error: in nested controllers, too.
client<typeof Root>('https://x', { routes: { tasks: { ...routes.tasks, notes: {} } } });
// @ts-expect-error: nor too many there.
client<typeof Root>('https://x', { routes: { tasks: { ...routes.tasks, notes: { show: '/:id', list: 'GET' } } } });

class Logged {
  toJSON() {
    return 'x';
  }
}
// @ts-expect-error: loggers call it, who must not send anything.
client<typeof Logged>('https://x').toJSON();
