import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type Koa from 'koa';
import { micropie, type Request, reply, type UploadedFile, type UploadOptions } from '../lib/index.js';
import { appOf, errorsOf, expectBroken, withServer } from './support/app.js';
import { FORM_END, FORM_TYPE, type FormPart, field, file, formOf } from './support/form.js';
import { countRequests } from './support/pending.js';
import { chunked, eventually, post, type RawClient, type RawResponse, withSocket } from './support/socket.js';

const MIB = 1024 * 1024;

let folder: string;
let temporary: string;
const systemTemporary = process.env.TMPDIR;

/** A temporary folder that is only for these tests, so that whatever is left behind shows. */
async function makeFolders(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'uploads-spec-'));
  temporary = join(folder, 'temporary');
  await mkdir(temporary);
  process.env.TMPDIR = temporary;
}

async function removeFolders(): Promise<void> {
  if (systemTemporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = systemTemporary;
  await rm(folder, { recursive: true });
}

/** That nothing of the temporary folder is left; it is emptied right after the response. */
async function expectNothingLeft(): Promise<void> {
  await eventually(async () => (await readdir(temporary)).length === 0, 'no temporary file is left');
}

function ask(app: Koa, body: string | Uint8Array, { path = '/', type = FORM_TYPE } = {}): Promise<RawResponse> {
  return withServer(app, (port) => withSocket(port, (client) => client.exchange(requestOf(body, path, type))));
}

function requestOf(body: string | Uint8Array, path = '/', type = FORM_TYPE): Buffer {
  return Buffer.concat([Buffer.from(post(path, type, Buffer.byteLength(body))), Buffer.from(body)]);
}

function send(controller: object, parts: readonly FormPart[], uploads: UploadOptions = {}): Promise<RawResponse> {
  return ask(appOf(micropie(controller, { uploads })), formOf(parts));
}

function result({ status, body }: RawResponse): string {
  return `${status} ${body}`;
}

function json({ status, body }: RawResponse): unknown {
  expect(status).to.equal(200);
  return JSON.parse(String(body));
}

/** Answers with all that came. */
class Echo {
  async index(request: Request) {
    const files: Record<string, unknown> = {};
    for (const [name, list] of Object.entries(request.files))
      files[name] = await Promise.all(list.map(async (one) => [one.filename, await one.text()]));
    return { fields: request.bodyParams, files };
  }
}

describe('Uploads', () => {
  before(makeFolders);
  after(removeFolders);
  afterEach(expectNothingLeft);

  it('reach the handler as files on disk, in a folder and a file for this user alone', async () => {
    class Root {
      async index(photo: UploadedFile) {
        const { field, filename, contentType, size, path } = photo;
        const modes = [(await stat(dirname(path))).mode, (await stat(path)).mode].map((mode) =>
          (mode & 0o777).toString(8),
        );
        return {
          field,
          filename,
          contentType,
          size,
          inside: dirname(dirname(path)) === temporary,
          modes,
          isSaved: photo.isSaved,
        };
      }
    }
    expect(json(await send(Root, [{ ...file('photo', 'é!', 'a b.png'), type: 'image/png' }]))).to.deep.equal({
      field: 'photo',
      filename: 'a b.png',
      contentType: 'image/png',
      size: 3,
      inside: true,
      modes: ['700', '600'],
      isSaved: false,
    });
  });

  it('are read as text, bytes or a stream, as often as one likes', async () => {
    const content = randomBytes(200_000);
    class Root {
      async index(data: UploadedFile) {
        const [bytes, streamed, again] = await Promise.all([data.bytes(), buffer(data.stream()), data.bytes()]);
        return [
          content.equals(bytes),
          content.equals(streamed),
          content.equals(again),
          (await data.text()) === String(content),
        ];
      }
    }
    expect(json(await send(Root, [file('data', content)]))).to.deep.equal([true, true, true, true]);
  });

  it('can be the response: they stay until it is sent', async () => {
    const content = randomBytes(3 * MIB);
    class Root {
      index(data: UploadedFile) {
        return data.stream();
      }
    }
    const { status, body } = await send(Root, [file('data', content)]);
    expect(status).to.equal(200);
    expect(content.equals(body)).to.equal(true);
  });

  it('come with all fields, whatever the order of the parts', async () => {
    class Root {
      async index(title: string, data: UploadedFile, page = 1) {
        return `${title} ${await data.text()} ${page}`;
      }
    }
    const parts = [field('title', 'Title'), file('data', 'content'), field('page', '2')];
    for (const order of [
      [0, 1, 2],
      [1, 0, 2],
      [2, 1, 0],
      [0, 2, 1],
    ])
      expect(
        result(
          await send(
            Root,
            order.flatMap((index) => parts[index] ?? []),
          ),
        ),
      ).to.equal('200 Title content 2');
  });

  it('of one name: the first, or a list of all', async () => {
    class Root {
      async index(request: Request, data: UploadedFile, { data: all = [] }: { data?: UploadedFile[] }) {
        const names = (list: readonly UploadedFile[] = []) => list.map(({ filename }) => filename);
        return [data.filename, names(all), names(request.files['data'])];
      }
    }
    const parts = ['a', 'b', 'c'].map((name) => file('data', name, name));
    expect(json(await send(Root, parts))).to.deep.equal(['a', ['a', 'b', 'c'], ['a', 'b', 'c']]);
  });

  it('are not given where a file input was left empty, nor are blank fields', async () => {
    class Root {
      index(title = 'Untitled', data?: UploadedFile, files = []) {
        return [title, data?.filename ?? 'none', files.length];
      }
      needs(data: UploadedFile) {
        return data.filename;
      }
      static routes = { index: { params: ['title', 'data', 'files'] } };
    }
    const empty = formOf([field('title', ''), file('data', '', ''), file('files', '', '')]);
    expect(result(await ask(appOf(micropie(Root)), empty, { path: '/needs' }))).to.equal(
      "400 400 Bad Request: Missing required parameter 'data'",
    );
    class Optional {
      async index({ title = 'Untitled', data = undefined as UploadedFile | undefined, files = [] }) {
        return [title, data?.filename ?? 'none', files.length];
      }
    }
    const dir = join(folder, 'empty-inputs');
    const response = await ask(appOf(micropie(Optional, { uploads: { dir } })), empty);
    expect(json(response)).to.deep.equal(['Untitled', 'none', 0]);
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('may be empty files, or have no name, but not both', async () => {
    expect(json(await send(Echo, [file('a', '', 'empty.txt'), file('b', 'content', '')]))).to.deep.equal({
      fields: {},
      files: { a: [['empty.txt', '']], b: [['', 'content']] },
    });
  });
});

describe('UploadedFile.save(to)', () => {
  let target: string;
  before(makeFolders);
  after(removeFolders);
  beforeEach(async () => {
    target = await mkdtemp(join(folder, 'target-'));
  });
  afterEach(expectNothingLeft);

  /** Saves an upload and gives the response and the app's errors. */
  async function save(to: string, content: string | Uint8Array = 'content') {
    class Root {
      async index(data: UploadedFile) {
        const path = await data.save(to);
        return { path, same: data.path === path, isSaved: data.isSaved, text: await data.text() };
      }
    }
    const app = appOf(micropie(Root));
    const errors = errorsOf(app);
    return { response: await ask(app, formOf([file('data', content, '../evil.sh')])), errors };
  }

  it('moves the file to a path, where it stays and can still be read', async () => {
    const path = join(target, 'saved.txt');
    const { response } = await save(path);
    expect(json(response)).to.deep.equal({ path, same: true, isSaved: true, text: 'content' });
    await expectNothingLeft();
    expect(await readFile(path, 'utf8')).to.equal('content');
  });

  it('replaces a file that is there', async () => {
    const path = join(target, 'saved.txt');
    await writeFile(path, 'old, and longer than what comes');
    expect((await save(path)).response.status).to.equal(200);
    expect(await readFile(path, 'utf8')).to.equal('content');
  });

  it('gives it a random name in a folder', async () => {
    for (const to of [target, `${target}/`]) expect((await save(to)).response.status).to.equal(200);
    const names = await readdir(target);
    expect(names).to.have.length(2);
    for (const name of names) expect(name).to.match(/^[0-9a-f-]{36}$/);
  });

  it('fails with 500 in a missing folder, and leaves nothing', async () => {
    for (const to of [join(target, 'missing', 'saved.txt'), join(target, 'missing/')]) {
      const { response, errors } = await save(to);
      expect(result(response)).to.equal('500 Internal Server Error');
      expect(errors.map(({ cause }) => cause)).to.have.nested.property('[0].code', 'ENOENT');
      expect(await readdir(target)).to.deep.equal([]);
    }
  });

  it('fails with the reason where another device takes no files', async function () {
    if (!existsSync('/proc/self')) this.skip();
    const { response, errors } = await save('/proc/no-place-for-files');
    expect(response.status).to.equal(500);
    expect(errors).to.have.lengthOf(1);
  });

  it('works across devices', async function () {
    if (!existsSync('/dev/shm') || (await stat('/dev/shm')).dev === (await stat(temporary)).dev) this.skip();
    const shared = await mkdtemp('/dev/shm/uploads-spec-');
    try {
      const content = 'content'.repeat(100_000);
      const { response } = await save(join(shared, 'saved.txt'), content);
      expect(response.status).to.equal(200);
      await expectNothingLeft();
      expect(await readFile(join(shared, 'saved.txt'), 'utf8')).to.equal(content);
      const { response: failed, errors } = await save(join(shared, 'missing', 'saved.txt'));
      expect([failed.status, errors.length]).to.deep.equal([500, 1]);
      expect(await readdir(shared)).to.deep.equal(['saved.txt']);
    } finally {
      await rm(shared, { recursive: true });
    }
  });

  it('keeps what was saved also when the handler fails afterwards', async () => {
    const path = join(target, 'saved.txt');
    class Root {
      async index(data: UploadedFile) {
        await data.save(path);
        throw new Error('afterwards');
      }
    }
    const app = appOf(micropie(Root));
    const errors = errorsOf(app);
    expect((await ask(app, formOf([file('data', 'content')]))).status).to.equal(500);
    expect(errors.map(({ message }) => message)).to.deep.equal(['afterwards']);
    expect(await readdir(target)).to.deep.equal(['saved.txt']);
  });
});

describe('Upload limits', () => {
  before(makeFolders);
  after(removeFolders);
  afterEach(expectNothingLeft);

  const times = (count: number, part: (index: number) => FormPart) => Array.from({ length: count }, (_, n) => part(n));
  const fields = (count: number) => times(count, (n) => field(`f${n}`, 'x'));
  const files = (count: number) => times(count, (n) => file('data', `${n}`));

  const LIMITS: [what: string, uploads: UploadOptions, fits: FormPart[], exceeds: FormPart[], message: string][] = [
    ['files by default', {}, files(10), files(11), 'More than 10 files'],
    ['fields by default', {}, fields(256), fields(257), 'More than 256 fields'],
    [
      'the size of fields by default',
      {},
      [field('a', 'x'.repeat(65_536))],
      [field('a', 'x'.repeat(65_537))],
      'A field exceeds 65536 bytes',
    ],
    [
      'the size of files by default',
      {},
      [file('a', Buffer.alloc(10 * MIB))],
      [file('a', Buffer.alloc(10 * MIB + 1))],
      'A file exceeds 10485760 bytes',
    ],
    ['parts by default', { maxFields: 2000 }, fields(1000), fields(1001), 'More than 1000 parts'],
    ['maxFiles', { maxFiles: 1 }, files(1), files(2), 'More than 1 files'],
    ['maxFileSize', { maxFileSize: 5 }, [file('a', 'éé!')], [file('a', 'ééé')], 'A file exceeds 5 bytes'],
    ['maxFields', { maxFields: 1 }, [...files(2), ...fields(1)], [...files(2), ...fields(2)], 'More than 1 fields'],
    ['maxFieldSize', { maxFieldSize: 5 }, [field('a', 'éé!')], [field('a', 'ééé')], 'A field exceeds 5 bytes'],
    ['maxParts', { maxParts: 3 }, [...files(2), ...fields(1)], [...files(2), ...fields(2)], 'More than 3 parts'],
  ];

  for (const [what, uploads, fits, exceeds, message] of LIMITS)
    it(`are exact: ${what}`, async () => {
      class Root {
        index(request: Request) {
          return [...Object.values(request.bodyParams).flat(), ...Object.values(request.files).flat()].length;
        }
      }
      expect(result(await send(Root, fits, uploads))).to.equal(`200 ${fits.length}`);
      expect(result(await send(Root, exceeds, uploads))).to.equal(`413 413 Payload Too Large: ${message}`);
    });

  for (const [what, uploads, , exceeds, message] of LIMITS)
    it(`are enforced before the rest of the body has come: ${what}`, async () => {
      const app = appOf(micropie(Echo, { uploads }));
      const bytes = formOf(exceeds, { end: '\r\n--a-boundary\r\n' });
      const response = await withServer(app, (port) =>
        withSocket(port, (client) =>
          client.exchange(Buffer.concat([Buffer.from(post('/', FORM_TYPE, bytes.length + 900 * MIB)), bytes])),
        ),
      );
      expect(result(response)).to.equal(`413 413 Payload Too Large: ${message}`);
    });

  it('hold for a file at any split of its bytes', async () => {
    const head = formOf([file('a', '')], { end: '' });
    for (const [content, status] of [
      ['12345', 200],
      ['123456', 413],
    ] as const)
      for (let at = 1; at < content.length; at += 1) {
        const bytes = formOf([file('a', content)]);
        const split = head.length + at;
        const body = Buffer.concat([chunked(bytes.subarray(0, split)).subarray(0, -5), chunked(bytes.subarray(split))]);
        const response = await withServer(appOf(micropie(Echo, { uploads: { maxFileSize: 5 } })), (port) =>
          withSocket(port, (client) =>
            client.exchange(Buffer.concat([Buffer.from(post('/', FORM_TYPE, 'chunked')), body])),
          ),
        );
        expect(response.status, `${content} split at ${at}`).to.equal(status);
      }
  });

  it('keep a part whose head is far too long from taking memory, or its content', async () => {
    const head = `Content-Disposition: form-data; name="a"\r\nX-Long: ${'x'.repeat(100 * 1024)}`;
    const response = await ask(appOf(micropie(Echo)), `--a-boundary\r\n${head}\r\n\r\n1${FORM_END}`);
    expect(json(response)).to.deep.equal({ fields: { a: ['1'] }, files: {} });
  });

  it('refuse abuse of names', async () => {
    expect((await send(Echo, [field('n'.repeat(300), '1')])).status).to.equal(400);
    expect((await send(Echo, [file('n'.repeat(300), '1')])).status).to.equal(400);
    expect((await send(Echo, [field('a['.repeat(10_000), '1')])).status).to.equal(400);
    expect(
      (
        await send(
          Echo,
          times(5000, () => field('', '')),
        )
      ).status,
    ).to.equal(413);
  });
});

describe('uploads.dir', () => {
  let dir: string;
  before(makeFolders);
  after(removeFolders);
  beforeEach(() => {
    dir = join(folder, 'kept', randomBytes(4).toString('hex'));
  });
  afterEach(expectNothingLeft);

  class Root {
    index(data: UploadedFile) {
      return data.path;
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
    const errors = errorsOf(failing);
    expect((await ask(failing, formOf([file('data', 'x')]), { path: '/fails' })).status).to.equal(500);
    expect(errors.map(({ message }) => message)).to.deep.equal(['file.txt']);
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
});

describe('After an upload', () => {
  before(makeFolders);
  after(removeFolders);

  let seen: string[] = [];
  let calls = 0;
  class Root {
    async index(data: UploadedFile) {
      calls += 1;
      seen = await readdir(temporary);
      return data.size;
    }
    async fails(data: UploadedFile) {
      calls += 1;
      throw new Error(data.filename);
    }
    needs(data: UploadedFile, more: string) {
      return [data, more];
    }
    slow(data: UploadedFile) {
      calls += 1;
      return sleep(30, data.size);
    }
  }
  beforeEach(() => {
    seen = [];
    calls = 0;
  });
  const upload = formOf([file('data', randomBytes(100_000)), file('other', 'x')]);

  const ENDINGS: [what: string, path: string, body: Uint8Array, status: number, calls: number][] = [
    ['that succeeds', '/', upload, 200, 1],
    ['whose handler fails', '/fails', upload, 500, 1],
    ['that can not be bound', '/needs', upload, 400, 0],
    ['that is too large', '/', formOf([file('other', 'x'), file('data', Buffer.alloc(10 * MIB + 1))]), 413, 0],
    ['that ends within a file', '/', upload.subarray(0, 50_000), 400, 0],
    ['without its last boundary', '/', upload.subarray(0, upload.length - FORM_END.length), 400, 0],
  ];
  for (const [what, path, body, status, expectedCalls] of ENDINGS)
    it(`${what} no temporary file is left`, async () => {
      const app = appOf(micropie(Root));
      const errors = errorsOf(app);
      expect((await ask(app, body, { path })).status).to.equal(status);
      expect(errors.map((error) => Reflect.get(error, 'status'))).to.deep.equal(status === 200 ? [] : [status]);
      expect(calls).to.equal(expectedCalls);
      if (status === 200) expect(seen).to.have.length(1);
      await expectNothingLeft();
    });

  for (const [how, leave, path] of [
    ['resets the connection', (client: RawClient) => client.reset(), '/'],
    ['half closes the connection', (client: RawClient) => client.halfClose(), '/'],
  ] as const)
    it(`whose client ${how} midway, no handler runs and no temporary file is left`, async () => {
      const counter = countRequests();
      const app = appOf(counter, micropie(Root));
      const errors = errorsOf(app);
      await withServer(app, (port) =>
        withSocket(port, async (client) => {
          await client.send(post(path, FORM_TYPE, upload.length));
          await client.send(upload.subarray(0, 50_000));
          await eventually(async () => (await readdir(temporary)).length === 1, 'the file is being written');
          leave(client);
          await eventually(() => counter.pending === 0, 'the request is given up');
        }),
      );
      expect(calls).to.equal(0);
      expectBroken(errors);
      await expectNothingLeft();
    });

  it('whose client leaves while the handler runs, no temporary file is left', async () => {
    const counter = countRequests();
    const app = appOf(counter, micropie(Root));
    const errors = errorsOf(app);
    await withServer(app, (port) =>
      withSocket(port, async (client) => {
        await client.send(requestOf(upload, '/slow'));
        await eventually(() => calls === 1, 'the handler runs');
        client.reset();
        await eventually(() => counter.pending === 0, 'the handler ends');
      }),
    );
    expectBroken(errors);
    await expectNothingLeft();
  });

  it('that a before hook refuses, nothing was stored', async () => {
    const beforeRequest = () => reply(401, 'no');
    const dir = join(folder, 'refused');
    const app = appOf(micropie(Root, { middlewares: [{ beforeRequest }], uploads: { dir } }));
    expect(result(await ask(app, upload))).to.equal('401 no');
    expect(existsSync(dir)).to.equal(false);
    expect(calls).to.equal(0);
  });

  const GET = 'GET /ping HTTP/1.1\r\nHost: x\r\n\r\n';
  class Refusing extends Root {
    ping() {
      return 'pong';
    }
  }
  const beforeRequest = ({ method }: Request) => (method === 'POST' ? reply(401, 'no') : undefined);
  for (const [what, options, status] of [
    ['a 413', { uploads: { maxFileSize: 1000 } }, 413],
    ['a refusal', { middlewares: [{ beforeRequest }] }, 401],
  ] as const) {
    it(`the connection can be used again: ${what}, 15 MiB`, async () => {
      await withServer(appOf(micropie(Refusing, options)), (port) =>
        withSocket(port, async (client) => {
          for (const round of [1, 2]) {
            const sent = client.send(requestOf(formOf([file('data', Buffer.alloc(15 * MIB))])));
            expect((await client.response()).status, `round ${round}`).to.equal(status);
            await sent;
            expect(result(await client.exchange(GET))).to.equal('200 pong');
          }
        }),
      );
      await expectNothingLeft();
    });

    it(`a client that sends very much more is cut off: ${what}`, async () => {
      await withServer(appOf(micropie(Refusing, options)), (port) =>
        withSocket(port, async (client) => {
          await client.send(post('/', FORM_TYPE, 1024 * MIB));
          await client.send(formOf([file('data', Buffer.alloc(2000))], { end: '' }));
          expect((await client.response()).status).to.equal(status);
          let sent = 0;
          for (; sent < 200 && !client.socket.destroyed && client.socket.writable; sent += 1)
            await client.send(Buffer.alloc(MIB));
          expect(sent).to.be.within(16, 64);
        }),
      );
      await expectNothingLeft();
    });

    it(`a client that sends very much more and reads late sees the answer: ${what}`, async () => {
      await withServer(appOf(micropie(Refusing, options)), (port) =>
        withSocket(port, async (client) => {
          client.socket.pause();
          await client.send(post('/', FORM_TYPE, 1024 * MIB));
          await client.send(formOf([file('data', Buffer.alloc(2000))], { end: '' }));
          const pouring = client.send(Buffer.alloc(64 * MIB));
          await sleep(200);
          client.socket.resume();
          expect((await client.response()).status).to.equal(status);
          await pouring;
        }),
      );
      await expectNothingLeft();
    });
  }
});

/** Serves a function as a method that reads its body itself. */
function streaming(run: (request: Request) => unknown, uploads: UploadOptions = {}): Koa {
  class Root {
    index(request: Request) {
      return run(request);
    }
    static routes = { index: { body: 'stream' } };
  }
  return appOf(micropie(Root, { uploads }));
}

describe('Multipart forms', () => {
  before(makeFolders);
  after(removeFolders);
  afterEach(expectNothingLeft);

  const echo = () => appOf(micropie(Echo));
  const PART = 'Content-Disposition: form-data; name="a"\r\n\r\n1';

  const READ: [what: string, type: string, body: string, fields: unknown][] = [
    ['an empty form', 'multipart/form-data; boundary=b', '--b--\r\n', {}],
    ['an empty form without a last line break', 'multipart/form-data; boundary=b', '--b--', {}],
    ['a quoted boundary', 'multipart/form-data; boundary="b c"', `--b c\r\n${PART}\r\n--b c--\r\n`, { a: ['1'] }],
    [
      'a long boundary',
      `multipart/form-data; boundary=${'b'.repeat(70)}`,
      `--${'b'.repeat(70)}\r\n${PART}\r\n--${'b'.repeat(70)}--`,
      { a: ['1'] },
    ],
    [
      'text before and behind',
      'multipart/form-data; boundary=b',
      `before\r\n--b\r\n${PART}\r\n--b--\r\nbehind`,
      { a: ['1'] },
    ],
    [
      'a boundary within the data',
      'multipart/form-data; boundary=b',
      `--b\r\n${PART}--b\r\n--b--\r\n`,
      { a: ['1--b'] },
    ],
    [
      'a parameter behind the boundary',
      'multipart/form-data; boundary=b; charset=utf-8',
      `--b\r\n${PART}\r\n--b--\r\n`,
      { a: ['1'] },
    ],
    ['a type in capitals', 'Multipart/Form-Data; Boundary=b', `--b\r\n${PART}\r\n--b--\r\n`, { a: ['1'] }],
  ];
  for (const [what, type, body, fields] of READ)
    it(`may have ${what}`, async () => {
      expect(json(await ask(echo(), body, { type }))).to.deep.equal({ fields, files: {} });
    });

  const REFUSED: [what: string, body: string][] = [
    ['nothing', ''],
    ['garbage', 'garbage'.repeat(10)],
    ['short garbage', 'x'],
    ['another boundary', `--other\r\n${PART}\r\n--other--\r\n`],
    ['line feeds alone', `--b\n${PART.replaceAll('\r', '')}\n--b--\n`],
    ['a part without a head', '--b\r\n\r\n1\r\n--b--\r\n'],
    ['a part without a name', '--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--\r\n'],
    ['a file without a name', '--b\r\nContent-Disposition: form-data; filename="x"\r\n\r\n1\r\n--b--\r\n'],
    ['an open part', `--b\r\n${PART}`],
    ['only its first boundary', '--b\r\n'],
  ];
  for (const [what, body] of REFUSED)
    it(`may not have ${what}`, async () => {
      const { status } = await ask(echo(), body, { type: 'multipart/form-data; boundary=b' });
      expect(status).to.equal(400);
    });

  const fixture = formOf([
    field('a', '1'),
    file('f', 'line\r\n--a-boundar\r\n', 'x.txt'),
    field('b', 'é'),
    file('f', '', 'y'),
  ]);
  const expected = [
    ['a', '1'],
    ['f', 'line\r\n--a-boundar\r\n'],
    ['b', 'é'],
    ['f', ''],
  ];

  // Read as a stream: the same parser as for files on disk, and much faster.
  const app = () =>
    streaming(async (request) => {
      const read: unknown[] = [];
      for await (const part of request.parts())
        read.push([part.name, part.kind === 'field' ? part.value : await text(part.stream)]);
      return read;
    });

  it('are the same whole, split at any byte, and byte by byte', async () => {
    const head = Buffer.from(post('/', FORM_TYPE, 'chunked'));
    const bodies = [chunked(fixture), chunked(fixture, 1)];
    for (let at = 1; at < fixture.length; at += 1)
      bodies.push(Buffer.concat([chunked(fixture.subarray(0, at)).subarray(0, -5), chunked(fixture.subarray(at))]));
    await withServer(app(), (port) =>
      withSocket(port, async (client) => {
        for (const [index, body] of bodies.entries())
          expect(json(await client.exchange(Buffer.concat([head, body]))), `body ${index}`).to.deep.equal(expected);
      }),
    );
  });

  it('that end anywhere before their last boundary are 400, never a part of the data', async () => {
    await withServer(app(), (port) =>
      withSocket(port, async (client) => {
        for (let length = 0; length < fixture.length - 2; length += 1)
          expect((await client.exchange(requestOf(fixture.subarray(0, length)))).status, `${length} bytes`).to.equal(
            400,
          );
      }),
    );
  });

  it('read a part whose charset is unknown', async () => {
    const body = formOf([
      { ...field('a', 'value'), type: 'text/plain; charset=bogus' },
      { ...field('b', ''), type: 'text/plain; charset=bogus' },
    ]);
    expect(json(await ask(echo(), body))).to.deep.equal({ fields: { a: ['value'] }, files: {} });
  });

  it('take a part as it is, whatever its transfer encoding says', async () => {
    const body = formOf([{ ...field('a', 'dmFsdWU='), type: 'text/plain\r\nContent-Transfer-Encoding: base64' }]);
    expect(json(await ask(echo(), body))).to.deep.equal({ fields: { a: ['dmFsdWU='] }, files: {} });
  });

  it('take a part without a file name as a field, whatever its type', async () => {
    const body = formOf([{ ...field('a', 'value'), type: 'application/octet-stream' }]);
    expect(json(await ask(echo(), body))).to.deep.equal({ fields: { a: ['value'] }, files: {} });
  });

  for (const name of [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'a.__proto__.b',
    '__proto__[x]',
    'a[]',
    'then',
  ])
    it(`take the name ${name} as any other`, async () => {
      class Root {
        index(request: Request) {
          return [
            Object.entries(request.bodyParams),
            Object.entries(request.files).map(([key, [one]]) => [key, one?.field]),
          ];
        }
      }
      expect(json(await send(Root, [field(name, '1'), file(name, '2')]))).to.deep.equal([
        [[name, ['1']]],
        [[name, name]],
      ]);
      expect(Reflect.get({}, 'x')).to.equal(undefined);
    });

  const FILENAMES: [given: string, filename: string][] = [
    ['../../etc/passwd', 'passwd'],
    ['/etc/passwd', 'passwd'],
    ['C:\\\\a\\\\b.txt', 'b.txt'],
    ['..', ''],
    ['.', ''],
    ['a/..', ''],
    ['a\u0000b.txt', 'ab.txt'],
    ['CON.txt', 'CON.txt'],
    ['.htaccess', '.htaccess'],
    ['x'.repeat(4096), 'x'.repeat(255)],
    ['\u202egpj.exe', '\u202egpj.exe'],
    ['é ü.txt', 'é ü.txt'],
    ['<script>.html', '<script>.html'],
  ];
  for (const [given, filename] of FILENAMES)
    it(`give ${JSON.stringify(given.slice(0, 20))} as the base name alone`, async () => {
      class Root {
        index(data: UploadedFile) {
          return { filename: data.filename, inside: dirname(dirname(data.path)) === temporary };
        }
      }
      expect(json(await send(Root, [file('data', 'x', given)]))).to.deep.equal({ filename, inside: true });
    });

  it('decode a name of the extended form, without control characters', async () => {
    class Root {
      index(data: UploadedFile) {
        return { filename: data.filename };
      }
    }
    const part = (name: string) =>
      `--b\r\nContent-Disposition: form-data; name="data"; filename*=utf-8''${name}\r\n\r\nx\r\n--b--\r\n`;
    for (const [given, filename] of [
      ['%E2%82%AC.txt', '€.txt'],
      ['a%00b%0D%0Ac.txt', 'abc.txt'],
      ['..%2F..%2Fetc%2Fpasswd', 'passwd'],
    ] as const) {
      const response = await ask(appOf(micropie(Root)), part(given), { type: 'multipart/form-data; boundary=b' });
      if (response.status !== 400) expect(json(response)).to.deep.equal({ filename });
    }
  });
});

describe('request.parts()', () => {
  before(makeFolders);
  after(removeFolders);
  afterEach(expectNothingLeft);

  const parts = [
    field('a', '1'),
    file('f', randomBytes(300_000).toString('hex'), 'x'),
    field('b', '2'),
    file('g', 'G', 'y'),
  ];

  it('gives the parts in their order, and stores nothing', async () => {
    const app = streaming(async (request) => {
      const seen: unknown[] = [];
      for await (const part of request.parts())
        seen.push(
          part.kind === 'field'
            ? [part.name, part.value]
            : [part.name, part.filename, part.contentType, (await text(part.stream)).length],
        );
      return [seen, await readdir(temporary)];
    });
    expect(json(await ask(app, formOf(parts)))).to.deep.equal([
      [
        ['a', '1'],
        ['f', 'x', 'text/plain', 600_000],
        ['b', '2'],
        ['g', 'y', 'text/plain', 1],
      ],
      [],
    ]);
  });

  it('passes over files that are not read, or not to their end', async () => {
    const readers: [string, (stream: NodeJS.ReadableStream) => Promise<void>][] = [
      ['not at all', async () => {}],
      [
        'a chunk, then destroyed',
        async (stream) => {
          for await (const _chunk of stream) break;
        },
      ],
    ];
    for (const [how, read] of readers) {
      const app = streaming(async (request) => {
        const names: string[] = [];
        for await (const part of request.parts()) {
          names.push(part.name);
          if (part.kind === 'file') await read(part.stream);
        }
        return names;
      });
      expect(json(await ask(app, formOf(parts))), how).to.deep.equal(['a', 'f', 'b', 'g']);
    }
  });

  it('reads no faster than the parts are taken', async () => {
    let taken = 0;
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const app = streaming(
      async (request) => {
        for await (const part of request.parts()) {
          if (part.kind !== 'file') continue;
          await gate;
          for await (const chunk of part.stream) taken += chunk.length;
        }
        return taken;
      },
      { maxFileSize: 100 * MIB },
    );
    const body = formOf([file('f', Buffer.alloc(60 * MIB))]);
    await withServer(app, async (port, server) => {
      let received = () => 0;
      server.on('connection', (socket) => {
        received = () => socket.bytesRead;
      });
      await withSocket(port, async (client) => {
        const sent = client.send(requestOf(body));
        let last = -1;
        await eventually(async () => {
          const before = last;
          last = received();
          await sleep(50);
          return last > 0 && last === before;
        }, 'the server stops reading');
        expect(received()).to.be.below(2 * MIB);
        go();
        expect(result(await client.response())).to.equal(`200 ${60 * MIB}`);
        await sent;
      });
    });
  });

  it('can be left early; a file that was not read by then fails instead of waiting for ever', async () => {
    const app = streaming(async (request) => {
      for await (const part of request.parts()) {
        if (part.kind === 'file') {
          setImmediate(() => part.stream.resume());
          return text(part.stream).then(
            () => 'whole',
            (error: Error) => error.message,
          );
        }
      }
      return 'no file';
    });
    await withServer(app, (port) =>
      withSocket(port, async (client) => {
        for (const _round of [1, 2])
          expect(result(await client.exchange(requestOf(formOf(parts))))).to.equal(
            '200 Read a file before leaving parts()',
          );
      }),
    );
  });

  it('fails on a form that ends too early', async () => {
    const whole = formOf(parts);
    const app = () =>
      streaming(async (request) => {
        for await (const part of request.parts()) if (part.kind === 'file') await buffer(part.stream);
        return 'whole';
      });
    for (const length of [20, 1000, 300_000, whole.length - 20])
      expect((await ask(app(), whole.subarray(0, length))).status, `${length} bytes`).to.equal(400);
  });

  it('fails when the client leaves, in the middle of a file too', async () => {
    const caught: unknown[] = [];
    const counter = countRequests();
    const app = streaming(async (request) => {
      try {
        for await (const part of request.parts()) if (part.kind === 'file') await buffer(part.stream);
      } catch (error) {
        caught.push(error);
        throw error;
      }
    });
    const errors = errorsOf(app);
    app.middleware.unshift(counter);
    await withServer(app, (port) =>
      withSocket(port, async (client) => {
        await client.send(requestOf(formOf(parts)).subarray(0, 200_000));
        await eventually(() => counter.pending === 1, 'the request arrives');
        client.reset();
        await eventually(() => counter.pending === 0, 'the request is given up');
      }),
    );
    expect(caught).to.have.length(1);
    expect(caught[0]).to.have.property('status', 400);
    expectBroken(errors);
  });

  it('fails beyond the limits', async () => {
    const app = (uploads: UploadOptions) =>
      streaming(async (request) => {
        for await (const part of request.parts()) if (part.kind === 'file') await buffer(part.stream);
        return 'whole';
      }, uploads);
    for (const uploads of [{ maxFiles: 1 }, { maxFileSize: 599_999 }, { maxFields: 1 }, { maxParts: 3 }])
      expect((await ask(app(uploads), formOf(parts))).status, JSON.stringify(uploads)).to.equal(413);
    const fit = { maxFiles: 2, maxFileSize: 600_000, maxFields: 2, maxParts: 4 };
    expect(result(await ask(app(fit), formOf(parts)))).to.equal('200 whole');
  });

  it('works once: a second time is an error that says so', async () => {
    const AGAIN = /^The body was read already/;
    const again = async (request: Request) => {
      try {
        for await (const _part of request.parts());
        return 'read';
      } catch (error) {
        return error instanceof Error ? error.message : 'not an error';
      }
    };
    const twice = streaming(async (request) => [await again(request), await again(request)]);
    const [first, second] = JSON.parse(String((await ask(twice, formOf(parts))).body));
    expect(first).to.equal('read');
    expect(second).to.match(AGAIN);
    const atOnce = streaming((request) => Promise.all([again(request), again(request)]).then((both) => both.sort()));
    const both = JSON.parse(String((await ask(atOnce, formOf(parts))).body));
    expect(both[0]).to.match(AGAIN);
    expect(both[1]).to.equal('read');
    const consumed = streaming(async (request) => {
      await buffer(request.ctx.req);
      return again(request);
    });
    for (const body of [formOf(parts), '']) expect(String((await ask(consumed, body)).body)).to.match(AGAIN);
    class Spooled {
      index(request: Request) {
        return again(request);
      }
    }
    expect(String((await send(Spooled, parts)).body)).to.match(AGAIN);
  });

  it('answers 400 to a body that is no multipart form', async () => {
    const app = streaming(async (request) => {
      for await (const _part of request.parts());
    });
    expect((await ask(app, '{}', { type: 'application/json' })).status).to.equal(400);
    expect((await ask(app, '--b--', { type: 'multipart/form-data' })).status).to.equal(400);
  });

  it('leaves the connection usable when the handler reads nothing', async () => {
    const app = streaming(() => 'unread');
    await withServer(app, (port) =>
      withSocket(port, async (client) => {
        for (const _round of [1, 2, 3])
          expect(result(await client.exchange(requestOf(formOf(parts))))).to.equal('200 unread');
      }),
    );
  });
});
