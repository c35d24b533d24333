import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  type Context,
  Controller,
  micropie,
  type Request,
  type Routes,
  reply,
  type UploadedFile,
} from '../../lib/index.js';
import { appOf, errorsOf, withServer } from '../support/app.js';
import { FORM_END, FORM_TYPE, file, formOf } from '../support/form.js';
import { begin, exchange, withHttp2 } from '../support/http2.js';
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

  class Never {
    index(data: UploadedFile) {
      return new Promise(() => data);
    }
  }

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

  it('whose client leaves while the handler runs, no temporary file waits for the handler to end', async () => {
    const app = appOf(micropie(Never));
    errorsOf(app);
    await withServer(app, (port) =>
      withSocket(port, async (client) => {
        await client.send(requestOf(upload));
        await eventually(async () => (await readdir(temporary)).length === 1, 'the file is stored');
        client.reset();
        await expectNothingLeft();
      }),
    );
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

describe('Files that nobody can see', () => {
  useFolders();

  const stored = () => readdirSync(temporary).length;
  class Plain {
    none() {
      return stored();
    }
    injected(ctx: Context) {
      return ctx.path && stored();
    }
    member(user = 'nobody') {
      return user && stored();
    }
    named(data: unknown) {
      return data && stored();
    }
    pattern({ data }: { data?: unknown }) {
      return data && stored();
    }
    all(request: Request) {
      return request.files && stored();
    }
    static routes = { member: { session: ['user'] } } satisfies Routes<Plain>;
  }
  class Extending extends Controller {
    none() {
      return stored();
    }
  }
  const hook = { afterRequest() {} };

  const ROUTES: [what: string, controller: new () => object, path: string, middlewares: object[], stored: number][] = [
    ['no parameters', Plain, '/none', [], 0],
    ['only the context', Plain, '/injected', [], 0],
    ["only the session's", Plain, '/member', [], 0],
    ['a name', Plain, '/named', [], 1],
    ['an object pattern', Plain, '/pattern', [], 1],
    ['the request', Plain, '/all', [], 1],
    ['no parameters, but a hook', Plain, '/none', [hook], 1],
    ['no parameters, but the base class', Extending, '/none', [], 1],
  ];
  for (const [what, controller, path, middlewares, folders] of ROUTES) {
    it(`are ${folders === 0 ? 'not stored' : 'stored'} where the handler takes ${what}`, async () => {
      const app = appOf(micropie(new controller(), { middlewares }));
      expect(result(await ask(app, formOf([file('data', 'x')]), { path }))).to.equal(`200 ${folders}`);
      await expectNothingLeft();
    });

    it(`are checked all the same where the handler takes ${what}`, async () => {
      const app = appOf(micropie(new controller(), { middlewares, uploads: { maxFileSize: 5, maxFiles: 1 } }));
      for (const [body, status] of [
        [formOf([file('data', '123456')]), 413],
        [formOf([file('data', 'x'), file('data', 'x')]), 413],
        [formOf([file('data', 'x')], { end: '' }), 400],
        ['--other--', 400],
        [formOf([file('data', '12345')]), 200],
      ] as const)
        expect((await ask(app, body, { path })).status).to.equal(status);
      await expectNothingLeft();
    });
  }
});

describe('Over HTTP/2 no temporary file is left', () => {
  useFolders();

  let calls = 0;
  let release = () => {};
  class Root {
    index(data: UploadedFile) {
      calls += 1;
      return data.size;
    }
    async slow(data: UploadedFile) {
      calls += 1;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return data.size;
    }
    streamed(data: UploadedFile) {
      calls += 1;
      return data.stream();
    }
  }
  beforeEach(() => {
    calls = 0;
  });
  const upload = formOf([file('data', randomBytes(100_000))]);
  const app = () => {
    const counter = countRequests();
    const made = appOf(counter, micropie(Root));
    errorsOf(made);
    return { app: made, counter };
  };

  it('of an upload that succeeds', async () => {
    await withHttp2(app().app, async (session) => {
      expect(await exchange(session, '/', FORM_TYPE, upload)).to.equal('200 100000');
      await expectNothingLeft();
    });
  });

  it('of an upload that is refused', async () => {
    await withHttp2(app().app, async (session) => {
      expect(await exchange(session, '/', FORM_TYPE, upload.subarray(0, 50_000))).to.match(/^400 /);
      await expectNothingLeft();
    });
  });

  it('of an upload that is cancelled midway, and no handler runs', async () => {
    const { app: made, counter } = app();
    await withHttp2(made, async (session) => {
      const stream = begin(session, '/', FORM_TYPE);
      stream.write(upload.subarray(0, 50_000));
      await eventually(async () => (await readdir(temporary)).length === 1, 'the file is being written');
      stream.cancel();
      await eventually(() => counter.pending === 0, 'the request is given up');
      await expectNothingLeft();
    });
    expect(calls).to.equal(0);
  });

  it('of a connection that breaks midway', async () => {
    const { app: made, counter } = app();
    await withHttp2(made, async (session) => {
      begin(session, '/', FORM_TYPE).write(upload.subarray(0, 50_000));
      await eventually(async () => (await readdir(temporary)).length === 1, 'the file is being written');
      session.destroy();
      await eventually(() => counter.pending === 0, 'the request is given up');
      await expectNothingLeft();
    });
    expect(calls).to.equal(0);
  });

  it('of a request that is cancelled while its handler runs', async () => {
    const { app: made, counter } = app();
    await withHttp2(made, async (session) => {
      const stream = begin(session, '/slow', FORM_TYPE);
      stream.end(upload);
      await eventually(() => calls === 1, 'the handler runs');
      stream.cancel();
      await eventually(() => stream.closed, 'the client has left');
      // The server is to know.
      await sleep(20);
      release();
      await eventually(() => counter.pending === 0, 'the handler ends');
      await expectNothingLeft();
    });
  });

  it('of a request that is cancelled while its file is the answer', async () => {
    await withHttp2(app().app, async (session) => {
      const stream = begin(session, '/streamed', FORM_TYPE);
      stream.end(formOf([file('data', Buffer.alloc(5 * MIB))]));
      await once(stream, 'response');
      stream.cancel();
      await expectNothingLeft();
    });
  });
});
