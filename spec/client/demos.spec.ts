import { expect } from 'chai';
import type { Blog } from '../../demo/blog/index.js';
import type { Events } from '../../demo/events/index.js';
import type { Hello } from '../../demo/hello/index.js';
import type { Todos } from '../../demo/json-api/index.js';
import type { Requests } from '../../demo/requests/index.js';
import type { Sessions } from '../../demo/sessions/index.js';
import type { Streaming } from '../../demo/streaming/index.js';
import type { Uploads } from '../../demo/uploads/index.js';
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

  it('lists what was uploaded', () =>
    withTour(async (base) => {
      const api = client<typeof Uploads>(`${base}/uploads`, { routes: { download: 'GET' } });
      expect(await api.list()).to.deep.equal([]);
      expect(await errorOf(api.download('x y'))).to.have.property('status', 404);
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
