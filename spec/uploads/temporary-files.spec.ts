import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { micropie, type Request, reply, type UploadedFile } from '../../lib/index.js';
import { appOf, errorsOf, withServer } from '../support/app.js';
import { FORM_END, FORM_TYPE, file, formOf } from '../support/form.js';
import { countRequests } from '../support/pending.js';
import { eventually, post, type RawClient, withSocket } from '../support/socket.js';
import { ask, expectNothingLeft, folder, MIB, requestOf, result, temporary, useFolders } from '../support/uploads.js';

describe('After an upload', () => {
  useFolders();

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
      errorsOf(app);
      expect((await ask(app, body, { path })).status).to.equal(status);
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
      errorsOf(app);
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
      await expectNothingLeft();
    });

  it('whose client leaves while the handler runs, no temporary file is left', async () => {
    const counter = countRequests();
    const app = appOf(counter, micropie(Root));
    errorsOf(app);
    await withServer(app, (port) =>
      withSocket(port, async (client) => {
        await client.send(requestOf(upload, '/slow'));
        await eventually(() => calls === 1, 'the handler runs');
        client.reset();
        await eventually(() => counter.pending === 0, 'the handler ends');
      }),
    );
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
