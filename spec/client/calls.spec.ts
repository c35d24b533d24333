import { expect } from 'chai';
import { z } from 'zod';
import { CallError, client } from '../../lib/client/index.js';
import {
  type Context,
  Controller,
  HttpMiddleware,
  micropie,
  nested,
  type Request,
  type Routes,
  reply,
  UploadedFile,
} from '../../lib/index.js';
import { appOf, withServer } from '../support/app.js';

const Task = z.object({ id: z.number(), title: z.string() });

class Tasks {
  list(filter: { done?: boolean | undefined; tags?: string[] | undefined }) {
    return { filter };
  }
  create(task: { title: string }) {
    return reply(201, { ...task, id: 1, secret: 'x' });
  }
  show(id: number) {
    return id === 404 ? reply(404, 'No such task') : { id, title: 'One' };
  }
  edit(id: number, task: { title: string }) {
    return { ...task, id };
  }
  remove(_id: number) {}
  files(id: number, ...path: string[]) {
    return [id, ...path];
  }
  find(text: string, page = 1, { sort = 'up' }: { sort?: string } = {}) {
    return [text, page, sort];
  }
  'a b/ü'() {
    return 'odd';
  }
  static routes = {
    list: { path: 'GET /', input: z.object({ done: z.boolean().optional(), tags: z.array(z.string()).optional() }) },
    create: { path: 'POST /', input: Task.omit({ id: true }), returns: Task },
    show: { path: 'GET /:id', params: [Number] },
    edit: { path: 'PUT,PATCH /:id/ein%20ü', params: [Number], input: Task.omit({ id: true }) },
    remove: { path: 'DELETE /:id', params: [Number] },
    files: { path: 'GET /:id/files/*path', params: [Number] },
    find: 'GET',
  } satisfies Routes<Tasks>;
}

class Hook extends HttpMiddleware {
  readonly seen: unknown[] = [];
  override beforeRequest({ bodyParams, ctx }: Request) {
    this.seen.push({ ...bodyParams }, ctx.request.body);
  }
}

class Root extends Controller<{ userId?: string }> {
  tasks = nested(Tasks);
  readonly given: unknown[] = [];

  index(name = 'nobody') {
    return `Welcome, ${name}`;
  }
  greet(name = 'Guest') {
    return `Hello, ${name}!`;
  }
  any(...args: unknown[]) {
    this.given.push(...args);
    return args;
  }
  three(ctx: Context, a: unknown, b: unknown = 'b', c: unknown = undefined, request?: Request) {
    return { a, b, c, path: ctx.path, method: request?.method };
  }
  search({ q, page = 1 }: { q: string; page?: number }) {
    return { q, page };
  }
  mixed(id: number, { title, file = undefined }: { title: string; file?: UploadedFile }) {
    return { id, title, name: file?.filename };
  }
  login(userId: string) {
    this.session.userId = userId;
  }
  me(title: string, userId = 'nobody') {
    return { title, userId };
  }
  ours(title: string, { userId = 'nobody' }: { userId?: string } = {}) {
    return { title, userId };
  }
  nothing() {
    return null;
  }
  bytes() {
    return Buffer.from([1, 2, 255]);
  }
  async upload(title: string, count: number, file: UploadedFile) {
    return { title, count, text: await file.text(), name: file.filename };
  }
  async album(pictures: UploadedFile[], options: { isPublic: boolean }) {
    const names = Object.keys(this.request.files);
    return { options, names, texts: await Promise.all(pictures.map((one) => one.text())) };
  }
  async every(...files: UploadedFile[]) {
    return Promise.all(files.map((one) => one.text()));
  }
  async big(folder: string) {
    const parts: unknown[] = [folder];
    for await (const part of this.request.parts()) parts.push(part.name, part.kind === 'field' ? part.value : '');
    return parts;
  }
  fail() {
    return reply(409, { reason: 'taken' }, { 'X-Why': 'test' });
  }
  strict(count: number) {
    return count;
  }
  static routes = {
    me: { session: ['userId'] },
    ours: { session: ['userId'] },
    strict: { params: [z.number()] },
    big: { path: 'POST', body: 'stream' },
    upload: { params: [String, Number, UploadedFile] },
    album: { params: [[UploadedFile]] },
  } satisfies Routes<Root>;
}

const routes = {
  tasks: {
    list: 'GET /',
    create: 'POST /',
    show: 'GET /:id',
    edit: 'PUT,PATCH /:id/ein%20ü',
    remove: 'DELETE /:id',
    files: 'GET /:id/files/*path',
    find: 'GET',
  },
} as const;

type Api = ReturnType<typeof client<typeof Root>>;

async function withClient(use: (api: Api, base: string) => Promise<void>, hooks: HttpMiddleware[] = []) {
  const app = appOf(micropie(Root, { middlewares: hooks }));
  await withServer(app, (port) => {
    const base = `http://127.0.0.1:${port}`;
    return use(client<typeof Root>(base, { routes }), base);
  });
}

describe('a client', () => {
  it('calls a method by its name, with arguments of their own types', () =>
    withClient(async (api) => {
      expect(await api.greet('Alice')).to.equal('Hello, Alice!');
      expect(await api.greet()).to.equal('Hello, Guest!');
      expect(await api.greet('')).to.equal('Hello, !');
      expect(await api.index('you')).to.equal('Welcome, you');
      expect(await api.any(1, '2', true, null, [3], { a: { b: 4 } })).to.deep.equal([
        1,
        '2',
        true,
        null,
        [3],
        { a: { b: 4 } },
      ]);
      expect(await api.search({ q: 'x' })).to.deep.equal({ q: 'x', page: 1 });
      expect(await api.nothing()).to.equal(undefined);
      expect([...(await api.bytes())]).to.deep.equal([1, 2, 255]);
      expect(await api.strict(5)).to.equal(5);
      expect(await api.tasks['a b/ü']()).to.equal('odd');
    }));

  it('leaves out what is undefined, and never counts what a client does not give', () =>
    withClient(async (api) => {
      const rest = { path: '/three', method: 'POST' };
      expect(await api.three(1, undefined, 2)).to.deep.equal({ a: 1, b: 'b', c: 2, ...rest });
    }));

  it('calls declared paths, by the first of their methods', () =>
    withClient(async ({ tasks }) => {
      expect(await tasks.list({ done: true, tags: ['a', 'b'] })).to.deep.equal({
        filter: { done: true, tags: ['a', 'b'] },
      });
      expect(await tasks.list({})).to.deep.equal({ filter: {} });
      expect(await tasks.create({ title: 'New' })).to.deep.equal({ id: 1, title: 'New' });
      expect(await tasks.show(7)).to.deep.equal({ id: 7, title: 'One' });
      expect(await tasks.edit(7, { title: 'Changed' })).to.deep.equal({ id: 7, title: 'Changed' });
      expect(await tasks.remove(7)).to.equal(undefined);
      expect(await tasks.files(7, 'a b', 'ü/%', '...')).to.deep.equal([7, 'a b', 'ü/%', '...']);
      expect(await tasks.find('x')).to.deep.equal(['x', 1, 'up']);
      expect(await tasks.find('x', undefined, { sort: 'down' })).to.deep.equal(['x', 1, 'down']);
      expect(await tasks.find('x', 2, { sort: 'down' })).to.deep.equal(['x', 2, 'down']);
    }));

  it('throws before anything is sent for what a path, a query or JSON can not carry', () =>
    withClient(async (_api, base) => {
      let sent = 0;
      const fetch = async () => {
        sent += 1;
        return new Response('');
      };
      const api = client<typeof Root>(base, { routes, fetch });
      const loose: unknown = api;
      const { tasks, greet } = loose as { [name: string]: { [name: string]: (...args: unknown[]) => unknown } } & {
        greet: (...args: unknown[]) => unknown;
      };
      const calls: readonly (() => unknown)[] = [
        ...['', '.', '..', 'a\n', '\u0000', '\ud800', undefined, null, [1], {}, 5n].map(
          (id) => () => tasks?.['show']?.(id),
        ),
        () => tasks?.['show']?.(),
        () => tasks?.['show']?.(1, 2),
        () => tasks?.['find']?.(undefined, 2),
        () => tasks?.['find']?.('x', 1, { sort: 'up' }, { sort: 'up' }),
        ...['\udc00', null, {}, [[1]], 5n].map((done) => () => tasks?.['list']?.({ done })),
        () => tasks?.['list']?.([1]),
        () => greet(5n),
        () => greet({ a: [5n] }),
      ];
      for (const call of calls) expect(call, String(call)).to.throw(TypeError);
      expect(sent).to.equal(0);
    }));

  it('shows hooks the names of parameters', async () => {
    const hook = new Hook();
    await withClient(
      async (api) => {
        await api.mixed(1, { title: 'x' });
        await api.any(1, 2);
        await api.tasks.edit(7, { title: 'y' });
      },
      [hook],
    );
    expect(hook.seen).to.deep.equal([
      { id: [1], title: ['x'] },
      { id: 1, title: 'x' },
      { args: [1, 2] },
      { args: [1, 2] },
      { title: ['y'] },
      { title: 'y' },
    ]);
  });

  it('sends files as multipart, and all other arguments with their types', () =>
    withClient(async (api) => {
      const file = (text: string, name = 'a.txt') => new File([text], name);
      expect(await api.upload('', 2, file('hello', 'ü.txt'))).to.deep.equal({
        title: '',
        count: 2,
        text: 'hello',
        name: 'ü.txt',
      });
      expect(await api.album([file('1'), file('2')], { isPublic: false })).to.deep.equal({
        options: { isPublic: false },
        names: ['pictures'],
        texts: ['1', '2'],
      });
      expect(await api.album([file('1')], { isPublic: true })).to.deep.include({ texts: ['1'] });
      expect(await api.every(file('1'), file('2'), new Blob(['3']))).to.deep.equal(['1', '2', '3']);
      expect(await api.mixed(1, { title: 'x', file: file('y') })).to.deep.equal({ id: 1, title: 'x', name: 'a.txt' });
    }));

  it('passes a FormData on as it is, its other arguments in the path', () =>
    withClient(async (api) => {
      const form = new FormData();
      form.append('title', 'x');
      form.append('file', new Blob(['y']));
      expect(await api.big('a b', form)).to.deep.equal(['a b', 'title', 'x', 'file', '']);
    }));

  it('rejects for a status of 400 and above', () =>
    withClient(async (api) => {
      const errorOf = (call: PromiseLike<unknown>) =>
        Promise.resolve(call).then(
          () => expect.fail('it was accepted'),
          (error: unknown) => error,
        );
      const failed = await errorOf(api.fail());
      expect(failed).to.be.instanceOf(CallError).and.instanceOf(Error);
      expect(failed).to.deep.include({
        status: 409,
        body: { reason: 'taken' },
        name: 'CallError',
        message: '409 Conflict',
      });
      expect(failed).to.have.property('response').with.property('headers');
      expect(await errorOf(api.tasks.show(404))).to.deep.include({
        status: 404,
        body: 'No such task',
        message: 'No such task',
      });
      const loose: unknown = api;
      const { strict, no } = loose as { strict(text: string): Promise<unknown>; no: { where(): Promise<unknown> } };
      const problem = await errorOf(strict('5'));
      expect(problem).to.have.nested.property('body.errors[0].pointer', '#/count');
      expect(problem).to.have.property('message').that.includes('count: ');
      expect(await errorOf(no.where())).to.have.property('status', 404);
      for (const name of ['constructor', 'toString', '__proto__', 'login/', 'x'])
        expect(await errorOf(Reflect.get(Object(api), name).where())).to.have.property('status', 404);
    }));

  it('is the same with other options when it is called', () =>
    withClient(async (_api, base) => {
      const heard: (string | null)[] = [];
      const fetch = (url: string, init: RequestInit) => {
        const headers = new Headers(init.headers);
        heard.push(headers.get('a'), headers.get('b'), headers.get('micropie-call'));
        return globalThis.fetch(url, init);
      };
      const api = client<typeof Root>(`${base}/`, { routes, headers: { a: '1', b: '1' } });
      expect(await api({ fetch, headers: { b: '2' } }).greet('x')).to.equal('Hello, x!');
      expect(await api({ fetch, headers: { b: '2' } }).tasks.show(1)).to.deep.include({ id: 1 });
      expect(heard).to.deep.equal(['1', '2', '1', '1', '2', null]);
      await api({ fetch })({ fetch: undefined, headers: undefined, signal: undefined }).greet('x');
      expect(heard).to.have.lengthOf(9);
      expect(await api).to.equal(api);
      const controller = new AbortController();
      controller.abort(new Error('enough'));
      const error = await Promise.resolve(api({ signal: controller.signal }).greet()).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).to.have.property('message', 'enough');
    }));

  it('has results like promises', () =>
    withClient(async (api) => {
      const call = api.greet();
      expect(await Promise.all([call, call, api.greet('2')])).to.deep.equal([
        'Hello, Guest!',
        'Hello, Guest!',
        'Hello, 2!',
      ]);
      let isOver = false;
      expect(await api.greet().finally(() => (isOver = true))).to.equal('Hello, Guest!');
      expect(isOver).to.equal(true);
      expect(await api.fail().catch((error: unknown) => error instanceof CallError)).to.equal(true);
    }));
});

describe('a call by position', () => {
  /** A request of any other program that speaks the protocol, or misuses it. */
  const post = (base: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'micropie-call': '1', ...headers },
      body: body instanceof FormData || typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('is one with its header alone, and only where the body is JSON or multipart', () =>
    withClient(async (_api, base) => {
      const text = async (answer: Promise<Response>) => (await answer).text();
      expect(await text(post(base, '/greet', { 0: 'a' }))).to.equal('Hello, a!');
      expect(await text(post(base, '/greet', { 0: 'a' }, { 'micropie-call': '' }))).to.equal('Hello, Guest!');
      expect(await text(post(base, '/greet', { 0: 'a', name: 'b' }))).to.equal('Hello, a!');
      expect(await text(post(base, '/greet', { name: 'b' }))).to.equal('Hello, Guest!');
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      expect(await text(post(base, '/greet', '0=a', type))).to.equal('Hello, Guest!');
      expect(await text(post(base, '/greet', 'name=b', type))).to.equal('Hello, b!');
      const form = new FormData();
      form.append('0', 'a');
      const call = { method: 'POST', body: form, headers: { 'micropie-call': '1' } };
      expect(await text(fetch(`${base}/greet`, call))).to.equal('Hello, a!');
      expect(await text(fetch(`${base}/greet`, { ...call, headers: {} }))).to.equal('Hello, Guest!');
    }));

  it('reaches neither session parameters, nor ctx and request', () =>
    withClient(async (_api, base) => {
      const json = async (path: string, body: unknown) => (await post(base, path, body)).json();
      const rest = { path: '/three', method: 'POST' };
      const forged = { 0: 'a', 1: 'b', 2: 'c', 3: { evil: 1 }, 4: { evil: 2 }, ctx: 'x', request: 'y' };
      expect(await json('/three', forged)).to.deep.equal({ a: 'a', b: 'b', c: 'c', ...rest });
      for (const position of [1, 2])
        expect(await json('/ours', { 0: 'a', [position]: { userId: 'admin' } })).to.have.property('userId', 'nobody');
      expect(await json('/me', { 0: 'a', 1: 'admin', userId: 'admin' })).to.deep.equal({
        title: 'a',
        userId: 'nobody',
      });
    }));

  it('gives nothing that the path alone may give', async () => {
    const hook = new Hook();
    await withClient(
      async (_api, base) => {
        const headers = { 'content-type': 'application/json', 'micropie-call': '1' };
        const body = '{"0":8,"1":{"title":"x"}}';
        const answer = await fetch(`${base}/tasks/7/ein%20ü`, { method: 'PUT', headers, body });
        expect(await answer.json()).to.deep.equal({ title: 'x', id: 7 });
      },
      [hook],
    );
    expect(hook.seen[0]).to.deep.equal({ title: ['x'] });
  });

  it('is refused where its body is malformed', () =>
    withClient(async (_api, base) => {
      for (const body of [[], ['a'], null, 1, '"a"'])
        expect((await post(base, '/greet', body)).status, JSON.stringify(body)).to.equal(400);
      for (const value of [null, 1, 'a', [1]])
        expect((await post(base, '/search', { 0: value })).status, JSON.stringify(value)).to.equal(400);
    }));

  it('has a thousand arguments for a rest parameter at most', () =>
    withClient(async (_api, base) => {
      const status = async (count: number) => (await post(base, '/any', { ...new Array(count).fill(0) })).status;
      expect(await status(1_000)).to.equal(200);
      expect(await status(1_001)).to.equal(400);
      expect(await status(80_000)).to.equal(400);
    }));

  it('puts files only where its JSON has a place for them', () =>
    withClient(async (_api, base) => {
      const status = async (json: string, name: string) => {
        const body = new FormData();
        body.append('json', json);
        body.append(name, new Blob(['x']));
        return (await fetch(`${base}/any`, { method: 'POST', body, headers: { 'micropie-call': '1' } })).status;
      };
      expect(await status('{"0":[null]}', '0.0')).to.equal(200);
      const wrong = ['0.1', '0.length', '1.a', '%', '__proto__.a', '0.__proto__.a', 'constructor.prototype.a', '0.a.b'];
      for (const name of wrong) expect(await status('{"0":[null]}', name), name).to.equal(400);
      for (const json of ['{', '["a"]', '"ab"', 'null', '{"0":{"__proto__":1}}'])
        expect(await status(json, '0'), json).to.equal(400);
      expect(Object.keys(Object.prototype)).to.deep.equal([]);
    }));
});
