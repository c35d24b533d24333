import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import {
  type Context,
  Controller,
  micropie,
  nested,
  type Request,
  type Routes,
  reply,
  sse,
  UploadedFile,
} from '../../lib/index.js';

const Person = z.object({ name: z.string(), born: z.date().optional() }).meta({ id: 'Person' });
const Task = z.object({ id: z.number(), title: z.string(), owner: Person }).meta({ id: 'Task' });
const NewTask = z.object({ title: z.string(), owner: Person.optional(), priority: z.number().default(1) });
const Comment = z.object({
  text: z.string(),
  get answers() {
    return z.array(Comment);
  },
});
const Filter = toStandardJsonSchema(
  v.object({ q: v.optional(v.string()), page: v.optional(v.number()), since: v.date() }),
);
const Move = type({ to: "'open' | 'done'", 'why?': 'string' });
const Missing = type({ missing: 'number' });
const Photo = z.object({ caption: z.string(), image: z.file() });

/** Verbs and paths, with schemas of three libraries. */
class Tasks {
  list(_filter: unknown) {
    return [];
  }
  create({ title }: z.output<typeof NewTask>) {
    return reply(201, { id: 1, title, owner: { name: 'Ada' } });
  }
  show(id: number) {
    return { id, title: 'Bake', owner: { name: 'Ada' } };
  }
  /** The same path as `show`, under another name. */
  change(number: number, _dryRun: boolean | undefined, task: unknown) {
    return { number, task };
  }
  move(id: bigint, move: unknown) {
    return { id: String(id), move };
  }
  remove(_id: number, _force = false) {}
  comment(_id: number, comment: z.output<typeof Comment>) {
    return comment;
  }
  files(id: number, ...path: string[]) {
    return { id, path };
  }
  stats() {
    return { count: 0 };
  }
  photo(photo: unknown) {
    return photo;
  }

  static routes = {
    list: { path: 'GET /', input: Filter, returns: z.array(Task), summary: 'Lists the tasks' },
    create: {
      path: 'POST /',
      input: NewTask,
      returns: { 201: Task, 404: Missing },
      description: 'Adds one at the end.',
    },
    show: { path: 'GET /:id', params: [Number], returns: Task },
    change: { path: 'PUT,PATCH /:number', params: [Number, z.stringbool().optional()], input: NewTask },
    move: { path: 'POST /:id/move', params: [BigInt], input: Move },
    remove: { path: 'DELETE /:id', params: [Number] },
    comment: { path: 'POST /:id/comments', params: [Number], input: Comment, returns: Comment },
    files: { path: 'GET /:id/files/*path', params: [Number] },
    photo: {
      path: 'POST /photo',
      input: Photo,
      openapi: { responses: { 409: { description: 'It is there already' } } },
    },
  } satisfies Routes<Tasks>;
}

/** Every kind of parameter and of result. */
class Root extends Controller {
  tasks = nested(Tasks);

  index(name = 'Guest') {
    return `Welcome, ${name}`;
  }
  plain(required: unknown, text = '', count = 1, whole = 1n, isOn = true, list: string[] = [], other = null) {
    return { required, text, count, whole: String(whole), isOn, list, other };
  }
  pattern({ q, page = 1 }: { q: string; page?: number }) {
    return { q, page };
  }
  typed(ids: number[], flags: boolean[], any: string, schema: number | undefined) {
    return { ids, flags, any, schema };
  }
  injected(ctx: Context, name: string, request: Request) {
    return { path: ctx.path, name, method: request.method };
  }
  free(first: string, ...rest: string[]) {
    return [first, ...rest];
  }
  avatar(image: UploadedFile, caption = '') {
    return { size: image.size, caption };
  }
  album(title: string, images: UploadedFile[] = []) {
    return { title, count: images.length };
  }
  login(user: string, password: string) {
    return { user, known: password !== '' };
  }
  me(more = '', user = '') {
    return { more, user };
  }
  raw() {
    return this.request.headers['content-length'];
  }
  async *count(to = 3) {
    for (let number = 1; number <= to; number++) yield `${number}\n`;
  }
  ticks() {
    return sse(['tick', 'tock']);
  }
  text() {
    return 'text';
  }
  'robots.txt'() {
    return 'User-agent: *';
  }
  'odd {name}/%'() {
    return 'odd';
  }
  purge() {
    return null;
  }
  _helper() {}

  static routes = {
    typed: { path: 'POST', params: [[Number], [Boolean], String, z.number().optional()] },
    avatar: { path: 'POST', params: [UploadedFile] },
    album: { params: [String, [UploadedFile]] },
    login: { from: 'body' },
    me: { session: ['user'] },
    raw: { body: 'stream' },
    text: { path: 'GET', returns: z.string() },
    purge: { path: 'PURGE,DELETE /cache' },
  } satisfies Routes<Root>;
}

/** Another mount, whose schema has the name of one that differs. */
class Archive {
  old() {
    return { title: 'old' };
  }
  static routes = {
    old: { path: 'GET /', returns: z.object({ title: z.string() }).meta({ id: 'Task' }), session: [] },
  };
}

/** All that a document may have to tell. */
export const tortureMounts = () =>
  [micropie(Root), { mount: micropie(Archive, { session: { cookie: 'archive' } }), prefix: '/archive' }] as const;
