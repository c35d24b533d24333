import { expect } from 'chai';
import type { Response } from 'supertest';
import { micropie } from '../../lib/index.js';
import { appOf, client } from '../support/app.js';
import { cookieHeader, cookiesSetBy, guest, idOf, Pad, RecordingBackend, visitor } from '../support/sessions.js';

describe('the session cookie', () => {
  const id = '[\\w-]{43}';
  const gone = 'expires=Thu, 01 Jan 1970 00:00:00 GMT';

  it('is for all paths, SameSite=Lax and HttpOnly, and ends with the browser', async () => {
    const response = await client(micropie(Pad)).get('/put/a/1');
    expect(cookiesSetBy(response)).to.have.lengthOf(1);
    expect(cookiesSetBy(response)[0]).to.match(new RegExp(`^session_id=${id}; path=/; samesite=lax; httponly$`));
  });

  it('is Secure on a secure connection, and what a proxy says of it counts only where proxies are trusted', async () => {
    const app = appOf(micropie(Pad));
    const put = async () => {
      const response = await guest(app).get('/put/a/1').set('X-Forwarded-Proto', 'https');
      return cookiesSetBy(response)[0];
    };
    expect(await put()).not.to.contain('secure');
    app.proxy = true;
    expect(await put()).to.match(new RegExp(`^session_id=${id}; path=/; samesite=lax; secure; httponly$`));
  });

  it('follows the options', async () => {
    const options = { session: { cookie: 'sid', secure: true, sameSite: 'strict', domain: 'example.com' } } as const;
    const app = appOf(micropie(Pad, options));
    app.proxy = true;
    const browser = guest(app);
    const response = await browser.get('/put/a/1').set('X-Forwarded-Proto', 'https');
    const flags = 'path=/; domain=example.com; samesite=strict; secure; httponly';
    expect(cookiesSetBy(response)[0]).to.match(new RegExp(`^sid=${id}; ${flags}$`));
    const end = await browser.get('/end').set({ 'X-Forwarded-Proto': 'https', Cookie: cookieHeader(response) });
    expect(cookiesSetBy(end)).to.deep.equal([`sid=; path=/; ${gone}; ${flags.slice('path=/; '.length)}`]);
  });

  it('is not set before something is stored, nor by a request that only reads', async () => {
    const backend = new RecordingBackend();
    const browser = visitor(appOf(micropie(Pad, { sessionBackend: backend })));
    expect(cookiesSetBy(await browser.get('/plain'))).to.deep.equal([]);
    expect(cookiesSetBy(await browser.get('/take/a'))).to.deep.equal([]);
    expect(cookiesSetBy(await browser.get('/empty'))).to.deep.equal([]);
    expect(backend.saves).to.deep.equal([]);
    await browser.get('/put/a/1');
    expect(backend.saves).to.have.lengthOf(1);
    const read = await browser.get('/take/a');
    expect(read.body).to.deep.equal({ value: '1' });
    expect(cookiesSetBy(read)).to.deep.equal([]);
    await browser.get('/put/a/1');
    await browser.get('/plain');
    expect(backend.saves).to.have.lengthOf(1);
  });

  it('outlives the browser where it is persistent, for the timeout after each use', async () => {
    const app = appOf(micropie(Pad, { session: { persistent: true, timeout: 3600 } }));
    app.keys = ['a key'];
    const browser = visitor(app);
    const flags = 'path=/; expires=[^;]+ GMT; samesite=lax; httponly; max-age=3600';
    const expectPersistent = (response: Response) => {
      const [cookie = '', signature = '', ...others] = cookiesSetBy(response);
      expect(cookie).to.match(new RegExp(`^session_id=${id}; ${flags}$`));
      expect(signature).to.match(new RegExp(`^session_id.sig=[\\w-]{27}; ${flags}$`));
      expect(others).to.deep.equal([]);
    };
    expectPersistent(await browser.get('/put/a/1'));
    expectPersistent(await browser.get('/take/a'));
    expectPersistent(await browser.get('/renew'));
    expect(cookiesSetBy(await browser.get('/plain'))).to.deep.equal([]);
    const end = cookiesSetBy(await browser.get('/end'));
    expect(end).to.have.lengthOf(2);
    for (const cookie of end) expect(cookie).to.include(gone).and.not.to.include('max-age');
  });

  it('is signed where the app has keys, and a tampered one counts for nothing', async () => {
    const backend = new RecordingBackend();
    const app = appOf(micropie(Pad, { sessionBackend: backend }));
    app.keys = ['a key'];
    const browser = guest(app);
    const put = await browser.get('/put/a/1');
    const [, signature] = cookiesSetBy(put);
    expect(signature).to.match(/^session_id\.sig=[\w-]{27}; path=\/; samesite=lax; httponly$/);
    const take = async (cookie: string) => (await browser.get('/take/a').set('Cookie', cookie)).body.value;
    const cookie = cookieHeader(put);
    expect(await take(cookie)).to.equal('1');
    expect(backend.loads).to.have.lengthOf(1);
    expect(await take(cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')))).to.equal(null);
    expect(await take(`session_id=${idOf(put)}`)).to.equal(null);
    expect(backend.loads).to.have.lengthOf(1);
  });

  for (const [how, path] of [
    ['deleting the last member', '/drop/a'],
    ['assigning an empty object', '/empty'],
    ['assigning null', '/end'],
  ] as const)
    it(`is deleted with the record by ${how}`, async () => {
      const backend = new RecordingBackend();
      const browser = visitor(appOf(micropie(Pad, { sessionBackend: backend })));
      const put = await browser.get('/put/a/1');
      expect(backend.records.size).to.equal(1);
      const response = await browser.get(path);
      expect(cookiesSetBy(response)).to.deep.equal([`session_id=; path=/; ${gone}; samesite=lax; httponly`]);
      expect(backend.records.size).to.equal(0);
      expect(backend.saves.at(-1)).to.deep.equal({ id: idOf(put), data: {}, timeout: 0 });
    });

  it('is deleted with its signature', async () => {
    const app = appOf(micropie(Pad));
    app.keys = ['a key'];
    const browser = visitor(app);
    await browser.get('/put/a/1');
    const names = cookiesSetBy(await browser.get('/end')).map((cookie) => [
      cookie.split('=')[0],
      cookie.includes(gone),
    ]);
    expect(names).to.deep.equal([
      ['session_id', true],
      ['session_id.sig', true],
    ]);
  });
});

describe("a session's identifier", () => {
  const unknown = 'A'.repeat(43);

  it('is never adopted from the client', async () => {
    const backend = new RecordingBackend();
    const app = appOf(micropie(Pad, { sessionBackend: backend }));
    const put = await guest(app).get('/put/a/1').set('Cookie', `session_id=${unknown}`);
    expect(backend.loads).to.deep.equal([unknown]);
    expect(idOf(put)).to.have.lengthOf(43).and.not.to.equal(unknown);
    expect([...backend.records.keys()]).to.deep.equal([idOf(put)]);
  });

  for (const id of [
    '__proto__',
    'constructor',
    '../x',
    '%00',
    'a'.repeat(42),
    'a'.repeat(44),
    'a'.repeat(6144),
    `${'a'.repeat(42)}/`,
    `${'a'.repeat(42)}é`,
    '',
  ])
    it(`of the shape ${JSON.stringify(id.slice(0, 45))} never reaches the backend`, async () => {
      const backend = new RecordingBackend();
      const app = appOf(micropie(Pad, { sessionBackend: backend }));
      const cookie = Buffer.from(`session_id=${id}`).toString('latin1');
      const put = await guest(app).get('/put/a/1').set('Cookie', cookie);
      expect(put.status).to.equal(200);
      expect(backend.loads).to.deep.equal([]);
      expect(idOf(put)).to.match(/^[\w-]{43}$/);
    });

  it('is another one for every visitor, also when their first requests overlap', async () => {
    const app = appOf(micropie(Pad));
    const values = Array.from({ length: 20 }, (_, index) => String(index));
    const puts = await Promise.all(values.map((value) => guest(app).get(`/put/a/${value}`)));
    expect(new Set(puts.map(idOf)).size).to.equal(values.length);
    const takes = puts.map((put) => guest(app).get('/take/a').set('Cookie', cookieHeader(put)));
    expect((await Promise.all(takes)).map(({ body }) => body.value)).to.deep.equal(values);
  });
});
