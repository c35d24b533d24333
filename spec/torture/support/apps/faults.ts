import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import { Controller, micropie, type Request, type UploadedFile } from '../../../../lib/index.js';
import type { TortureApp, Witness } from '../witness.js';

/** Uploads into folders that have faults, and answers that take their time. */
export default function create(witness: Witness): TortureApp {
  let finals = 0;
  let saveTo = '';

  class Root extends Controller {
    size(data: UploadedFile) {
      witness.ran('size');
      return data.size;
    }

    async save(data: UploadedFile) {
      witness.ran('save');
      await data.save(saveTo);
      return 'saved';
    }

    plain() {
      witness.ran('plain');
      return 'plain';
    }

    fails() {
      witness.ran('fails');
      throw new Error('The handler fails');
    }

    visit() {
      witness.ran('visit');
      this.session['seen'] = true;
      return 'visited';
    }

    async slow(ms = 100) {
      witness.ran('slow');
      await sleep(ms);
      return 'slow';
    }

    async forEver() {
      witness.ran('forEver');
      const { signal } = this.request;
      if (!signal.aborted) await once(signal, 'abort');
      finals += 1;
      return 'aborted';
    }

    async *stream() {
      witness.ran('stream');
      try {
        for (;;) {
          yield 'x'.repeat(100);
          await sleep(5);
        }
      } finally {
        finals += 1;
      }
    }

    async *short() {
      witness.ran('short');
      yield 'a';
      await sleep(20);
      yield 'b';
    }

    large() {
      witness.ran('large');
      return Buffer.alloc(20 * 1024 * 1024);
    }

    async body(request: Request) {
      witness.ran('body');
      let files = 0;
      for await (const part of request.parts())
        if (part.kind === 'file') {
          part.stream.resume();
          await once(part.stream, 'close');
          files += 1;
        }
      return files;
    }

    static routes = { body: { body: 'stream' } } as const;
  }

  witness.watch(Root.prototype, Controller.prototype);
  const app = new Koa();
  let mount = micropie(Root);
  app.use((ctx, next) => mount(ctx, next));
  return {
    app,
    commands: {
      finals: () => finals,
      reset() {
        finals = 0;
      },
      saveTo(path) {
        saveTo = String(path);
      },
      uploadTo(path) {
        mount = micropie(Root, path ? { uploads: { dir: String(path) } } : {});
      },
      temp(path) {
        process.env['TMPDIR'] = String(path);
      },
      /** For good: nobody comes back from there. */
      becomeUser(id) {
        process.setuid?.(Number(id));
      },
    },
  };
}
