import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import * as z from 'zod';
import {
  type Context,
  Controller,
  type HttpMiddleware,
  type Lists,
  micropie,
  type Request,
  type Routes,
  reply,
  UploadedFile,
  type UploadOptions,
} from '../../lib/index.js';
import { appOf, errorsOf, withServer } from '../support/app.js';
import { FORM_TYPE, file, formOf } from '../support/form.js';
import { eventually, post, withSocket } from '../support/socket.js';
import { ask, expectNothingLeft, folder, result, useFolders } from '../support/uploads.js';

describe('uploads.dir', () => {
  let dir: string;
  useFolders();
  beforeEach(() => {
    dir = join(folder, 'kept', randomBytes(4).toString('hex'));
  });
  afterEach(expectNothingLeft);

  class Root {
    index(data: UploadedFile) {
      return data.path();
    }
    fails(data: UploadedFile) {
      throw new Error(data.filename);
    }
    needs(data: UploadedFile, more: string) {
      return [data, more];
    }
  }
  const app = (uploads: UploadOptions = {}) => appOf(micropie(Root, { uploads: { dir, ...uploads } }));

  it('is made where it is missing, and keeps the files under random names', async () => {
    const { status, body } = await ask(app(), formOf([file('data', 'content', '../../evil')]));
    expect(status).to.equal(200);
    expect(dirname(String(body))).to.equal(dir);
    // Long enough for a deletion that should not happen.
    await sleep(30);
    expect(await readdir(dir)).to.deep.equal([basename(String(body))]);
    expect(await readFile(String(body), 'utf8')).to.equal('content');
  });

  it('keeps nothing of a request that fails', async () => {
    const failing = app();
    errorsOf(failing);
    expect((await ask(failing, formOf([file('data', 'x')]), { path: '/fails' })).status).to.equal(500);
    expect((await ask(app(), formOf([file('data', 'x')]), { path: '/needs' })).status).to.equal(400);
    expect((await ask(app({ maxFiles: 1 }), formOf([file('data', 'x'), file('data', 'x')]))).status).to.equal(413);
    expect((await ask(app(), formOf([file('data', 'x')], { end: '' }))).status).to.equal(400);
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('that can not be made is an error of the server, not of the client', async () => {
    await writeFile(join(folder, 'a file'), '');
    const broken = appOf(micropie(Root, { uploads: { dir: join(folder, 'a file', 'below') } }));
    const errors = errorsOf(broken);
    expect((await ask(broken, formOf([file('data', 'x')]))).status).to.equal(500);
    expect(errors).to.have.length(1);
  });

  describe('keeps only what a handler was given', () => {
    const seen = (files: Lists<UploadedFile>) => Object.values(files).flat().length;
    const TEXT = { data: 'first', more: 'second' };
    const parts = [file('data', TEXT.data), file('data', 'again'), file('more', TEXT.more)];

    class Given extends Controller {
      none() {
        return 'none';
      }
      one(data: UploadedFile) {
        return data.size;
      }
      list(data: UploadedFile[] = []) {
        return data.length;
      }
      pattern({ more, data = [] }: { more: UploadedFile; data?: UploadedFile[] }) {
        return more.size + data.length;
      }
      all(request: Request) {
        return seen(request.files);
      }
      ambient() {
        return seen(this.request.files);
      }
      async *streamed() {
        yield 'all ';
        yield `${seen(this.request.files)}`;
      }
      nested({ page = 1 }) {
        return page;
      }
    }
    const Data = z.object({ data: z.instanceof(UploadedFile) });
    class Hiding {
      readonly #file: UploadedFile;
      constructor(file: UploadedFile) {
        this.#file = file;
      }
      size() {
        return this.#file.size;
      }
    }
    class Validated {
      object({ data }: z.output<typeof Data>) {
        return data.size;
      }
      dated(input: unknown) {
        return typeof input;
      }
      map(input: unknown) {
        return typeof input;
      }
      instance(input: Hiding) {
        return input.size();
      }
      later(input: Hiding) {
        return input.size();
      }
      deep(input: unknown) {
        return typeof input;
      }
      parameter(data: Hiding) {
        return data.size();
      }
      static routes = {
        object: { path: 'POST /object', input: Data },
        dated: { path: 'POST /dated', input: Data.extend({ at: z.date().default(new Date()) }) },
        map: { path: 'POST /map', input: Data.transform((input) => new Map(Object.entries(input))) },
        instance: { path: 'POST /instance', input: Data.transform(({ data }) => new Hiding(data)) },
        later: { path: 'POST /later', input: Data.transform(async ({ data }) => new Hiding(data)) },
        deep: { path: 'POST /deep', input: Data.transform(({ data }) => ({ a: { b: { c: { d: data } } } })) },
        parameter: {
          path: 'POST /parameter',
          params: [z.instanceof(UploadedFile).transform((file) => new Hiding(file))],
        },
      } satisfies Routes<Validated>;
    }
    class Plain {
      none() {
        return 'none';
      }
      injected(ctx: Context) {
        return ctx.path;
      }
    }

    const GIVEN: [controller: new () => object, path: string, kept: string[]][] = [
      [Given, '/none', []],
      [Given, '/nested', []],
      [Plain, '/none', []],
      [Plain, '/injected', []],
      [Given, '/one', ['first']],
      [Given, '/list', ['again', 'first']],
      [Given, '/pattern', ['again', 'first', 'second']],
      [Given, '/all', ['again', 'first', 'second']],
      [Given, '/ambient', ['again', 'first', 'second']],
      [Given, '/streamed', ['again', 'first', 'second']],
      [Validated, '/object', ['first']],
      [Validated, '/dated', ['first']],
      [Validated, '/map', ['first', 'second']],
      [Validated, '/instance', ['first', 'second']],
      [Validated, '/later', ['first', 'second']],
      [Validated, '/deep', ['first', 'second']],
      [Validated, '/parameter', ['first']],
    ];
    for (const [controller, path, kept] of GIVEN)
      it(`${controller.name} ${path}: ${kept.join(', ') || 'nothing'}`, async () => {
        const app = appOf(micropie(new controller(), { uploads: { dir } }));
        expect((await ask(app, formOf(parts), { path })).status).to.equal(200);
        await expectKept(kept);
      });

    const look = (request: Request) => void seen(request.files);
    const HOOKS: HttpMiddleware[] = [{ beforeRequest: look }, { beforeCall: look }, { afterRequest: look }];
    for (const hook of HOOKS)
      it(`which no ${Object.keys(hook)} is that looks at all`, async () => {
        const app = appOf(micropie(Given, { middlewares: [hook], uploads: { dir } }));
        expect(result(await ask(app, formOf(parts), { path: '/one' }))).to.equal('200 5');
        await expectKept(['first']);
      });

    it('and nothing where a hook answers in its place', async () => {
      const app = appOf(
        micropie(Validated, { middlewares: [{ beforeCall: () => reply(200, 'x') }], uploads: { dir } }),
      );
      expect(result(await ask(app, formOf(parts), { path: '/instance' }))).to.equal('200 x');
      await expectKept([]);
    });
  });

  describe('keeps nothing of an answer of 400 and above', () => {
    class Refusing {
      replies(data: UploadedFile, status = 401) {
        return reply(status, data.filename);
      }
      throws(data: UploadedFile, ctx: Context) {
        ctx.throw(415, data.filename);
      }
      sets(data: UploadedFile, ctx: Context) {
        ctx.status = 422;
        return data.filename;
      }
      good(data: UploadedFile) {
        return data.filename;
      }
    }
    const afterRequest = (_request: Request, _status: number, body: unknown) =>
      body === 'hooked' ? { statusCode: 403 } : undefined;
    const outside: Middleware = async (ctx, next) => {
      await next();
      if (ctx.body === 'outside') ctx.status = 409;
    };

    const ANSWERS: [what: string, path: string, filename: string, status: number, kept: string[]][] = [
      ['reply(401)', '/replies', 'x', 401, []],
      ['reply(500)', '/replies?status=500', 'x', 500, []],
      ['reply(399)', '/replies?status=399', 'x', 399, ['content']],
      ['ctx.throw(415)', '/throws', 'x', 415, []],
      ['ctx.status = 422', '/sets', 'x', 422, []],
      ['an after hook that makes it 403', '/good', 'hooked', 403, []],
      ['a middleware around it that makes it 409', '/good', 'outside', 409, []],
      ['none of these', '/good', 'x', 200, ['content']],
    ];
    for (const [what, path, filename, status, kept] of ANSWERS)
      it(what, async () => {
        const app = appOf(outside, micropie(Refusing, { middlewares: [{ afterRequest }], uploads: { dir } }));
        expect((await ask(app, formOf([file('data', 'content', filename)]), { path })).status).to.equal(status);
        await expectKept(kept);
      });
  });

  it('keeps what was saved, wherever, whatever the answer', async () => {
    class Saving {
      async index(data: UploadedFile, to = '') {
        return reply(400, await data.save(to === 'here' ? data.path() : join(dir, 'saved')));
      }
    }
    for (const to of ['here', 'elsewhere']) {
      const app = appOf(micropie(Saving, { uploads: { dir } }));
      expect((await ask(app, formOf([file('data', to)]), { path: `/?to=${to}` })).status).to.equal(400);
    }
    await expectKept(['elsewhere', 'here']);
  });

  it('holds no file that has not come to its end', async () => {
    const app = appOf(micropie(Root, { uploads: { dir } }));
    errorsOf(app);
    await withServer(app, (port) =>
      withSocket(port, async (client) => {
        const form = formOf([file('data', 'x'.repeat(100_000))]);
        await client.send(post('/', FORM_TYPE, form.length));
        await client.send(form.subarray(0, 50_000));
        await eventually(async () => (await entries()).length === 1, 'the file is being written');
        expect((await entries()).filter((entry) => entry.isFile())).to.deep.equal([]);
        client.reset();
        await eventually(async () => (await entries()).length === 0, 'nothing is left');
      }),
    );
  });

  const entries = () => readdir(dir, { withFileTypes: true }).catch(() => []);

  /** That these texts are what the kept files hold, once the rest is deleted, and stay. */
  async function expectKept(texts: readonly string[]): Promise<void> {
    const kept = async () => {
      const names = (await entries()).map(({ name }) => name);
      return (await Promise.all(names.map((name) => readFile(join(dir, name), 'utf8')))).sort();
    };
    await eventually(async () => (await entries()).length === texts.length, `${texts.length} files are kept`);
    // Long enough for a deletion that should not happen.
    await sleep(30);
    expect(await kept()).to.deep.equal(texts);
  }
});
