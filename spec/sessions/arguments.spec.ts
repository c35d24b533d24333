import { expect } from 'chai';
import { Controller, micropie } from '../../lib/index.js';
import { appOf, client } from '../support/app.js';
import { Pad, visitor } from '../support/sessions.js';

describe('arguments from the session', () => {
  class Root extends Controller {
    login(name: string) {
      this.session['userId'] = name;
      this.session['level'] = 3;
      return 'in';
    }

    me(userId: string) {
      return userId;
    }

    level(level = 1) {
      return { level };
    }

    open(userId: string) {
      return userId;
    }

    first(page: string, userId: string) {
      return `${userId} ${page}`;
    }

    keys({ userId, page = '1' }: { userId: string; page?: string }) {
      return `${userId} ${page}`;
    }

    static routes = {
      me: { session: ['userId'] },
      first: { session: ['userId'] },
      keys: { session: ['userId'] },
    };
  }

  const loggedIn = async () => {
    const browser = visitor(appOf(micropie(Root)));
    await browser.get('/login/ada');
    return browser;
  };

  it('are bound by name, after query and body, and keep their type', async () => {
    const browser = await loggedIn();
    expect((await browser.get('/open')).text).to.equal('ada');
    expect((await browser.get('/level')).body).to.deep.equal({ level: 3 });
    expect((await browser.get('/open?userId=eve')).text).to.equal('eve');
    expect((await browser.post('/open').send({ userId: 'eve' })).text).to.equal('eve');
    expect((await browser.get('/open/eve')).text).to.equal('eve');
  });

  it('can not be given by path, query or body where they are declared', async () => {
    const browser = await loggedIn();
    expect((await browser.get('/me/eve')).text).to.equal('ada');
    expect((await browser.get('/me?userId=eve')).text).to.equal('ada');
    expect((await browser.post('/me').type('form').send({ userId: 'eve' })).text).to.equal('ada');
    expect((await browser.post('/me').send({ userId: 'eve' })).text).to.equal('ada');
    expect((await browser.post('/me').field('userId', 'eve')).text).to.equal('ada');
    expect((await browser.post('/me').attach('userId', Buffer.from('eve'), 'eve')).text).to.equal('ada');
    expect((await browser.get('/keys?userId=eve&page=2')).text).to.equal('ada 2');
  });

  it('leave the path to the other parameters where they are declared', async () => {
    expect((await (await loggedIn()).get('/first/2?userId=eve')).text).to.equal('ada 2');
  });

  it('are missing without a session, whatever the client sends', async () => {
    for (const path of ['/me', '/me/eve', '/me?userId=eve']) {
      const { status, text } = await client(micropie(Root)).get(path);
      expect([status, text]).to.deep.equal([400, "400 Bad Request: Missing required parameter 'userId'"]);
    }
  });

  for (const name of [
    'save',
    'maxAge',
    'length',
    'populated',
    'externalKey',
    'regenerate',
    'commit',
    'toJSON',
    'isNew',
    '_expire',
    '_requireSave',
    'constructor',
    '__proto__',
    'toString',
  ])
    it(`are never what a session only has for itself, as ${name}`, async () => {
      class Ask {
        ask(value: string) {
          return value;
        }
        static routes = { ask: { params: [name] } };
      }
      const app = appOf(micropie(Pad, { prefix: '/pad' }), micropie(Ask));
      const browser = visitor(app);
      await browser.get('/pad/put/a/1').expect(200);
      const { status, text } = await browser.get('/ask');
      expect([status, text]).to.deep.equal([400, `400 Bad Request: Missing required parameter '${name}'`]);
    });
});
