import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { FORM_END, FORM_TYPE, type FormPart, field, file, formOf } from '../support/form.js';
import { begin as beginHttp2, exchange } from '../support/http2.js';
import { eventually, post, type RawClient, type RawResponse } from '../support/socket.js';
import { http2To, SECRET, TortureServer, tortured } from './support/torture.js';

const MIB = 1024 * 1024;

function request(path: string, body: Uint8Array, type = FORM_TYPE): Buffer {
  return Buffer.concat([Buffer.from(post(path, type, body.length)), body]);
}

/** The head of an upload and the beginning of its one file. */
function begin(path: string, size: number): Buffer {
  const head = formOf([file('data', '')], { end: '' });
  return Buffer.concat([Buffer.from(post(path, FORM_TYPE, head.length + size + FORM_END.length)), head]);
}

function json({ status, body }: RawResponse): unknown {
  expect(status, body.toString()).to.equal(200);
  return JSON.parse(body.toString());
}

/** Sends until the server has had enough of it, and tells how much that was. */
async function pour(client: RawClient, bytes: number): Promise<number> {
  const chunk = Buffer.alloc(MIB, 'x');
  let sent = 0;
  for (; sent < bytes && !client.socket.destroyed && client.socket.writable; sent += MIB) await client.send(chunk);
  return sent;
}

describe('multipart under torture', () => {
  const server = tortured('uploads');

  for (const path of ['/all', '/parts']) {
    const handler = path.slice(1);

    describe(`received by ${handler}`, () => {
      const PARTS: [what: string, parts: FormPart[], fields: unknown, files: unknown][] = [
        [
          'names of Object',
          ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a.__proto__.b', '__proto__[x]'].map((name) =>
            field(name, 'x'),
          ),
          ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a.__proto__.b', '__proto__[x]'],
          [],
        ],
        ['files by names of Object', [file('__proto__', 'x'), file('constructor', 'y')], [], ['file.txt', 'file.txt']],
        ['a file name with folders', [file('data', 'x', '../../etc/passwd')], [], ['passwd']],
        ['a file name of Windows', [file('data', 'x', 'C:\\\\a\\\\b')], [], ['b']],
        ['a file name of dots', [file('data', 'x', '..')], [], ['']],
        ['a device name', [file('data', 'x', 'CON.txt')], [], ['CON.txt']],
        ['a hidden name', [file('data', 'x', '.htaccess')], [], ['.htaccess']],
        ['a very long file name', [file('data', 'x', 'n'.repeat(4000))], [], ['n'.repeat(255)]],
        [
          'a text that says it is base64',
          [{ name: 'a', content: 'eA==', type: 'text/plain\r\nContent-Transfer-Encoding: base64' }],
          ['a'],
          [],
        ],
        ['a text of a strange charset', [{ name: 'a', content: 'x', type: 'text/plain; charset=bogus' }], ['a'], []],
        ['a file that is empty', [file('data', '')], [], ['file.txt']],
        ['the boundary within data', [file('data', '\r\n--a-boundar\r\n--a-boundary'.slice(0, -1))], [], ['file.txt']],
      ];
      for (const [what, parts, fields, files] of PARTS)
        it(`${what} does no harm`, () =>
          server().trial({ handlers: [handler] }, async (client) => {
            const answer = json(await client.exchange(request(path, formOf(parts)))) as {
              fields: [string][];
              files: [string, string, string][];
            };
            expect(answer.fields.map(([name]) => name)).to.deep.equal(fields);
            expect(answer.files.map(([, filename]) => filename)).to.deep.equal(files);
            const content = parts.filter(({ filename }) => filename !== undefined).map((part) => part.content);
            expect(answer.files.map(([, , text]) => text)).to.deep.equal(content);
          }));

      const NAMES: [what: string, disposition: string, filename: string][] = [
        ['%00 in the extended form', "filename*=UTF-8''a%00b.txt", 'ab.txt'],
        ['folders in the extended form', "filename*=UTF-8''..%2f..%2fpasswd", 'passwd'],
        ['a change of direction', "filename*=UTF-8''a%E2%80%AEtxt.exe", 'a\u202etxt.exe'],
      ];
      for (const [what, disposition, filename] of NAMES)
        it(`a file name with ${what} is a base name`, () =>
          server().trial({ handlers: [handler] }, async (client) => {
            const form = formOf([file('data', 'x', 'NAME')])
              .toString()
              .replace('filename="NAME"', disposition);
            const answer = json(await client.exchange(request(path, Buffer.from(form)))) as {
              files: [string, string][];
            };
            expect(answer.files.map(([, name]) => name)).to.deep.equal([filename]);
          }));

      const text = 'Content-Disposition: form-data; name="a"';
      const BODIES: [what: string, type: string, body: string, answer: 400 | string[]][] = [
        [
          'line breaks in a file name',
          'multipart/form-data; boundary=b',
          `--b\r\n${text}; filename*=UTF-8''a%0d%0ab.txt\r\n\r\nx\r\n--b--\r\n`,
          400,
        ],
        ['no boundary', 'multipart/form-data', '--b\r\n', 400],
        ['an empty boundary', 'multipart/form-data; boundary=', '--\r\n', 400],
        [
          'another boundary than announced',
          'multipart/form-data; boundary=b',
          `--c\r\n${text}\r\n\r\nx\r\n--c--\r\n`,
          400,
        ],
        ['a quoted boundary', 'multipart/form-data; boundary="b c"', `--b c\r\n${text}\r\n\r\nx\r\n--b c--\r\n`, ['a']],
        [
          'something before the first boundary',
          'multipart/form-data; boundary=b',
          `before\r\n--b\r\n${text}\r\n\r\nx\r\n--b--\r\n`,
          ['a'],
        ],
        [
          'something behind the last boundary',
          'multipart/form-data; boundary=b',
          `--b\r\n${text}\r\n\r\nx\r\n--b--\r\nbehind`,
          ['a'],
        ],
        ['bare line feeds', 'multipart/form-data; boundary=b', `--b\n${text}\n\nx\n--b--\n`, 400],
        ['no end', 'multipart/form-data; boundary=b', `--b\r\n${text}\r\n\r\nx`, 400],
        ['a last boundary with one dash', 'multipart/form-data; boundary=b', `--b\r\n${text}\r\n\r\nx\r\n--b-`, 400],
        [
          'a part of no name',
          'multipart/form-data; boundary=b',
          '--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n',
          400,
        ],
        [
          'a name of 300 characters',
          'multipart/form-data; boundary=b',
          `--b\r\nContent-Disposition: form-data; name="${'n'.repeat(300)}"\r\n\r\nx\r\n--b--\r\n`,
          400,
        ],
        ['nothing at all', 'multipart/form-data; boundary=b', '', 400],
        ['only its end', 'multipart/form-data; boundary=b', '--b--\r\n', []],
        [
          'a boundary of 300 characters',
          `multipart/form-data; boundary=${'b'.repeat(300)}`,
          `--${'b'.repeat(300)}\r\n${text}\r\n\r\nx\r\n--${'b'.repeat(300)}--\r\n`,
          400,
        ],
        [
          'a name of 10,000 brackets',
          'multipart/form-data; boundary=b',
          `--b\r\nContent-Disposition: form-data; name="${'a['.repeat(10_000)}"\r\n\r\nx\r\n--b--\r\n`,
          400,
        ],
      ];
      for (const [what, type, body, answer] of BODIES)
        it(`a form with ${what} is ${answer === 400 ? 'refused' : 'read'}`, () =>
          server().trial({ handlers: answer === 400 && path === '/all' ? [] : [handler] }, async (client) => {
            const response = await client.exchange(request(path, Buffer.from(body), type));
            if (answer === 400) expect(`${response.status} ${response.body}`).to.match(/^400 400 Bad Request/);
            else expect((json(response) as { fields: [string][] }).fields.map(([name]) => name)).to.deep.equal(answer);
          }));

      const LIMITS: [what: string, form: () => Buffer, status: number][] = [
        ['1,001 parts', () => formOf(Array.from({ length: 1001 }, (_, n) => field(`a${n}`, 'x'))), 413],
        ['257 fields', () => formOf(Array.from({ length: 257 }, (_, n) => field(`a${n}`, 'x'))), 413],
        ['11 files', () => formOf(Array.from({ length: 11 }, () => file('data', 'x'))), 413],
        ['5,000 empty parts', () => formOf(Array.from({ length: 5000 }, () => field('a', ''))), 413],
        ['a field of 1 MiB and a byte', () => formOf([field('a', 'x'.repeat(MIB + 1))]), 413],
        ['a field of 64 KiB and a byte', () => formOf([field('a', 'x'.repeat(64 * 1024 + 1))]), 413],
        ['a file of 10 MiB and a byte', () => formOf([file('data', Buffer.alloc(10 * MIB + 1))]), 413],
        ['the name of a part that is 300 long', () => formOf([field('n'.repeat(300), SECRET)]), 400],
      ];
      for (const [what, form, status] of LIMITS)
        it(`${what} is ${status}`, () =>
          server().trial({ handlers: path === '/all' ? [] : [handler] }, async (client) => {
            const response = await client.exchange(request(path, form()));
            expect(response.status).to.equal(status);
            expect(response.body.toString()).not.to.include(SECRET);
          }));

      it('a head of a part of 100 KB is no way to take memory', () =>
        server().trial({ handlers: [handler], connection: 'either' }, async (client) => {
          const form = formOf([{ name: 'a', content: 'x', type: 'x'.repeat(100_000) }]);
          expect((await client.exchange(request(path, form))).status).to.be.oneOf([200, 400, 413]);
        }));

      it('files at their limit are whole, and one byte more is 413, in whichever pieces they come', () =>
        server().trial({ handlers: path === '/all' ? [handler] : [handler, handler, handler] }, async (client) => {
          expect(
            (await client.exchange(request(`/small${path}`, formOf([file('data', 'x'.repeat(1000))])))).status,
          ).to.equal(200);
          const over = request(`/small${path}`, formOf([file('data', 'x'.repeat(1001))]));
          expect((await client.exchange(over)).status).to.equal(413);
          const edge = over.length - FORM_END.length - 1;
          await client.send(over.subarray(0, edge));
          await sleep(20);
          expect((await client.exchange(over.subarray(edge))).status).to.equal(413);
        }));

      it('is the same split at every byte', () => {
        const form = request(
          path,
          formOf([field('a', 'b\r\n-'), file('data', '\r\n--a-boundar-\r\n\0\xff'), field('c', 'd')]),
        );
        return server().trial({ handlers: Array(form.length + 1).fill(handler) }, async (client) => {
          client.socket.setNoDelay(true);
          const whole = json(await client.exchange(form));
          for (let at = 0; at < form.length; at += 1) {
            await client.send(form.subarray(0, at));
            // The server is to see two pieces.
            await new Promise(setImmediate);
            expect(json(await client.exchange(form.subarray(at))), `split at ${at}`).to.deep.equal(whole);
          }
        });
      });

      it('is the same in pieces of one byte', () => {
        const form = request(path, formOf([field('a', 'b'), file('data', '\r\n--a-boundar-')]));
        return server().trial({ handlers: [handler, handler] }, async (client) => {
          client.socket.setNoDelay(true);
          const whole = json(await client.exchange(form));
          for (const byte of form.subarray(0, -1)) {
            await client.send(Buffer.of(byte));
            await new Promise(setImmediate);
          }
          expect(json(await client.exchange(form.subarray(-1)))).to.deep.equal(whole);
        });
      });

      it('a line of data that begins like the boundary is refused, or data', async () => {
        const before = await server().begin();
        const client = await server().connect();
        const response = await client.exchange(request(path, formOf([file('data', '\r\n--a-boundary-\r\n')])));
        client.socket.destroy();
        const { handlers } = await server().report();
        expect(response.status).to.be.oneOf([200, 400]);
        if (response.status === 200)
          expect(json(response)).to.have.nested.property('files[0][2]', '\r\n--a-boundary-\r\n');
        await server().ledger({ handlers: response.status === 400 && path === '/all' ? [] : handlers }, before);
      });

      it('50 resets after a tenth of a file leave nothing behind', async () => {
        const before = await server().begin();
        const clients = await Promise.all(Array.from({ length: 50 }, () => server().connect()));
        await Promise.all(
          clients.map((client) => client.send(Buffer.concat([begin(path, MIB), Buffer.alloc(MIB / 10)]))),
        );
        await eventually(async () => (await server().report()).pending === 50, 'all of them are under way');
        for (const client of clients) client.reset();
        await server().ledger(
          { handlers: path === '/all' ? [] : Array(50).fill(handler), connection: 'either' },
          before,
        );
      });

      it('a file that ends early by a half close is never a success', () =>
        server().trial({ handlers: path === '/all' ? [] : [handler], connection: 'either' }, async (client) => {
          await client.send(Buffer.concat([begin(path, 1000), Buffer.alloc(100)]));
          if (path === '/parts')
            await eventually(async () => (await server().report()).handlers.length === 1, 'it runs');
          client.halfClose();
          const status = await client.response().then(
            (response) => response.status,
            () => 'nothing',
          );
          expect(status).to.be.oneOf([400, 'nothing']);
        }));

      it('longer than the request may take is 408, and nothing stays', () =>
        server().trial({ handlers: path === '/all' ? [] : [handler], connection: 'closed' }, async (client) => {
          await client.send(begin(path, MIB));
          const drip = setInterval(() => client.send('x'), 20);
          const { status } = await client.response().finally(() => clearInterval(drip));
          expect(status).to.equal(408);
        }));
    });
  }

  describe('an upload of 1 GiB that nobody wants', () => {
    const CASES: [what: string, path: string, handlers: string[], status: number, errors: number][] = [
      ['since the handler fails at once', '/huge/failsAtOnce', ['failsAtOnce'], 500, 1],
      ['since the handler fails midway', '/huge/failsMidway', ['failsMidway'], 500, 1],
      ['since a hook refuses it', '/guarded/all', [], 401, 0],
      ['since a hook refuses it, by a handler that reads for itself', '/guarded/parts', [], 401, 0],
      ['since the file is too large', '/all', [], 413, 0],
    ];
    for (const [what, path, handlers, status, errors] of CASES)
      it(`${what} is answered at once and cut off`, () =>
        server().trial({ handlers, errors, connection: 'closed' }, async (client) => {
          await client.send(begin(path, 1024 * MIB));
          const began = performance.now();
          const pouring = pour(client, 200 * MIB);
          expect((await client.response()).status).to.equal(status);
          expect(performance.now() - began, 'milliseconds').to.be.below(1000);
          expect(await pouring, 'bytes that it took').to.be.below(64 * MIB);
        }));

    it('in one field without a file name is 413 early', () =>
      server().trial({ connection: 'closed' }, async (client) => {
        const head = formOf([field('a', '')], { end: '' });
        await client.send(Buffer.concat([Buffer.from(post('/huge/all', FORM_TYPE, 500 * MIB)), head]));
        const { memory } = await server().report();
        const pouring = pour(client, 200 * MIB);
        expect((await client.response()).status).to.equal(413);
        expect(await pouring, 'bytes that it took').to.be.below(64 * MIB);
        expect((await server().report()).memory - memory, 'bytes of memory').to.be.below(48 * MIB);
      }));
  });

  describe('uploads that nothing may keep', () => {
    const upload = formOf([file('data', 'x'.repeat(200_000)), file('other', 'y')]);
    const CUT = upload.subarray(0, 150_000);
    const CASES: [what: string, path: string, body: Uint8Array, handlers: string[], status: number, errors?: number][] =
      [
        ['a handler that takes none', '/kept/none', upload, ['none'], 200],
        ['a handler that takes none, of a class that can see none', '/blind/none', upload, ['none'], 200],
        ['a form cut short, for a class that can see none', '/blind/none', CUT, [], 400],
        ['reply(401)', '/kept/answers?status=401', upload, ['answers'], 401],
        ['reply(413)', '/kept/answers?status=413', upload, ['answers'], 413],
        ['a thrown 415', '/kept/throws', upload, ['throws'], 415],
        ['a thrown Error', '/kept/fails', upload, ['fails'], 500, 1],
        ['a hook that answers 401', '/kept-guarded/answers', upload, [], 401],
        ['a file that is too large', '/kept/answers', formOf([file('data', Buffer.alloc(10 * MIB + 1))]), [], 413],
        ['a form cut short', '/kept/answers', CUT, [], 400],
        ['a missing parameter', '/kept/answers', formOf([file('other', 'x')]), [], 400],
        ['uploads: false', '/off/answers', upload, [], 415],
        ['uploads: false and parts()', '/off/parts', upload, ['parts'], 415],
      ];
    for (const [what, path, body, handlers, status, errors = 0] of CASES)
      it(`${what} leaves nothing`, () =>
        server().trial({ handlers, errors }, async (client) => {
          expect((await client.exchange(request(path, body))).status).to.equal(status);
        }));

    it('a reset within an upload to uploads.dir leaves nothing', () =>
      server().trial({ connection: 'either' }, async (client) => {
        await client.send(Buffer.concat([begin('/kept/answers', MIB), Buffer.alloc(MIB / 2)]));
        await eventually(async () => (await readdir(server().temp)).length > 0, 'it is being written');
        client.reset();
      }));

    it('uploads.dir does keep what a handler was given and has taken', async () => {
      const client = await server().connect();
      expect((await client.exchange(request('/kept/answers', upload))).status).to.equal(200);
      client.socket.destroy();
      await eventually(async () => (await readdir(server().temp)).length === 1, 'the other file is deleted');
      const [kept = ''] = await readdir(server().temp);
      const content = await readFile(join(server().temp, kept), 'utf8');
      await rm(join(server().temp, kept));
      expect(content).to.equal('x'.repeat(200_000));
    });
  });

  describe('over HTTP/2', () => {
    const session = http2To(server);
    // The connection of HTTP/1 that a trial opens is not used, and may reach its timeout.
    const ASIDE = { connection: 'either' } as const;
    const upload = formOf([file('data', 'x'.repeat(200_000))]);
    const pending = () => server().tell<number>('http2Pending');

    it('an upload without a length is received, and its file deleted', () =>
      server().trial({ ...ASIDE, handlers: ['size'] }, async () => {
        expect(await exchange(session(), '/size', FORM_TYPE, upload)).to.equal('200 200000');
      }));

    for (const path of ['/size', '/kept/answers', '/blind/none'])
      it(`50 uploads that are cancelled midway leave nothing, and no handler runs: ${path}`, () =>
        server().trial(ASIDE, async () => {
          const streams = Array.from({ length: 50 }, () => beginHttp2(session(), path, FORM_TYPE));
          for (const stream of streams) stream.write(upload.subarray(0, 20_000));
          await eventually(async () => (await pending()) === 50, 'all are under way');
          for (const stream of streams) stream.cancel();
          await eventually(async () => (await pending()) === 0, 'all are given up');
        }));

    it('a connection that breaks midway leaves nothing', () =>
      server().trial(ASIDE, async () => {
        beginHttp2(session(), '/size', FORM_TYPE).write(upload.subarray(0, 20_000));
        await eventually(async () => (await readdir(server().temp)).length > 0, 'it is being written');
        session().destroy();
        await eventually(async () => (await pending()) === 0, 'it is given up');
      }));
  });

  it('SIGKILL during uploads leaves folders, and the next start deletes them', async () => {
    const module = new URL('./support/apps/uploads.ts', import.meta.url);
    const killed = await TortureServer.start(module);
    const client = await killed.connect();
    await client.send(Buffer.concat([begin('/size', MIB), Buffer.alloc(MIB / 2)]));
    await eventually(async () => (await readdir(killed.temp)).length > 0, 'it is being written');
    await killed.kill();
    expect(await readdir(killed.temp)).to.have.length(1);
    const next = await TortureServer.start(module, { temp: killed.temp });
    try {
      await eventually(async () => (await readdir(next.temp)).length === 0, 'it is deleted');
    } finally {
      await next.stop();
    }
  });

  it('a slow reader makes a fast sender wait', () =>
    server().trial({ handlers: ['slowly'], connection: 'either' }, async (client) => {
      const { memory } = await server().report();
      await client.send(begin('/huge/slowly', 200 * MIB));
      let sent = 0;
      const pouring = (async () => {
        for (; sent < 200 * MIB && !client.socket.destroyed; sent += MIB) await client.send(Buffer.alloc(MIB));
      })();
      await sleep(700);
      expect(sent, 'bytes that were taken').to.be.below(32 * MIB);
      expect((await server().report()).memory - memory, 'bytes of memory').to.be.below(32 * MIB);
      expect(await server().tell('received')).to.be.above(0);
      client.reset();
      await pouring;
    }));

  describe('what is read', () => {
    const upload = formOf([file('data', 'content')]);

    it('can be read as often as one likes when it lies on disk', () =>
      server().trial({ handlers: ['again'] }, async (client) => {
        expect(json(await client.exchange(request('/again', upload)))).to.equal(true);
      }));

    it('by parts() a second time is a clear error', async () => {
      await server().trial({ handlers: ['twice'], errors: 1 }, async (client) => {
        expect((await client.exchange(request('/twice', upload))).status).to.equal(500);
      });
    });

    it('by parts() twice side by side is a clear error for the second', () =>
      server().trial({ handlers: ['atOnce'] }, async (client) => {
        const [first, second] = json(await client.exchange(request('/atOnce', upload))) as string[];
        expect(first).to.equal('read');
        expect(second).to.include('The body was read already');
      }));

    it('goes when the handler fails', () =>
      server().trial({ handlers: ['fails'], errors: 1 }, async (client) => {
        expect((await client.exchange(request('/fails', upload))).status).to.equal(500);
      }));

    it('goes when the client leaves while the handler works', () =>
      server().trial({ handlers: ['waits'], connection: 'either' }, async (client) => {
        await client.send(request('/waits', upload));
        await eventually(async () => (await server().report()).handlers.length === 1, 'the handler runs');
        client.reset();
      }));
  });

  describe('save()', () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'koa-micropie-saved-'));
    });
    after(() => rm(folder, { recursive: true, force: true }));

    for (const filename of ['../../escaped', '/etc/escaped', '..', 'CON.txt', '.htaccess'])
      it(`into a folder does not care for the file's name: ${filename}`, async () => {
        await server().tell('saveTo', folder);
        await server().trial({ handlers: ['save'] }, async (client) => {
          const { body } = await client.exchange(request('/save', formOf([file('data', 'x', filename)])));
          expect(body.toString())
            .to.match(/\/[\da-f-]{36}$/)
            .and.satisfy((path: string) => path.startsWith(folder));
        });
        expect((await readdir(folder)).every((name) => /^[\da-f-]{36}$/.test(name))).to.equal(true);
      });

    it('into a folder that is not there is 500, and leaves nothing', async () => {
      await server().tell('saveTo', join(folder, 'missing/'));
      await server().trial({ handlers: ['save'], errors: 1 }, async (client) => {
        expect((await client.exchange(request('/save', formOf([file('data', 'x')])))).status).to.equal(500);
      });
    });
  });
});
