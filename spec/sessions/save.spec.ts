import { expect } from 'chai';
import { type HttpMiddleware, micropie, reply } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { cookiesSetBy, Pad, RecordingBackend, visitor } from '../support/sessions.js';

describe('what a session is when the request did not go well', () => {
  class Root extends Pad {
    fail(value: string) {
      this.session['a'] = value;
      throw new Error('no');
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

  it('is saved after an error where there was one before, and not begun by it', async () => {
    const backend = new RecordingBackend();
    const app = appOf(micropie(Root, { sessionBackend: backend }));
    const errors = errorsOf(app);
    const browser = visitor(app);
    expect(cookiesSetBy(await browser.get('/fail/1').expect(500))).to.deep.equal([]);
    expect(backend.saves).to.deep.equal([]);
    await browser.get('/put/a/0');
    await browser.get('/fail/1').expect(500);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    expect(errors.map(({ message }) => message)).to.deep.equal(['no', 'no']);
  });

  it('is begun by an error that a hook answers', async () => {
    const hook: HttpMiddleware = { onError: () => ({ statusCode: 418, body: 'tea' }) };
    const browser = visitor(appOf(micropie(Root, { middlewares: [hook] })));
    expect(cookiesSetBy(await browser.get('/fail/1').expect(418))).to.have.lengthOf(1);
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
  });
});
