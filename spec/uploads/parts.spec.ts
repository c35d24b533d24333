import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Request, UploadOptions } from '../../lib/index.js';
import { errorsOf, withServer } from '../support/app.js';
import { field, file, formOf } from '../support/form.js';
import { countRequests } from '../support/pending.js';
import { eventually, withSocket } from '../support/socket.js';
import {
  ask,
  expectNothingLeft,
  json,
  MIB,
  requestOf,
  result,
  send,
  streaming,
  temporary,
  useFolders,
} from '../support/uploads.js';

describe('request.parts()', () => {
  useFolders();
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
    const body = formOf([file('f', Buffer.alloc(20 * MIB))]);
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
        expect(result(await client.response())).to.equal(`200 ${20 * MIB}`);
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
    const errors: unknown[] = [];
    const counter = countRequests();
    const app = streaming(async (request) => {
      try {
        for await (const part of request.parts()) if (part.kind === 'file') await buffer(part.stream);
      } catch (error) {
        errors.push(error);
        throw error;
      }
    });
    errorsOf(app);
    app.middleware.unshift(counter);
    await withServer(app, (port) =>
      withSocket(port, async (client) => {
        await client.send(requestOf(formOf(parts)).subarray(0, 200_000));
        await eventually(() => counter.pending === 1, 'the request arrives');
        client.reset();
        await eventually(() => counter.pending === 0, 'the request is given up');
      }),
    );
    expect(errors).to.have.length(1);
    expect(errors[0]).to.have.property('status', 400);
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
