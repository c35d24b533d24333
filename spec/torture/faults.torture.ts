import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { FORM_END, FORM_TYPE, file, formOf } from '../support/form.js';
import { eventually, post, type RawClient } from '../support/socket.js';
import { get, TortureServer, tortured } from './support/torture.js';

const MIB = 1024 * 1024;

function upload(path: string, size: number): Buffer {
  const form = formOf([file('data', Buffer.alloc(size, 'x'))]);
  return Buffer.concat([Buffer.from(post(path, FORM_TYPE, form.length)), form]);
}

/** The head of an upload, and the beginning of its file. */
function half(path: string): Buffer {
  const head = formOf([file('data', 'x'.repeat(1000))], { end: '' });
  return Buffer.concat([Buffer.from(post(path, FORM_TYPE, head.length + 1000 + FORM_END.length)), head]);
}

/** A disk of 1 MiB, where this user may make one. */
function mountSmallDisk(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a disk with faults', () => {
  const server = tortured('faults');
  let folder: string;
  let disk: string;
  let isMounted = false;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'koa-micropie-disk-'));
    disk = join(folder, 'disk');
    await mkdir(disk);
    isMounted = mountSmallDisk(disk);
  });

  afterEach(async () => {
    await server().tell('temp', server().temp);
    await server().tell('uploadTo');
  });

  after(async () => {
    if (isMounted) execFileSync('umount', [disk]);
    await rm(folder, { recursive: true, force: true });
  });

  const PLACES: Record<string, () => Promise<unknown>> = {
    'the folder for uploads': () => server().tell('uploadTo', disk),
    'the temporary folder': () => server().tell('temp', disk),
  };
  for (const [place, choose] of Object.entries(PLACES))
    describe(`${place} that is full`, () => {
      before(function () {
        if (!isMounted) this.skip();
      });
      beforeEach(choose);

      it('is an error of the server, keeps nothing, and works again when there is room', () =>
        server().trial({ handlers: ['size'], errors: 1 }, async (client) => {
          const response = await client.exchange(upload('/size', 3 * MIB));
          expect(response.status).to.be.oneOf([500, 507]);
          expect(response.body.toString()).not.to.include('/');
          await eventually(async () => (await readdir(disk)).length === 0, 'nothing is left');
          const { body } = await client.exchange(upload('/size', 1000));
          expect(body.toString()).to.equal('1000');
          await emptied();
        }));

      it('is so for many at once, without harm to others', async () => {
        const clients = await Promise.all(Array.from({ length: 10 }, () => server().connect()));
        const before = await server().begin();
        const statuses = await Promise.all(
          clients.map(async (client) => (await client.exchange(upload('/size', 2 * MIB))).status),
        );
        expect(new Set(statuses)).to.deep.equal(new Set([500]));
        for (const client of clients) {
          expect((await client.exchange(get('/plain'))).body.toString()).to.equal('plain');
          client.socket.destroy();
        }
        await emptied();
        await server().ledger({ handlers: Array(10).fill('plain'), errors: 10 }, before);
      });
    });

  describe('a target of save() that is full', () => {
    before(function () {
      if (!isMounted) this.skip();
    });

    for (const name of ['file.bin', ''])
      it(`leaves no half file there: ${name || 'a random name'}`, async () => {
        await server().tell('saveTo', join(disk, name));
        await server().trial({ handlers: ['save', 'save'], errors: 1 }, async (client) => {
          expect((await client.exchange(upload('/save', 3 * MIB))).status).to.equal(500);
          expect(await readdir(disk)).to.deep.equal([]);
          expect((await client.exchange(upload('/save', 1000))).body.toString()).to.equal('saved');
        });
        expect(await readdir(disk)).to.have.length(1);
        await emptied();
      });
  });

  /** Makes room for the next test. */
  async function emptied(): Promise<void> {
    for (const name of await readdir(disk)) await rm(join(disk, name), { recursive: true, force: true });
  }
});

describe('a folder that the server may not write to', () => {
  const server = tortured('faults');
  let forbidden: string;

  before(async () => {
    forbidden = await mkdtemp(join(tmpdir(), 'koa-micropie-forbidden-'));
    await chmod(forbidden, 0o555);
    await chmod(server().temp, 0o777);
    // What is loaded at first use shall not be what this user may not read.
    await server().trial({ handlers: ['size', 'visit'] }, async (client) => {
      await client.exchange(upload('/size', 10));
      await client.exchange(get('/visit'));
    });
    // Root may write anywhere.
    if (process.geteuid?.() === 0) await server().tell('becomeUser', 65534);
  });

  afterEach(async () => {
    await server().tell('temp', server().temp);
    await server().tell('uploadTo');
    expect(await readdir(forbidden)).to.deep.equal([]);
  });

  after(() => rm(forbidden, { recursive: true, force: true }));

  const WAYS: Record<string, () => Promise<unknown>> = {
    'for uploads': () => server().tell('uploadTo', forbidden),
    'for uploads, to be made there': () => server().tell('uploadTo', join(forbidden, 'below')),
    'for temporary files': () => server().tell('temp', forbidden),
  };
  for (const [what, choose] of Object.entries(WAYS))
    it(`${what} is an error of the server that tells no path`, async () => {
      await choose();
      await server().trial({ errors: 1, handlers: ['plain'] }, async (client) => {
        const { status, body } = await client.exchange(upload('/size', 100_000));
        expect(`${status} ${body}`).to.equal('500 Internal Server Error');
        expect((await server().report()).errors[0]?.text).to.include('EACCES');
        expect((await client.exchange(get('/plain'))).body.toString()).to.equal('plain');
      });
    });

  it('is no place for save(), which keeps nothing', async () => {
    await server().tell('saveTo', forbidden);
    await server().trial({ handlers: ['save'], errors: 1 }, async (client) => {
      expect((await client.exchange(upload('/save', 1000))).status).to.equal(500);
    });
  });
});

describe('a connection that breaks', () => {
  const server = tortured('faults');
  beforeEach(() => server().tell('reset'));

  const STAGES: [
    stage: string,
    request: string | Buffer,
    handler: string[],
    until: (client: RawClient) => Promise<unknown>,
  ][] = [
    ['before the headers are whole', 'GET /slow HTTP/1.1\r\nHo', [], () => sleep(10)],
    ['within the body', half('/size'), [], () => sleep(20)],
    ['while the handler works', get('/slow/50'), ['slow'], ran],
    ['while a handler waits for that', get('/forEver'), ['forEver'], ran],
    ['within a stream', get('/stream'), ['stream'], received],
    ['just before the last chunk', get('/short'), ['short'], received],
    ['within a large answer', get('/large'), ['large'], received],
    ['after the answer', get('/plain'), ['plain'], received],
    ['before the answer of an error', get('/fails'), ['fails'], ran],
    ['before a session is stored', get('/visit'), ['visit'], ran],
    ['within a body that is streamed to the handler', half('/body'), ['body'], ran],
  ];
  for (const how of ['reset', 'destroy', 'end'] as const)
    for (const [stage, request, handlers, until] of STAGES)
      it(`${stage}, by ${how}, is nobody's death`, () =>
        server().trial({ handlers, connection: 'either', errors: stage.includes('error') ? 1 : 0 }, async (client) => {
          await client.send(request);
          await until(client);
          if (how === 'reset') client.reset();
          else if (how === 'destroy') client.socket.destroy();
          else client.halfClose();
          if (how === 'end') await sleep(30);
        }));

  async function ran(): Promise<void> {
    await eventually(async () => (await server().report()).handlers.length === 1, 'the handler runs');
  }

  async function received(client: RawClient): Promise<void> {
    await eventually(() => client.socket.bytesRead > 0, 'the answer begins');
  }
});

describe('a server that closes', () => {
  let server: TortureServer;
  beforeEach(async () => {
    server = await TortureServer.start(new URL('./support/apps/faults.ts', import.meta.url));
  });
  afterEach(() => server.stop());

  async function atRest(): Promise<void> {
    await eventually(async () => {
      const { pending, open } = await server.report();
      return pending === 0 && open === 0 && (await readdir(server.temp)).length === 0;
    }, 'nothing is under way');
    const { failures, errors } = await server.report();
    expect(failures).to.deep.equal([]);
    expect(errors.filter(({ status, code }) => status >= 500 && code === 'undefined')).to.deep.equal([]);
  }

  it('finishes a request that is under way, and takes no more', async () => {
    const client = await server.connect();
    const slow = client.exchange(get('/slow/100'));
    await eventually(async () => (await server.report()).handlers.length === 1, 'it runs');
    await server.tell('close');
    const { body } = await slow;
    expect(body.toString()).to.equal('slow');
    const refused = await server.connect().then(
      () => 'taken',
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(refused).to.equal('ECONNREFUSED');
    await atRest();
  });

  it('closes idle connections at once', async () => {
    const client = await server.connect();
    await client.exchange(get('/plain'));
    await server.tell('close');
    await eventually(() => client.socket.readableEnded, 'the connection is closed');
    await atRest();
  });

  it('finishes an upload that is under way', async () => {
    const client = await server.connect();
    const bytes = upload('/size', 100_000);
    await client.send(bytes.subarray(0, 50_000));
    await eventually(async () => (await server.report()).pending === 1, 'it is under way');
    await server.tell('close');
    expect((await client.exchange(bytes.subarray(50_000))).body.toString()).to.equal('100000');
    await atRest();
  });

  const begun: Record<string, (client: RawClient) => Promise<boolean>> = {
    runs: async () => (await server.report()).handlers.length === 1,
    answers: async (client) => client.socket.bytesRead > 0,
    uploads: async () => (await server.report()).pending === 1,
  };
  for (const [what, request, sign, finals] of [
    ['a stream', get('/stream'), 'answers', 1],
    ['a request', get('/forEver'), 'runs', 1],
    ['an upload', half('/size'), 'uploads', 0],
    ['an upload that is streamed to its handler', half('/body'), 'runs', 0],
  ] as const)
    it(`and destroys its connections ends ${what}: signals abort, nothing is left`, async () => {
      const client = await server.connect();
      await client.send(request);
      await eventually(async () => (await begun[sign]?.(client)) ?? false, 'it is under way');
      await server.tell('close');
      await server.tell('destroy');
      await eventually(async () => (await server.tell('finals')) === finals, 'it has ended');
      await atRest();
      client.socket.destroy();
    });
});
