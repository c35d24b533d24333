import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import session from 'koa-session';
import { Controller, micropie, sessions } from '../../lib/index.js';
import { appOf, client, errorsOf } from '../support/app.js';
import { guest, Pad, RecordingBackend, visitor } from '../support/sessions.js';

describe('a session and a stream', () => {
  class Root extends Pad {
    async *stream() {
      this.session['a'] = 'first';
      yield 'one ';
      try {
        this.session['a'] = 'late';
      } catch (error) {
        yield error instanceof Error ? error.name : 'no error';
      }
      try {
        this.session = {};
      } catch (error) {
        yield ` ${String(error)}`;
      }
    }

    async *bytes() {
      this.session['bytes'] = Buffer.from('a');
      yield 'sent';
    }
  }

  it('goes with what was changed before the first chunk; later changes throw', async () => {
    const browser = visitor(appOf(micropie(Root)));
    const { text } = await browser.get('/stream');
    expect(text).to.equal(
      'one TypeError Error: The session can not change any more: it was stored before the answer was sent',
    );
    expect((await browser.get('/take/a')).body).to.deep.equal({ value: 'first' });
  });

  it('may hold bytes', async () => {
    expect((await client(micropie(Root)).get('/bytes').expect(200)).text).to.equal('sent');
  });
});

describe('changes of a session that come too late', () => {
  const defaults = { theme: { dark: false }, tags: ['a'] };
  const MESSAGE = 'The session can not change any more: it was stored before the answer was sent';

  /** Each changes the session in another way; it got what others hold of it before the first chunk. */
  const ways: Record<string, (controller: Late, before: Record<string, unknown>) => unknown> = {
    'a member of this.session': ({ session }) => Reflect.set(session, 'a', 'late'),
    'a new member of this.session': ({ session }) => Reflect.set(session, 'new', 'late'),
    'a deleted member': ({ session }) => Reflect.deleteProperty(session, 'a'),
    'a member of ctx.session': ({ ctx }) => Reflect.set(ctx.session, 'a', 'late'),
    'a new ctx.session': ({ ctx }) => Reflect.set(ctx, 'session', { a: 'late' }),
    'the end': (controller) => Reflect.set(controller.request, 'session', null),
    'a member of a member': ({ session }) => Object.assign(Object(session['theme']), { dark: true }),
    'an element of a member': ({ session }) => Object(session['tags']).push('late'),
  };

  class Late extends Controller {
    async *change(way: string) {
      Object.assign(this.session, { a: 'first' }, defaults);
      const { session } = this;
      yield 'one ';
      try {
        ways[way]?.(this, session);
        yield 'changed';
      } catch (error) {
        yield String(error);
      }
    }

    async *held() {
      const { session } = this;
      session['a'] = 'first';
      yield 'one ';
      try {
        session['a'] = 'late';
      } catch (error) {
        yield error instanceof Error ? error.name : '';
      }
    }

    async *behind() {
      const list: string[] = [];
      this.session['list'] = list;
      yield 'one ';
      list.push('late');
      yield 'two';
    }

    take(name: string) {
      return { value: this.session[name] ?? null };
    }
  }

  const apps: Record<string, () => Koa> = {
    'its own session': () => appOf(micropie(Late)),
    'a slow backend': () =>
      appOf(
        micropie(Late, {
          sessionBackend: Object.assign(new RecordingBackend(), { save: () => sleep(50) }),
        }),
      ),
    'the session of sessions()': () => appOf(sessions(), micropie(Late)),
    "the app's own session": () => {
      const app = appOf();
      app.use(session({ signed: false }, app));
      app.use(micropie(Late));
      return app;
    },
  };

  for (const [where, make] of Object.entries(apps)) {
    for (const way of Object.keys(ways))
      it(`throw, with ${where}: ${way}`, async () => {
        const { text } = await guest(make()).get('/change').query({ way });
        expect(text).to.match(/^one (Type)?Error: /);
        expect(text).to.contain(MESSAGE);
      });

    it(`throw, with ${where}: a member of an object from before`, async () => {
      expect((await guest(make()).get('/held')).text).to.equal('one TypeError');
    });

    it(`are told, with ${where}: what only the handler holds`, async () => {
      const app = make();
      const errors = errorsOf(app);
      expect((await guest(app).get('/behind')).text).to.equal('one two');
      while (errors.length === 0) await sleep(1);
      expect(errors.map(({ message }) => message)).to.deep.equal([MESSAGE]);
    });
  }

  it('leave what the app put into the session as it was, and changeable', async () => {
    await guest(appOf(micropie(Late)))
      .get('/change')
      .query({ way: 'the end' });
    expect([defaults, defaults.theme, defaults.tags].some(Object.isFrozen)).to.equal(false);
    expect(defaults).to.deep.equal({ theme: { dark: false }, tags: ['a'] });
  });

  it('throw in middleware in front of the controller, which may use sessions()', async () => {
    const counting: Middleware = async (ctx, next) => {
      await next();
      ctx['session'].seen = true;
    };
    const app = appOf(counting, micropie(Late));
    const errors = errorsOf(app);
    await guest(app).get('/take/a').expect(500);
    expect(errors.map(String)).to.deep.equal([`TypeError: ${MESSAGE}`]);
    const browser = visitor(appOf(sessions(), counting, micropie(Late)));
    await browser.get('/take/a').expect(200);
    expect((await browser.get('/take/seen')).body).to.deep.equal({ value: true });
  });
});
