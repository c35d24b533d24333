import { expect } from 'chai';
import request from 'supertest';
import { client } from '../support/app.js';
import { cookieHeader } from '../support/sessions.js';
import { tour, tourApp } from '../support/tour.js';

describe('demo: sessions', () => {
  it('counts the visits of each visitor', async () => {
    const agent = tour();
    expect((await agent.get('/sessions/visits')).text).to.equal('Visit 1');
    expect((await agent.get('/sessions/visits')).text).to.equal('Visit 2');
    expect((await agent.get('/sessions')).text).to.contain('You have counted 2');
    expect((await tour().get('/sessions/visits')).text).to.equal('Visit 1');
  });

  it('sets no cookie for a look at the page', async () => {
    expect((await tour().get('/sessions')).headers).not.to.have.property('set-cookie');
  });

  it('knows who is logged in, until the log-out', async () => {
    const agent = tour();
    expect((await agent.get('/sessions/me')).status).to.equal(401);
    const login = await agent.post('/sessions/login').type('form').send({ name: '<Ada>' });
    expect([login.status, login.headers.location]).to.deep.equal([302, '/sessions']);
    expect((await agent.get('/sessions/me')).body).to.deep.equal({ user: '<Ada>' });
    expect((await agent.get('/sessions')).text)
      .to.contain('&lt;Ada&gt;')
      .and.contain('Log out');
    expect((await agent.post('/sessions/logout')).status).to.equal(302);
    expect((await agent.get('/sessions/me')).status).to.equal(401);
    expect((await agent.get('/sessions')).text).to.contain('You have counted 0');
  });

  it('gives a new identifier to who logs in, and keeps what was in the session', async () => {
    const app = tourApp();
    const agent = request.agent(app.callback());
    const before = await agent.get('/sessions/visits');
    const after = await agent.post('/sessions/login').type('form').send({ name: 'Ada' });
    const old = cookieHeader(before);
    expect(cookieHeader(after))
      .to.match(/^session_id=[\w-]{43}$/)
      .and.not.equal(old);
    expect((await agent.get('/sessions/visits')).text).to.equal('Visit 2');
    expect((await client(app).get('/sessions/me').set('Cookie', old)).status).to.equal(401);
  });

  for (const path of ['/sessions/me?user=admin', '/sessions/me/admin'])
    it(`is not taken in by ${path}`, async () => {
      expect((await tour().get(path)).status).to.equal(401);
    });

  it('logs nobody in or out by a link', async () => {
    const agent = tour();
    expect((await agent.get('/sessions/login?name=Eve')).status).to.equal(405);
    expect((await agent.get('/sessions/logout')).status).to.equal(405);
  });
});
