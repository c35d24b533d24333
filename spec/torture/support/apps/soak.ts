import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import { Controller, micropie, type Request, type UploadedFile } from '../../../../lib/index.js';
import type { TortureApp, Witness } from '../witness.js';

/** The event loop's delay, in milliseconds. */
export interface Delay {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** One handler for each feature. Started with `--expose-gc`. */
export default function create(witness: Witness): TortureApp {
  class Root extends Controller<{ visits?: number }> {
    index() {
      return 'Welcome';
    }

    greet(name = 'Guest', times = 1) {
      return `Hello, ${name}!`.repeat(times);
    }

    save(title = '', tags: string[] = []) {
      return { title, tags };
    }

    visit() {
      this.session.visits = (this.session.visits ?? 0) + 1;
      return this.session.visits;
    }

    async upload(data: UploadedFile, title = '') {
      return { title, size: data.size, length: (await data.bytes()).length };
    }

    async parts(request: Request) {
      let size = 0;
      for await (const part of request.parts())
        if (part.kind === 'file') for await (const chunk of part.stream) size += chunk.length;
      return { size };
    }

    stream(count = 10) {
      return witness.open(this.#lines(count));
    }

    endless() {
      return witness.open(this.#lines(Number.POSITIVE_INFINITY));
    }

    late() {
      return sleep(20, 'late');
    }

    fail() {
      throw Object.assign(new Error('raised on purpose'), { status: 500, expected: true });
    }

    refuse(count: number) {
      this.ctx.throw(422, `${count}`);
    }

    async *#lines(count: number) {
      for (let index = 0; index < count && !this.request.signal.aborted; index += 1) {
        if (index % 5 === 4) await sleep(1);
        yield `line ${index} of ${this.ctx.path}\n`;
      }
    }

    static routes = { parts: { body: 'stream' } };
  }

  const hook = { afterRequest: () => ({ headers: [['X-Hooked', 'yes']] as const }) };
  const delay = monitorEventLoopDelay({ resolution: 1 });
  witness.watch(Root.prototype);
  const app = new Koa();
  app.use(micropie(Root, { middlewares: [hook] }));
  return {
    app,
    server: { headersTimeout: 60_000 },
    commands: {
      watchDelay: () => {
        delay.reset();
        delay.enable();
      },
      delay: (): Delay => {
        delay.disable();
        const [median, p99] = [50, 99].map((percentile) => delay.percentile(percentile) / 1e6);
        return { median: median ?? 0, p99: p99 ?? 0, max: delay.max / 1e6 };
      },
      heap: async () => {
        // Finalizers run between collections.
        for (let round = 0; round < 3; round += 1) {
          globalThis.gc?.();
          await sleep(20);
        }
        return process.memoryUsage().heapUsed;
      },
    },
  };
}
