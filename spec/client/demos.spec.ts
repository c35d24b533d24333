import { expect } from 'chai';
import type { Tools as Alongside } from '../../demo/alongside/index.js';
import type { Auth } from '../../demo/auth/index.js';
import type { Blog } from '../../demo/blog/index.js';
import type { Events } from '../../demo/events/index.js';
import type { Headers as HeadersDemo } from '../../demo/headers/index.js';
import type { Hello } from '../../demo/hello/index.js';
import type { Todos } from '../../demo/json-api/index.js';
import type { Live } from '../../demo/live/index.js';
import type { Middleware } from '../../demo/middleware/index.js';
import type { Requests } from '../../demo/requests/index.js';
import type { Sessions } from '../../demo/sessions/index.js';
import type { Streaming } from '../../demo/streaming/index.js';
import type { Tasks } from '../../demo/tools/tasks.js';
import type { Uploads } from '../../demo/uploads/index.js';
import type { UrlShortener } from '../../demo/url-shortener/index.js';
import type { Validated } from '../../demo/validated/index.js';
import { CallError, client } from '../../lib/client/index.js';
import { withServer } from '../support/app.js';
import { tourApp } from '../support/tour.js';

const withTour = (use: (base: string) => Promise<void>) =>
  withServer(tourApp(), (port) => use(`http://127.0.0.1:${port}`));

const errorOf = (call: PromiseLike<unknown>) => Promise.resolve(call).catch((error: unknown) => error);

/** Browsers keep cookies by themselves. */
function withCookies(): (url: string, init: RequestInit) => Promise<Response> {
  let cookie = '';
  return async (url, init) => {
    const headers = new Headers(init.headers);
    if (cookie) headers.set('cookie', cookie);
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) cookie = line.split(';')[0] ?? '';
    return response;
  };
}

describe('a client of the demos', () => {
  it('greets and adds', () =>
    withTour(async (base) => {
      const api = client<typeof Hello>(`${base}/hello`);
      expect(await api.index()).to.equal('Welcome! Try /hello/greet/Alice');
      expect(await api.greet('Alice')).to.equal('Hello, Alice!');
      expect(await api.hello()).to.equal('Hello, world!');
      expect(await api.add(2, 3)).to.deep.equal({ sum: 5 });
      expect(await api.add(undefined, 3)).to.deep.equal({ sum: 3 });
    }));

  it('searches, writes and orders', () =>
    withTour(async (base) => {
      const api = client<typeof Requests>(`${base}/requests`);
      const search = { q: 'pie', page: 2, tags: ['a', ''] };
      expect(await api.search(search)).to.deep.equal(search);
      expect(await api.contact('<Ada>', 'Hi', true))
        .to.include('&lt;Ada&gt;')
        .and.include('will get');
      expect(await api.order('pie', 2)).to.deep.equal({ item: 'pie', quantity: 2, gift: false });
      expect(await errorOf(api.order(1))).to.deep.include({ status: 422, body: { error: 'item must be text' } });
      expect(await api.echo()).to.deep.include({ method: 'POST', pathParams: [], json: {} });
    }));

  it('makes, shows and removes todos at their declared paths', () =>
    withTour(async (base) => {
      const api = client<typeof Todos>(`${base}/json-api/todos`, {
        routes: {
          list: 'GET /',
          create: 'POST /',
          show: 'GET /:id',
          replace: 'PUT /:id',
          change: 'PATCH /:id',
          remove: 'DELETE /:id',
        },
      });
      expect(await api.list()).to.have.length(2);
      expect(await api.create('New')).to.deep.equal({ id: 3, title: 'New', done: false });
      expect(await api.replace(3, 'Newer', false)).to.deep.equal({ id: 3, title: 'Newer', done: false });
      expect(await api.change(3, 'New')).to.deep.equal({ id: 3, title: 'New', done: false });
      expect(await api.show(3)).to.include({ title: 'New' });
      expect(await api.change(3, undefined, true)).to.deep.equal({ id: 3, title: 'New', done: true });
      expect(await api.remove(3)).to.equal(undefined);
      expect(await errorOf(api.show(3))).to.have.property('status', 404);
    }));

  it('keeps a session', () =>
    withTour(async (base) => {
      const api = client<typeof Sessions>(`${base}/sessions`, { fetch: withCookies() });
      expect(await api.visits()).to.equal('Visit 1');
      expect(await api.visits()).to.equal('Visit 2');
      expect(await errorOf(api.me())).to.have.property('status', 401);
      await api.login('Ada');
      expect(await api.me()).to.deep.equal({ user: 'Ada' });
      await api.logout();
      expect(await errorOf(api.me())).to.be.instanceOf(CallError);
    }));

  it('streams text and bytes', () =>
    withTour(async (base) => {
      const api = client<typeof Streaming>(`${base}/streaming`, { routes: { 'tone.wav': 'GET' } });
      let text = '';
      for await (const chunk of api.chunks(3, 0)) text += chunk;
      expect(text).to.equal('Chunk 1\nChunk 2\nChunk 3\n');
      let size = 0;
      for await (const chunk of api['tone.wav']()) size += chunk.length;
      expect(size).to.be.above(44);
      const head = await api({ headers: { range: 'bytes=0-3' } })['tone.wav']();
      expect(new TextDecoder().decode(head)).to.equal('RIFF');
    }));

  it('chats by events', () =>
    withTour(async (base) => {
      const api = client<typeof Events>(`${base}/events`, { routes: { stream: 'GET' } });
      await api.say('Hello', 'Ada');
      for await (const { data, event, id } of api.stream()) {
        expect({ data, event }).to.deep.include({ event: 'message' }).and.nested.include({ 'data.text': 'Hello' });
        expect(id).to.match(/^\d+$/);
        break;
      }
      expect(await errorOf(api.say())).to.have.property('body', 'Say something.');
    }));

  it('uploads, lists, gets back and removes files', () =>
    withTour(async (base) => {
      const api = client<typeof Uploads>(`${base}/uploads`, { routes: { download: 'GET' } });
      expect(await api.list()).to.deep.equal([]);
      // The answer leads to the page, which shows them.
      expect(await api.upload([new File(['apple'], 'a.txt'), new File(['plum'], 'b ü.txt')])).to.include('b ü.txt');
      const [first, second] = await api.list();
      expect([first?.name, first?.size, second?.name]).to.deep.equal(['a.txt', 5, 'b ü.txt']);
      expect(new TextDecoder().decode(await api.download(first?.id ?? ''))).to.equal('apple');
      await api.remove(first?.id ?? '');
      expect(await api.list()).to.have.length(1);
      expect(await errorOf(api.download('x y'))).to.have.property('status', 404);
    }));

  it('orders what zod checks, and hears all that is wrong', () =>
    withTour(async (base) => {
      const api = client<typeof Validated>(`${base}/validated`, {
        routes: {
          index: 'GET /',
          order: 'POST /',
          thanks: 'GET /thanks/:id',
          orders: { list: 'GET /', create: 'POST /', show: 'GET /:id' },
        },
      });
      const order = {
        name: 'Ada',
        email: 'ada@example.org',
        address: { street: 'Pie Lane 1', city: 'Bath', zip: '00123' },
        items: [{ pie: 'apple' as const, count: 2 }],
      };
      const made = await api.orders.create(order);
      expect(made).to.deep.include({ name: 'Ada', city: 'Bath' }).and.not.have.any.keys('email', 'address');
      expect(await api.orders.show(made.id)).to.deep.equal(made);
      expect(await api.orders.list({ pie: ['apple'], least: 2 })).to.deep.equal([made]);
      expect(await api.orders.list({ least: 3 })).to.deep.equal([]);
      expect(await api.thanks(made.id)).to.include('Ada');
      const refused = await errorOf(api.orders.create({ ...order, email: 'nobody', items: [] }));
      expect(refused)
        .to.have.nested.property('body.errors')
        .that.has.deep.members([
          { detail: 'An e-mail address, such as ada@example.org', pointer: '#/email' },
          { detail: 'Order something', pointer: '#/items' },
        ]);
    }));

  it('shortens links, and reads their clicks', () =>
    withTour(async (base) => {
      const { api } = client<typeof UrlShortener>(`${base}/url-shortener`, {
        routes: { index: 'GET', api: { create: 'POST /links', show: 'GET /links/:code' } },
      });
      const made = await api.create({ url: 'https://example.org/a' });
      expect(made).to.include({ short: `${base}/url-shortener/${made.code}`, clicks: 0 });
      await fetch(made.short, { redirect: 'manual' });
      expect(await api.show(made.code)).to.deep.equal({ ...made, clicks: 1 });
      expect(await errorOf(api.create({ url: 'javascript:alert(1)' }))).to.have.property('status', 400);
      expect(await errorOf(api.show('none'))).to.have.property('message', 'There is no such link');
    }));

  it('counts by events from where it was', () =>
    withTour(async (base) => {
      const api = client<typeof Live>(`${base}/live`, { routes: { index: 'GET', count: 'GET', 'count.js': 'GET' } });
      const numbers: unknown[] = [];
      for await (const { id, data } of api({ headers: { 'last-event-id': '7' } }).count()) {
        numbers.push([id, data]);
        if (numbers.length === 2) break;
      }
      expect(numbers).to.have.nested.property('[0][1].number', 8);
      expect(numbers).to.have.nested.property('[1][0]', '9');
    }));

  it('keeps tasks that tools have as well', () =>
    withTour(async (base) => {
      const api = client<typeof Tasks>(`${base}/tools/tasks`, {
        routes: {
          list: 'GET /',
          create: 'POST /',
          finish: 'POST /:id/finish',
          report: 'GET /report',
          remove: 'DELETE /:id',
        },
      });
      const { id } = await api.create({ title: 'Bake', due: '2026-12-31' });
      expect(await api.finish(id)).to.deep.equal({ id, title: 'Bake', due: '2026-12-31', isDone: true });
      expect(await api.report()).to.include(`done #${id} Bake (by 2026-12-31)`);
      await api.remove(id);
      expect(await errorOf(api.finish(id))).to.have.property('message', 'There is no such task');
    }));

  it('asks a controller that stands beside a router', () =>
    withTour(async (base) => {
      const api = client<typeof Alongside>(`${base}/alongside`);
      expect(await api.celsius(451)).to.deep.equal({ celsius: 233 });
      expect(await api.whoami()).to.deep.include({ user: 'Ada' });
    }));

  it('shows what it is by headers', () =>
    withTour(async (base) => {
      const headers = client<typeof HeadersDemo>(`${base}/headers`, { headers: { 'accept-language': 'de' } });
      expect(await headers.index()).to.include({ 'accept-language': 'de', 'micropie-call': '1' });
      expect(await headers.language()).to.equal('Guten Tag');
      const hooked = client<typeof Middleware>(`${base}/middleware`);
      expect(await hooked.square(7)).to.deep.equal({ square: 49 });
      expect(await errorOf(hooked.secret())).to.have.property('status', 401);
      const authorization = `Basic ${btoa('demo:pie')}`;
      expect(await hooked({ headers: { authorization } }).secret()).to.equal('You know the password.');
      const auth = client<typeof Auth>(`${base}/auth`, {
        headers: { authorization: 'Bearer reader' },
        routes: {
          index: 'GET',
          'auth.js': 'GET',
          login: 'GET',
          callback: 'GET',
          me: 'GET',
          basic: 'GET',
          pies: 'GET',
        },
      });
      expect(await auth.pies()).to.deep.equal({ user: 'a reader', pies: ['apple', 'cherry'] });
      expect(await errorOf(auth.bake('plum'))).to.have.property('status', 403);
      const baker = auth({ headers: { authorization: 'Bearer baker' } });
      expect(await baker.bake('plum')).to.deep.equal({ user: 'a baker', pies: ['apple', 'cherry', 'plum'] });
      expect(await auth({ headers: { authorization } }).basic()).to.include('You are demo');
      expect(await errorOf(auth.me())).to.have.nested.property('body.error', 'Log in first');
    }));

  it('reads and writes a blog', () =>
    withTour(async (base) => {
      const api = client<typeof Blog>(`${base}/blog`, {
        fetch: withCookies(),
        routes: {
          index: 'GET',
          posts: { show: 'GET /:slug', comment: 'POST /:slug/comments' },
          admin: {
            posts: { publish: 'POST /', remove: 'POST /:slug/remove' },
            comments: { remove: 'POST /:slug/:position/remove' },
          },
        },
      });
      expect(await api.index()).to.include('<h1>');
      expect(await errorOf(api.posts.show('none'))).to.have.property('status', 404);
      await api.posts.comment('first', 'Nice & short', 'Ada');
      expect(await api.posts.show('first')).to.include('Nice &amp; short');
      expect(await errorOf(api.admin.index())).to.have.property('status', 401);
      await api.login('Ada');
      await api.admin.comments.remove('first', 0);
      await api.admin.posts.publish('Ünlike / any', 'Text');
      expect(await api.index()).to.include('Ünlike / any');
    }));
});
