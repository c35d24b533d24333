import { expect } from 'chai';
import type { Middleware } from 'koa';
import session from 'koa-session';
import { Controller, type HttpMiddleware, micropie } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { visitor } from '../support/sessions.js';

describe('whether a request used its session', () => {
  class Root extends Controller {
    plain() {
      return 'plain';
    }

    login() {
      this.session['user'] = 'ada';
    }

    ambient() {
      return { user: this.session['user'] };
    }

    context() {
      return { user: this.ctx.session['user'] };
    }

    bound(user = 'nobody') {
      return { user };
    }

    missing(other = 'nothing') {
      return { other };
    }

    end() {
      this.session = null;
    }

    hook() {
      return 'hook';
    }
  }

  const hook: HttpMiddleware = {
    beforeRequest: (request) => void (request.route?.name === 'hook' && request.session['user']),
  };

  const expected: Record<string, boolean> = {
    '/plain': false,
    '/missing': false,
    '/bound': true,
    '/ambient': true,
    '/context': true,
    '/hook': true,
    '/bound/eve': false,
    '/end': true,
  };

  for (const own of ['its own', "the app's own"])
    it(`is known, with ${own} session`, async () => {
      const seen: unknown[] = [];
      const app = appOf();
      if (own === "the app's own") app.use(session({ signed: false }, app));
      const note: Middleware = async (ctx, next) => {
        await next();
        seen.push(ctx.response.get('Cache-Control') === 'private');
      };
      app.use(note).use(micropie(Root, { middlewares: [hook] }));
      const browser = visitor(app);
      await browser.get('/plain');
      await browser.get('/login');
      for (const path of Object.keys(expected)) await browser.get(path);
      expect(seen).to.deep.equal([false, true, ...Object.values(expected)]);
    });
});
