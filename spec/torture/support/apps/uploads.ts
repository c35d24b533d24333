import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import { type Context, micropie, type Request, reply, type UploadedFile } from '../../../../lib/index.js';
import { http2Commands } from '../http2.js';
import type { TortureApp, Witness } from '../witness.js';

/** Uploads of all kinds; what they are told to do with files is said in the query. */
export default function create(witness: Witness): TortureApp {
  let dir = '';
  let received = 0;

  class Root {
    all(request: Request) {
      witness.ran('all');
      const files = Object.values(request.files).flat();
      return {
        fields: Object.entries(request.bodyParams),
        files: files.map((file) => [file.field, file.filename, readFileSync(file.path(), 'latin1')]),
      };
    }

    async parts(request: Request) {
      witness.ran('parts');
      const fields: [string, string][] = [];
      const files: [string, string, string][] = [];
      for await (const part of request.parts()) {
        if (part.kind === 'field') fields.push([part.name, part.value]);
        else files.push([part.name, part.filename, Buffer.concat(await part.stream.toArray()).toString('latin1')]);
      }
      return { fields, files };
    }

    size(data: UploadedFile) {
      witness.ran('size');
      return data.size;
    }

    async save(data: UploadedFile) {
      witness.ran('save');
      return data.save(dir);
    }

    fails(data: UploadedFile) {
      witness.ran('fails');
      throw new Error(`The handler fails with ${data.size} bytes`);
    }

    failsAtOnce() {
      witness.ran('failsAtOnce');
      throw new Error('The handler fails');
    }

    async failsMidway(request: Request) {
      witness.ran('failsMidway');
      for await (const part of request.parts())
        if (part.kind === 'file') for await (const _chunk of part.stream) throw new Error('The handler fails');
    }

    async slowly(request: Request) {
      witness.ran('slowly');
      received = 0;
      for await (const part of request.parts())
        if (part.kind === 'file')
          for await (const chunk of part.stream) {
            received += chunk.length;
            await sleep(50);
          }
      return received;
    }

    async twice(request: Request) {
      witness.ran('twice');
      for await (const _part of request.parts());
      for await (const _part of request.parts());
    }

    async atOnce(request: Request) {
      witness.ran('atOnce');
      const read = async () => {
        for await (const part of request.parts()) if (part.kind === 'file') part.stream.resume();
        return 'read';
      };
      const results = await Promise.allSettled([read(), read()]);
      return results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.message));
    }

    async again(data: UploadedFile) {
      witness.ran('again');
      const [first, second] = await Promise.all([data.text(), data.bytes()]);
      return first === second.toString() && first === Buffer.concat(await data.stream().toArray()).toString();
    }

    none() {
      witness.ran('none');
      return 'none';
    }

    answers(data: UploadedFile, status = 200) {
      witness.ran('answers');
      return reply(status, data.size);
    }

    throws(data: UploadedFile, ctx: Context) {
      witness.ran('throws');
      ctx.throw(415, `${data.size} bytes`);
    }

    async waits(data: UploadedFile, ctx: Context) {
      witness.ran('waits');
      await new Promise((resolve) => ctx.res.once('close', resolve));
      return data.size;
    }

    static routes = Object.fromEntries(
      ['parts', 'failsAtOnce', 'failsMidway', 'slowly', 'twice', 'atOnce'].map((name) => [name, { body: 'stream' }]),
    ) as { parts: { body: 'stream' } };
  }

  /** Nobody here can see a file. */
  class Blind {
    none() {
      witness.ran('none');
      return 'none';
    }
  }

  const guard = { beforeRequest: () => reply(401, 'no') };
  witness.watch(Root.prototype);
  const app = new Koa();
  app.use(micropie(Root, { prefix: '/guarded', middlewares: [guard] }));
  app.use(micropie(Root, { prefix: '/small', uploads: { maxFileSize: 1000 } }));
  app.use(micropie(Root, { prefix: '/huge', uploads: { maxFileSize: 2 ** 31 } }));
  // The temporary folder itself, which every case has to leave empty.
  const kept = { dir: String(process.env['TMPDIR']) };
  app.use(micropie(Root, { prefix: '/kept', uploads: kept }));
  app.use(micropie(Root, { prefix: '/kept-guarded', middlewares: [guard], uploads: kept }));
  app.use(micropie(Root, { prefix: '/off', uploads: false }));
  app.use(micropie(Blind, { prefix: '/blind' }));
  app.use(micropie(Root));
  return {
    app,
    commands: {
      ...http2Commands(app),
      saveTo(path) {
        dir = String(path);
      },
      received: () => received,
    },
    server: { requestTimeout: 1000, connectionsCheckingInterval: 50 },
  };
}
