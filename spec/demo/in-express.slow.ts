import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Request, RequestHandler } from 'express';
import { agent } from 'supertest';
import { Guestbook } from '../../demo/in-express/guestbook.js';
import { createSite } from '../../demo/in-express/index.js';
import { micropie } from '../../lib/index.js';
import { appOf, watched } from '../support/app.js';

function expressSite(sessions?: RequestHandler) {
  const { site, app } = createSite(sessions);
  watched(app);
  // Else it prints the errors that it answers.
  site.set('env', 'test');
  return site;
}

interface WithSession {
  session?: object | null;
}

/** Sessions as Express's packages give them: on the request, kept until it is null there. */
function sessionsOfExpress(): RequestHandler {
  const kept = new Map<string, object>();
  return (request: Request & WithSession, response, next) => {
    const id = /sid=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? randomUUID();
    request.session = kept.get(id) ?? {};
    response.cookie('sid', id);
    response.on('finish', () => (request.session ? kept.set(id, request.session) : kept.delete(id)));
    next();
  };
}

const PLACES = [
  ['in Express', () => expressSite()],
  ['in Express, with its sessions', () => expressSite(sessionsOfExpress())],
  ['on an app of Koa', () => appOf(micropie(Guestbook, { prefix: '/guests' })).callback()],
] as const;

describe('demo: in-express', () => {
  for (const [place, make] of PLACES)
    describe(`the controller ${place}`, () => {
      it('takes forms and JSON', async () => {
        const visitor = agent(make());
        const { status, headers } = await visitor
          .post('/guests/sign')
          .type('form')
          .send({ name: '<Ada>', text: 'Nice' });
        expect([status, headers['location']]).to.deep.equal([303, '/guests']);
        await visitor.post('/guests/sign').send({ name: 'Bob', text: 'Good pie' });
        expect((await visitor.get('/guests/entries')).body).to.deep.equal([
          { name: '<Ada>', text: 'Nice' },
          { name: 'Bob', text: 'Good pie' },
        ]);
        expect((await visitor.get('/guests')).text).to.contain('<strong>&lt;Ada&gt;</strong>: Nice');
      });

      it('knows its visitors', async () => {
        const site = make();
        const visitor = agent(site);
        for (const visit of [1, 2]) expect((await visitor.get('/guests')).text).to.contain(`your visit ${visit}.`);
        await visitor.post('/guests/sign').send({ name: 'Bob', text: 'Good pie' });
        expect((await visitor.get('/guests')).text).to.contain('value="Bob"');
        expect((await agent(site).get('/guests')).text).to.contain('your visit 1.');
      });

      it('refuses what it refuses anywhere', async () => {
        const visitor = agent(make());
        expect((await visitor.post('/guests/sign?name=Eve&text=Hi')).status).to.equal(400);
        expect((await visitor.get('/guests/sign')).status).to.equal(405);
        expect((await visitor.get('/guests/nothing')).status).to.equal(404);
      });
    });

  it('sets one cookie, that of the sessions in use', async () => {
    const cookies = async (site: ReturnType<typeof expressSite>) =>
      (await agent(site).get('/guests')).get('Set-Cookie')?.map((cookie) => cookie.replace(/=.*/, ''));
    expect(await cookies(expressSite(sessionsOfExpress()))).to.deep.equal(['sid']);
    expect(await cookies(expressSite())).to.deep.equal(['session_id']);
  });

  it("shares the site's sessions with Express", async () => {
    const site = expressSite(sessionsOfExpress());
    const visitor = agent(site);
    await visitor.post('/guests/sign').send({ name: 'Bob', text: 'Good pie' });
    expect((await visitor.get('/')).text).to.contain('Welcome back, Bob');
    expect((await agent(site).get('/')).text).not.to.contain('Welcome back');
    await visitor.post('/guests/forget');
    expect((await visitor.get('/')).text).not.to.contain('Welcome back');
  });

  it("leaves the site's own pages to Express, in front and behind", async () => {
    const visitor = agent(expressSite());
    expect((await visitor.get('/')).text).to.contain('href="/guests"');
    expect((await visitor.get('/style.css')).type).to.equal('text/css');
    for (const path of ['/nothing', '/guestsbook']) {
      const { status, text } = await visitor.get(path);
      expect([status, text]).to.deep.equal([404, 'Express knows no such page']);
    }
  });

  it("answers Express's own refusal of a body in front", async () => {
    const { status } = await agent(expressSite()).post('/guests/sign').type('json').send('{');
    expect(status).to.equal(400);
  });
});
