import { STATUS_CODES } from 'node:http';
import { expect } from 'chai';
import { urlShortener } from '../../demo/url-shortener/index.js';
import { Links } from '../../demo/url-shortener/links.js';
import { appOf } from '../support/app.js';
import { guest, visitor } from '../support/sessions.js';
import { tour } from '../support/tour.js';

type Agent = ReturnType<typeof visitor>;

const START = '/url-shortener';
const API = '/url-shortener/api/links';
const TARGET = 'https://example.org/pie?size=2#crust';

function shortener(perMinute?: number) {
  const clock = { now: Date.UTC(2030, 0, 1) };
  const app = appOf(urlShortener(new Links(() => clock.now), perMinute));
  return { clock, app, agent: visitor(app) };
}

async function tokenOf(agent: Agent): Promise<string> {
  const { text } = await agent.get(START);
  return /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
}

async function shorten(agent: Agent, sent: object = { url: TARGET }) {
  const _csrf = await tokenOf(agent);
  return agent
    .post(`${START}/create`)
    .type('form')
    .send({ ...sent, _csrf });
}

/** The codes of the visitor's links, as the page shows them. */
async function codesOf(agent: Agent): Promise<string[]> {
  const { text } = await agent.get(START);
  return Array.from(text.matchAll(/href="\/url-shortener\/([a-f\d]{12})"/g), ([, code = '']) => code);
}

describe('demo: url-shortener', () => {
  it('makes a link of a form, shows it, leads on and counts', async () => {
    const { agent, app } = shortener();
    const made = await shorten(agent);
    expect([made.status, made.headers['location']]).to.deep.equal([303, START]);
    const [code = ''] = await codesOf(agent);
    expect((await agent.get(START)).text)
      .to.contain('0 clicks')
      .and.contain(TARGET);
    const { status, headers } = await guest(app).get(`${START}/${code}`);
    expect([status, headers['location'], headers['cache-control']]).to.deep.equal([302, TARGET, 'no-store']);
    expect((await agent.get(START)).text).to.contain('1 click,');
    await guest(app).get(`${START}/${code}`);
    await guest(app).head(`${START}/${code}`);
    expect((await agent.get(START)).text).to.contain('2 clicks,');
  });

  it('shows each visitor the own links, the newest first', async () => {
    const { agent, app } = shortener();
    await shorten(agent);
    const [first = ''] = await codesOf(agent);
    await shorten(agent, { url: 'http://example.org' });
    const [second, ...older] = await codesOf(agent);
    expect(second).not.to.equal(first);
    expect(older).to.deep.equal([first]);
    expect(await codesOf(visitor(app))).to.deep.equal([]);
  });

  it('answers 410 when the time of a link is over', async () => {
    const { agent, clock } = shortener();
    await shorten(agent, { url: TARGET, lifetime: '3600' });
    const [code = ''] = await codesOf(agent);
    clock.now += 3600 * 1000 - 1;
    expect((await agent.get(`${START}/${code}`)).status).to.equal(302);
    clock.now += 1;
    const { status, text } = await agent.get(`${START}/${code}`);
    expect(status).to.equal(410);
    expect(text).to.contain('The time of this link is over').and.contain(`href="${START}"`);
    const { status: apiStatus, body } = await agent.get(`${API}/${code}`);
    expect([apiStatus, body.detail]).to.deep.equal([410, 'The time of this link is over']);
  });

  const targets = [
    'javascript:alert(1)',
    'data:text/html,<script>',
    'ftp://example.org',
    '//example.org',
    'example.org',
    'http:/\\example.org/\u0000',
    '',
  ];
  for (const url of targets)
    it(`makes no link to ${JSON.stringify(url)}`, async () => {
      const { agent } = shortener();
      const { status, text } = await shorten(agent, { url });
      expect(status).to.equal(400);
      expect(text).to.contain('begins with http:// or https://').and.contain(`href="${START}"`);
      expect((await agent.post(API).send({ url })).status).to.equal(400);
      expect(await codesOf(agent)).to.deep.equal([]);
    });

  const forms = [
    ['https://bücher.example/größe?q=ä', 'https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe?q=%C3%A4'],
    ['HTTPS://Example.org', 'https://example.org/'],
    ['http://[::1]:8080/a b', 'http://[::1]:8080/a%20b'],
    ['https://example.org?a=\\b#\\c', 'https://example.org/?a=%5Cb#%5Cc'],
    ['https://example.org\\pie', 'https://example.org/pie'],
  ] as const;
  for (const [url, location] of forms)
    it(`leads to ${url} in a form that every browser reads alike`, async () => {
      const { agent } = shortener();
      await shorten(agent, { url });
      const [code] = await codesOf(agent);
      const { headers } = await agent.get(`${START}/${code}`);
      expect(headers['location']).to.equal(location);
    });

  it('shows links also to a client whose Host is no name', async () => {
    const { app } = shortener();
    const { status } = await guest(app).post(API).set('Host', '"<').send({ url: TARGET });
    expect(status).to.equal(201);
    expect((await guest(app).get(START).set('Host', '"<')).text).not.to.contain('"<');
  });

  const forged = [
    ['without a token', {}],
    ['with a token of nobody', { _csrf: 'x' }],
    ['with a token that is no text', { _csrf: {} }],
  ] as const;
  for (const [what, sent] of forged)
    it(`refuses a form ${what}`, async () => {
      const { agent } = shortener();
      await tokenOf(agent);
      const refused = await agent.post(`${START}/create`).send({ url: TARGET, ...sent });
      expect([refused.status, refused.type]).to.deep.equal([403, 'text/html']);
      expect(await codesOf(agent)).to.deep.equal([]);
    });

  it("refuses a form with another visitor's token, in parts too", async () => {
    const { agent, app } = shortener();
    const token = await tokenOf(visitor(app));
    await tokenOf(agent);
    const refused = await agent.post(`${START}/create`).field('url', TARGET).field('_csrf', token);
    expect(refused.status).to.equal(403);
    const taken = await agent
      .post(`${START}/create`)
      .field('url', TARGET)
      .field('_csrf', await tokenOf(agent));
    expect(taken.status).to.equal(303);
  });

  it('deletes a link for who made it, with a token, and for nobody else', async () => {
    const { agent, app } = shortener();
    await shorten(agent);
    const [code = ''] = await codesOf(agent);
    const other = visitor(app);
    const remove = (who: Agent, sent: object) => who.post(`${START}/remove/${code}`).type('form').send(sent);
    expect((await remove(other, { _csrf: await tokenOf(other), codes: code })).status).to.equal(403);
    expect((await remove(agent, {})).status).to.equal(403);
    expect((await agent.get(START)).text).to.contain(`Delete ${code}`);
    expect((await remove(agent, { _csrf: await tokenOf(agent) })).status).to.equal(303);
    expect((await agent.get(`${START}/${code}`)).status).to.equal(404);
    expect(await codesOf(agent)).to.deep.equal([]);
  });

  it('has an API that makes and shows links, and sets no cookie', async () => {
    const { agent, app } = shortener();
    const made = await guest(app)
      .post(API)
      .set('Host', 'pie.example')
      .send({ url: 'http://example.org', lifetime: 60 });
    const { code } = made.body;
    const short = `http://pie.example${START}/${code}`;
    const link = { code, short, url: 'http://example.org/', expires: '2030-01-01T00:01:00.000Z', clicks: 0 };
    expect([made.status, made.headers['location'], made.body]).to.deep.equal([201, `${API}/${code}`, link]);
    expect(made.headers).not.to.have.property('set-cookie');
    await agent.get(`${START}/${code}`);
    const shown = await guest(app).get(`${API}/${code}`).set('Host', 'pie.example');
    expect(shown.body).to.deep.equal({ ...link, clicks: 1 });
  });

  it('tells programs all that is wrong, as a problem', async () => {
    const { status, type, body } = await tour().post(API).send({ url: 'ftp://x', lifetime: 1 });
    expect([status, type]).to.deep.equal([400, 'application/problem+json']);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).to.deep.equal(['#/url', '#/lifetime']);
  });

  it('lets an address make some links a minute, by the page and the API together', async () => {
    const { agent, app } = shortener(2);
    expect((await shorten(agent)).status).to.equal(303);
    expect((await guest(app).post(API).send({ url: TARGET })).status).to.equal(201);
    const page = await shorten(agent);
    expect([page.status, page.type, page.headers['retry-after']]).to.deep.equal([429, 'text/html', '60']);
    const { status, body } = await guest(app).post(API).send({ url: TARGET });
    expect([status, body.title]).to.deep.equal([429, 'Too Many Requests']);
    expect((await agent.get(START)).status).to.equal(200);
  });

  const misses = [
    ['get', `${START}/nothing`, 404],
    ['get', `${START}/a/b`, 404],
    ['get', `${START}/create`, 405],
    ['post', START, 405],
  ] as const;
  for (const [method, path, status] of misses)
    it(`answers ${method} ${path} with ${status}, on a page that leads back`, async () => {
      const { agent } = shortener();
      const answer = await agent[method](path);
      expect([answer.status, answer.type]).to.deep.equal([status, 'text/html']);
      expect(answer.text).to.contain(`<h1>${STATUS_CODES[status]}</h1>`).and.contain(`href="${START}"`);
    });
});
