import { expect } from 'chai';
import { micropie, type SessionBackend } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { cookieHeader, gate, guest, idOf, Pad, RecordingBackend, visitor } from '../support/sessions.js';

describe('requests of one session side by side', () => {
  /** Handlers that wait at a gate, so that the test says in which order they go on. */
  function overlapping() {
    const arrived: string[] = [];
    const gates = new Map<string, ReturnType<typeof gate>>();
    class Root extends Pad {
      async slow(name: string, value: string) {
        const { opened, open } = gate();
        gates.set(name, { opened, open });
        arrived.push(name);
        await opened;
        if (value === 'nothing') delete this.session[name];
        else this.session[name] = value;
        return 'slow';
      }
    }
    const arrival = async (count: number) => {
      while (arrived.length < count) await new Promise(setImmediate);
    };
    return { Root, arrival, release: (name: string) => gates.get(name)?.open() };
  }

  const stores: [string, () => SessionBackend | undefined][] = [
    ['memory', () => undefined],
    ['a backend', () => new RecordingBackend()],
  ];
  for (const [where, make] of stores) {
    const appWith = (Root: new () => object) => {
      const sessionBackend = make();
      return appOf(micropie(Root, sessionBackend && { sessionBackend }));
    };

    it(`keep what each of them changed, in ${where}`, async () => {
      const { Root, arrival, release } = overlapping();
      const browser = visitor(appWith(Root));
      await browser.get('/put/z/0');
      const writers = ['a', 'b', 'c'].map((name) => browser.get(`/slow/${name}/${name}`).expect(200).then());
      await arrival(3);
      for (const name of ['c', 'a', 'b']) release(name);
      await Promise.all(writers);
      for (const [name, value] of Object.entries({ a: 'a', b: 'b', c: 'c', z: '0' }))
        expect((await browser.get(`/take/${name}`)).body).to.deep.equal({ value });
    });

    it(`keep what one of them deleted, in ${where}`, async () => {
      const { Root, arrival, release } = overlapping();
      const browser = visitor(appWith(Root));
      await browser.get('/put/z/0');
      const slow = browser.get('/slow/a/1').then();
      await arrival(1);
      await browser.get('/put/b/1');
      await browser.get('/drop/z');
      release('a');
      await slow;
      expect((await browser.get('/take/z')).body).to.deep.equal({ value: null });
      expect((await browser.get('/take/a')).body).to.deep.equal({ value: '1' });
    });

    it(`delete what one of them deleted last, in ${where}`, async () => {
      const { Root, arrival, release } = overlapping();
      const browser = visitor(appWith(Root));
      await browser.get('/put/y/0');
      await browser.get('/put/z/0');
      const slow = browser.get('/slow/z/nothing').then();
      await arrival(1);
      await browser.get('/put/b/1');
      release('z');
      await slow;
      expect((await browser.get('/take/z')).body).to.deep.equal({ value: null });
      expect((await browser.get('/take/b')).body).to.deep.equal({ value: '1' });
    });

    it(`end a session of which they deleted all members, each another one, in ${where}`, async () => {
      const { Root, arrival, release } = overlapping();
      const app = appWith(Root);
      const browser = guest(app);
      const cookie = cookieHeader(await browser.get('/put/y/0'));
      await browser.get('/put/z/0').set('Cookie', cookie);
      const slow = browser.get('/slow/z/nothing').set('Cookie', cookie).then();
      await arrival(1);
      await browser.get('/drop/y').set('Cookie', cookie).expect(200);
      release('z');
      await slow;
      const response = await browser.get('/put/x/1').set('Cookie', cookie);
      expect(cookie).not.to.include(idOf(response));
      expect(idOf(response)).to.have.lengthOf(43);
    });

    for (const [what, path] of [
      ['logout', '/end'],
      ['new identifier', '/renew'],
    ] as const)
      it(`do not bring an ended session back, in ${where}: a ${what} holds`, async () => {
        const { Root, arrival, release } = overlapping();
        const browser = guest(appWith(Root));
        const cookie = cookieHeader(await browser.get('/put/user/ada'));
        const slow = browser.get('/slow/a/1').set('Cookie', cookie).then();
        await arrival(1);
        await browser.get(path).set('Cookie', cookie).expect(200);
        release('a');
        const { status, headers } = await slow;
        expect([status, headers['set-cookie']]).to.deep.equal([200, undefined]);
        for (const name of ['user', 'a'])
          expect((await browser.get(`/take/${name}`).set('Cookie', cookie)).body).to.deep.equal({ value: null });
      });
  }
});
