import { expect } from 'chai';
import type Koa from 'koa';
import { type Context, type HttpMiddleware, micropie, reply, sessions } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { cookiesSetBy, Pad, RecordingBackend, visitor } from '../support/sessions.js';

describe('what a session is when the request did not go well', () => {
  class Root extends Pad {
    fail(value: string) {
      this.session['a'] = value;
      throw new Error('no');
    }

    async login() {
      await this.ctx.session.regenerate();
      this.session['user'] = 'alice';
      this.ctx.throw(403, 'The second factor is missing');
    }

    refuse(value: string) {
      this.session['a'] = value;
      return reply(403, 'no');
    }
  }

  it('is saved with an answer of any status, and with one that a before hook gives', async () => {
    const hook: HttpMiddleware = {
      beforeRequest: (request) => {
        if (request.ctx.path !== '/plain') return undefined;
        request.session['a'] = 'hook';
        return { statusCode: 401, body: 'no' };
      },
    };
    const browser = visitor(appOf(micropie(Root, { middlewares: [hook] })));
    expect(cookiesSetBy(await browser.get('/plain').expect(401))).to.have.lengthOf(1);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: 'hook' });
    await browser.get('/refuse/403').expect(403);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '403' });
  });

  const format: HttpMiddleware = { onError: (_request, error) => reply(418, error.message) };
  const ANSWERS: [how: string, app: (backend: RecordingBackend) => Koa][] = [
    ['that nobody answers', (sessionBackend) => appOf(micropie(Root, { sessionBackend }))],
    ['that a hook answers', (sessionBackend) => appOf(micropie(Root, { sessionBackend, middlewares: [format] }))],
    ['that a hook answers behind sessions()', (backend) => behindSessions(backend, [format])],
    ['that nobody answers behind sessions()', (backend) => behindSessions(backend, [])],
    [
      'that the app answers',
      (backend) => appOf(sessions({ backend }), (ctx, next) => next().catch(() => (ctx.status = 418)), micropie(Root)),
    ],
  ];

  function behindSessions(backend: RecordingBackend, middlewares: HttpMiddleware[]): Koa {
    return appOf(sessions({ backend }), micropie(Root, { middlewares }));
  }

  for (const [how, make] of ANSWERS) {
    it(`is saved after an error where there was one before, and not begun by one ${how}`, async () => {
      const backend = new RecordingBackend();
      const app = make(backend);
      errorsOf(app);
      const browser = visitor(app);
      expect(cookiesSetBy(await browser.get('/fail/1'))).to.deep.equal([]);
      expect(backend.saves).to.deep.equal([]);
      await browser.get('/put/a/0').expect(200);
      expect((await browser.get('/fail/1')).status).to.be.oneOf([418, 500]);
      expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    });

    it(`is nobody's new one after a login that fails with an error ${how}`, async () => {
      const app = make(new RecordingBackend());
      errorsOf(app);
      for (const path of ['/plain', '/put/cart/1']) {
        const browser = visitor(app);
        await browser.get(path).expect(200);
        expect(cookiesSetBy(await browser.get('/login'))).to.deep.equal([]);
        expect((await browser.get('/take/user')).body).to.deep.equal({ value: null });
      }
    });
  }

  it('is saved where a hook that answers an error asks for it', async () => {
    const hook: HttpMiddleware = {
      async onError(request) {
        const ctx: Context = request.ctx;
        ctx['session'] = { from: ctx.path };
        await ctx['session'].save();
        return reply(303, '', { Location: '/login' });
      },
    };
    const browser = visitor(appOf(micropie(Root, { middlewares: [hook] })));
    expect(cookiesSetBy(await browser.get('/fail/1').expect(303))).to.have.lengthOf(1);
    expect((await browser.get('/take/from')).body).to.deep.equal({ value: '/fail/1' });
  });
});
