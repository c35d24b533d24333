import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import createError from 'http-errors';
import Koa from 'koa';
import { Controller, type HttpMiddleware, micropie, type Request, reply } from '../../../../lib/index.js';
import type { TortureApp, Witness } from '../witness.js';

export default function create(witness: Witness): TortureApp {
  // Not in the temporary folder of the test, which is to be empty after each.
  const folder = mkdtempSync(join(tmpdir(), '../koa-micropie-views-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const views = join(folder, 'views');
  mkdirSync(join(views, 'sub'), { recursive: true });
  writeFileSync(join(folder, 'secret.ejs'), 'SECRET');
  writeFileSync(join(folder, 'secret'), 'SECRET');
  writeFileSync(join(views, 'page.ejs'), '<h1><%= typeof title === "undefined" ? "none" : title %></h1>');
  writeFileSync(join(views, 'sub/p.ejs'), 'below');
  writeFileSync(join(views, 'includes.ejs'), '<%- await include(what) %>');
  writeFileSync(join(views, 'broken.ejs'), '<% if ( %>');
  writeFileSync(join(views, 'throws.ejs'), '<% throw new Error("in the template") %>');
  symlinkSync(join(folder, 'secret.ejs'), join(views, 'link.ejs'));

  let aborted = 0;
  const thrown: Record<string, () => unknown> = {
    undefined: () => undefined,
    null: () => null,
    number: () => 42,
    symbol: () => Symbol('x'),
    function: () => () => {},
    object: () => ({ status: 418, message: 'mine', expose: true }),
    frozen: () => Object.freeze(new Error('frozen')),
    proxy: () => new Proxy(new Error('x'), {}),
    trap: () => Object.defineProperty(new Error('x'), 'status', { get: () => Math.sqrt(Reflect.get({}, 'x').y) }),
    html: () => createError(400, '<script>alert(1)</script>'),
    breaks: () => createError(400, 'a\r\nX-Injected: b'),
    headers: () => createError(400, 'x', { headers: { 'X-Bad': 'a\r\nX-Injected: b' } }),
    status: () => Object.assign(new Error('x'), { status: 99 }),
    stack: () => Object.assign(new Error('at /secret/path'), { expose: false }),
  };

  class Root extends Controller {
    throws(what: string) {
      witness.ran('throws');
      throw thrown[what]?.();
    }

    rejects() {
      witness.ran('rejects');
      return Promise.reject();
    }

    late() {
      witness.ran('late');
      return 'answered';
    }

    returns(what: string): unknown {
      witness.ran('returns');
      const cycle: Record<string, unknown> = {};
      cycle['self'] = cycle;
      const values: Record<string, unknown> = {
        cycle,
        bigint: 1n,
        function: () => {},
        symbol: Symbol('x'),
        class: Root,
        list: [200, 'x'],
      };
      return values[what];
    }

    status(status: unknown) {
      witness.ran('status');
      return reply(Number(status), 'x');
    }

    header(name: string, value: string) {
      witness.ran('header');
      return reply(200, 'x', [[name, value]]);
    }

    go(to: string) {
      witness.ran('go');
      return this.redirect(to);
    }

    page(request: Request) {
      witness.ran('page');
      return this.render('page', request.json() as Record<string, unknown>);
    }

    view(name: string) {
      witness.ran('view');
      return this.render(name);
    }

    include(what: string) {
      witness.ran('include');
      return this.render('includes', { what });
    }

    admin() {
      witness.ran('admin');
      return 'admin';
    }
  }

  const hooks: Record<string, HttpMiddleware> = {
    answers: { beforeRequest: () => reply(401, 'no') },
    throws: { beforeRequest: () => Promise.reject(createError(403)) },
    undefined: { beforeRequest: () => Promise.reject() },
    body: {
      beforeRequest({ ctx }) {
        ctx.body = 'from the hook';
      },
    },
    number: { beforeRequest: () => 42 as never },
    list: { beforeRequest: () => [401, 'no'] as never },
    empty: { beforeRequest: () => ({}) as never },
    status: { beforeRequest: () => ({ statusCode: 99, body: 'x' }) },
    slow: {
      async beforeRequest({ signal }) {
        signal.addEventListener('abort', () => {
          aborted += 1;
        });
        await sleep(60_000, undefined, { signal });
      },
    },
    admins: {
      beforeRequest: ({ route }) => (route?.name === 'admin' ? reply(401, 'admins only') : undefined),
    },
    after: { afterRequest: () => Promise.reject(new Error('The after hook fails')) },
    odd: { afterRequest: () => 42 as never },
    error: {
      beforeRequest: () => Promise.reject(new Error('first')),
      onError: () => Promise.reject(new Error('second')),
    },
    recovers: {
      beforeRequest: () => Promise.reject(new Error('first')),
      onError: () => reply(503, 'later'),
    },
    renders: {
      beforeRequest: () => Promise.reject(new Error('first')),
      onError: () => new Root().render('missing') as never,
    },
  };

  witness.watch(Root.prototype, Controller.prototype);
  const app = new Koa();
  for (const [name, hook] of Object.entries(hooks))
    app.use(micropie(Root, { prefix: `/hooks/${name}`, middlewares: [hook] }));
  app.use(micropie(Root, { views }));
  return { app, commands: { aborted: () => aborted } };
}
