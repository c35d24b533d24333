import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import { Controller, micropie, type UploadedFile } from '../../../../lib/index.js';
import type { TortureApp, Witness } from '../witness.js';

/** One handler of each kind. */
export default function create(witness: Witness): TortureApp {
  class Root extends Controller {
    hello(name = 'Guest') {
      witness.ran('hello');
      return `Hello, ${name}!`;
    }

    sum(x = 0, y = 0) {
      witness.ran('sum');
      return { sum: x + y };
    }

    async later(n = 0) {
      witness.ran('later');
      await sleep((n * 7) % 11);
      return `later ${n}`;
    }

    fails(n = 0) {
      witness.ran('fails');
      throw new Error(`Handler ${n} fails`);
    }

    count(n = 0) {
      witness.ran('count');
      return witness.open(
        (async function* () {
          for (let at = 0; at < 3; at += 1) {
            await sleep(1);
            yield `${n}.${at} `;
          }
        })(),
      );
    }

    upload(file: UploadedFile) {
      witness.ran('upload');
      return file.text();
    }

    visit(n = 0) {
      witness.ran('visit');
      this.session['n'] = n;
      return `visit ${n}`;
    }

    async waits() {
      witness.ran('waits');
      const { signal } = this.request;
      if (!signal.aborted) await once(signal, 'abort');
      return 'late';
    }

    endless() {
      witness.ran('endless');
      return witness.open(
        (async function* () {
          for (;;) {
            await sleep(1);
            yield 'x';
          }
        })(),
      );
    }
  }

  witness.watch(Root.prototype, Controller.prototype);
  const app = new Koa();
  app.use(micropie(Root));
  return { app };
}
