import { expect } from 'chai';
import cookieSession from 'cookie-session';
import express from 'express';
import type { Middleware } from 'koa';
import { agent } from 'supertest';
import { expressSession } from '../../demo/in-express/express-session.js';
import { Controller, type HttpMiddleware, micropie, reply } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { plainProperty } from '../support/sessions.js';

class Root extends Controller {
  set(user: string) {
    this.session['user'] = user;
    return reply(200, 'set', { 'Cache-Control': 'public, max-age=60' });
  }
  user() {
    return String(this.session['user'] ?? 'nobody');
  }
  empty() {
    this.session = {};
    return 'empty';
  }
  end() {
    this.session = null;
    return 'ended';
  }
  endAndRead() {
    this.session = null;
    return this.user();
  }
  endAndBegin(user: string) {
    this.session = null;
    this.session['user'] = user;
    return this.user();
  }
  replace(user: string) {
    this.session = { user };
    return 'replaced';
  }
  fill(name: string) {
    this.session = { [name]: 'x' };
    return 'filled';
  }
}

const reading: HttpMiddleware = { afterRequest: ({ session }) => void session['user'] };

describe('a session of cookie-session', () => {
  const bridges: [title: string, bridge: Middleware][] = [
    ['a getter', expressSession],
    ['a plain property', plainProperty],
  ];
  for (const [title, bridge] of bridges)
    for (const hook of [undefined, reading])
      describe(`by ${title}${hook ? ', read once more by a hook' : ''}`, () => {
        function site() {
          const app = appOf(bridge, micropie(Root, { middlewares: hook ? [hook] : [] }));
          const site = express().set('env', 'test');
          site.use(cookieSession({ secret: 'pie' }), app.callback());
          return { app, visitor: agent(site) };
        }

        const table: [path: string, text: string, user: string][] = [
          ['/empty', 'empty', 'nobody'],
          ['/end', 'ended', 'nobody'],
          ['/endAndRead', 'nobody', 'nobody'],
          ['/endAndBegin/bob', 'bob', 'bob'],
          ['/replace/bob', 'replaced', 'bob'],
        ];
        for (const [path, text, user] of table)
          it(`is ${user}'s after ${path}`, async () => {
            const { visitor } = site();
            await visitor.get('/set/ada').expect(200);
            await visitor.get(path).expect(200, text);
            await visitor.get('/user').expect(200, user);
          });

        it('keeps its cookie out of shared caches', async () => {
          const { headers } = await site().visitor.get('/set/ada');
          expect([headers['cache-control'], headers['set-cookie']?.length]).to.deep.equal(['private, max-age=60', 2]);
        });

        it('loses nothing to data under a name that it has for itself', async () => {
          const { app, visitor } = site();
          const errors = errorsOf(app);
          await visitor.get('/set/ada');
          await visitor.get('/fill/isChanged').expect(500);
          expect(errors.map(({ name }) => name)).to.deep.equal(['TypeError']);
          await visitor.get('/user').expect(200, 'ada');
          await visitor.get('/fill/cookie').expect(200);
        });
      });
});
