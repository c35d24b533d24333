import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import request from 'supertest';
import { routeTable } from '../../demo/route-table.js';
import { createDemos } from '../../demo/tour.js';
import { errorsOf, withServer } from '../support/app.js';
import { withDemoServer } from '../support/demo-server.js';
import { tour, tourApp } from '../support/tour.js';

const NAMES = [
  'hello',
  'requests',
  'json-api',
  'validated',
  'blog',
  'headers',
  'middleware',
  'alongside',
  'sessions',
  'auth',
  'uploads',
  'streaming',
  'video',
  'static',
  'events',
  'live',
  'chat',
  'socketio',
  'cluster',
  'client',
  'tools',
  'templates',
  'pastebin',
  'url-shortener',
  'microblog',
  'docs',
];

describe('demo: the tour', () => {
  it('has a home page that links every demo', async () => {
    const { text, type } = await tour().get('/');
    expect(type).to.equal('text/html');
    for (const { title, page } of createDemos()) {
      expect(text).to.contain(`<h2><a href="${page ?? `/try/${title}`}">${title}</a></h2>`);
      expect(text).to.contain(`href="/try/${title}"`).and.contain(`href="/try/${title}/source"`);
    }
    expect(createDemos().map(({ title }) => title)).to.have.members(NAMES);
  });

  it('has no dead links, on the home page or those behind it', async () => {
    const app = tourApp();
    const errors = errorsOf(app);
    await withServer(app, async (port) => {
      const base = `http://127.0.0.1:${port}`;
      const home = await linksOf(base, '/');
      const behind = NAMES.flatMap((name) => [`/${name}`, `/try/${name}`]);
      const pages = await Promise.all(behind.map((path) => linksOf(base, path)));
      const linked = new Set([...home, ...pages.flat()]);
      const answers = await Promise.all([...linked].map(async (link) => [link, await statusOf(base, link)]));
      const expected = [...linked].map((link) => [link, DELIBERATE.get(link) ?? 200]);
      expect(linked.size).to.be.above(home.length);
      expect(answers).to.deep.equal(expected);
    });
    expect(errors.map(String)).to.deep.equal(['Error: The oven is cold']);
  });

  it('shows people an error as a page with a way back, and programs as ever', async () => {
    const app = tourApp();
    errorsOf(app);
    const agent = request(app.callback());
    for (const [path, status, text, back] of [
      ['/unknown', 404, 'There is nothing at this address', '/'],
      ['/blog/posts/none', 404, 'There is no such post', '/blog'],
      ['/streaming/chunks/many', 400, 'Parameter &#39;count&#39; must be a number', '/streaming'],
      ['/requests/order', 405, 'Method Not Allowed', '/requests'],
    ] as const) {
      const answer = await agent.get(path).set('Accept', 'text/html,*/*;q=0.8');
      expect([answer.status, answer.type], path).to.deep.equal([status, 'text/html']);
      expect(answer.text)
        .to.contain(text)
        .and.contain(`<a href="${back}">${back === '/' ? 'All demos' : 'Back'}</a>`);
      expect((await agent.get(path)).type).to.equal('text/plain');
    }
  });

  it('holds no script or style in the text of a page, and loads nothing from elsewhere', async () => {
    const agent = tour();
    for (const path of [
      '/',
      '/requests',
      '/validated',
      '/blog',
      '/blog/posts/first',
      '/sessions',
      '/auth',
      '/uploads',
      '/streaming',
      '/video',
      '/static',
      '/events',
      '/live',
      '/socketio',
      '/cluster',
      '/client',
      '/tools',
      '/templates',
      '/pastebin',
      '/url-shortener',
      '/microblog',
      ...NAMES.flatMap((name) => [`/try/${name}`, `/try/${name}/source`]),
    ]) {
      const { text, headers } = await agent.get(path);
      expect(headers['content-security-policy']).to.contain("default-src 'self'");
      expect(text).not.to.match(/<style|<script(?![^>]* src="\/)[^>]*>|\sstyle=|\son\w+=|(?:src|href)="(?!\/)/);
    }
  });

  it('has a style sheet and an icon', async () => {
    const agent = tour();
    expect((await agent.get('/style.css')).type).to.equal('text/css');
    expect((await agent.get('/icon.svg')).type).to.equal('image/svg+xml');
  });

  it('answers unknown paths with 404', async () => {
    expect((await tour().get('/unknown')).status).to.equal(404);
  });
});

describe('demo: routeTable(demos)', () => {
  it('has a line for every route of every demo', () => {
    const demos = createDemos();
    const lines = routeTable(demos).split('\n');
    expect(lines).to.have.lengthOf(demos.reduce((count, { routes }) => count + routes.length, 0));
    for (const name of NAMES) expect(lines.some((line) => line.includes(` /${name}`))).to.equal(true);
    expect(lines.map((line) => line.replace(/ +/g, ' '))).to.include.members([
      '* /hello/add x?: number, y?: number',
      '* /requests/search { q?: string, page?: number, tags?: list }',
      'POST /requests/order item, quantity?: number, gift?: boolean',
      '* /alongside/whoami',
      'POST /blog/posts/:slug/comments slug, text, name?: string',
    ]);
  });
});

describe('demo: server', function () {
  this.timeout(20_000);

  it('prints the routes and the addresses, and makes way where the usual port is taken', async () => {
    const squatter = createServer();
    // Where somebody else has it already, that is just as good.
    await once(squatter.listen(3000, '127.0.0.1'), 'listening').catch(() => {});
    try {
      await withDemoServer({}, async ({ output, address }) => {
        expect(address).not.to.equal('http://127.0.0.1:3000');
        expect(output).to.contain(routeTable(createDemos()));
        const addresses = [...output.matchAll(/^ *(http:\/\/\S+) {2}/gm)].map(([, one = '']) => one);
        expect(addresses).to.have.lengthOf(NAMES.length);
        for (const one of [address, ...addresses]) expect((await fetch(one)).status).to.equal(200);
      });
    } finally {
      squatter.close();
    }
  });

  it('ends in order at a signal, and streams of events with it', () =>
    withDemoServer({ PORT: '0' }, async ({ address, stop }) => {
      const events = await fetch(`${address}/live/count`);
      const [code, text] = await Promise.all([stop(), events.text()]);
      expect(code).to.equal(0);
      expect(text)
        .to.match(/^:\n\nid: 1\n/)
        .and.match(/\n\n$/);
    }));

  it('fails where the port that was asked for is taken', () =>
    withServer(tourApp(), async (port) => {
      const problem = await withDemoServer({ PORT: String(port) }, async () => undefined).catch(String);
      expect(problem).to.contain('EADDRINUSE');
    }));
});

/** Links to what shows an error. */
const DELIBERATE = new Map([
  ['/auth/basic', 401],
  ['/middleware/secret', 401],
  ['/middleware/square/x', 400],
  ['/middleware/broken', 500],
]);

async function linksOf(base: string, path: string): Promise<string[]> {
  const text = await (await fetch(base + path)).text();
  return [...text.matchAll(/href="([^"]+)"/g)].map(([, link = '']) =>
    link.replaceAll('&amp;', '&').replaceAll('&#39;', "'"),
  );
}

async function statusOf(base: string, link: string): Promise<number> {
  const answer = await fetch(base + link);
  await answer.body?.cancel();
  return answer.status;
}
