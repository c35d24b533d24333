import { expect } from 'chai';
import { agent } from 'supertest';
import { auth, registered } from '../../demo/auth/index.js';
import { appOf, client, errorsOf } from '../support/app.js';
import { consent, type Registered, withProvider } from '../support/identity-provider.js';
import { cookieHeader } from '../support/sessions.js';
import { tour } from '../support/tour.js';

type Visitor = ReturnType<typeof agent>;

/** Serves the demo with a provider, for one visitor with cookies. */
function withAuth(use: (visitor: Visitor, registered: Registered, url: string) => Promise<void>): Promise<void> {
  return withProvider(
    (registered) => appOf(auth(registered)),
    ({ url }, registered) => use(agent(url), registered, url),
  );
}

/** Begins a log-in, and gives the path and query by which the provider sends the visitor back. */
async function comeBack(visitor: Visitor, registered: Registered, name: string): Promise<string> {
  const { headers } = await visitor.get('/auth/login').expect(302);
  const back = new URL(await consent(registered, headers['location'] ?? '', name));
  return back.pathname + back.search;
}

function changed(address: string, name: string, value: string): string {
  const url = new URL(address, 'http://localhost');
  url.searchParams.set(name, value);
  return url.pathname + url.search;
}

describe('demo: auth, by a provider', function () {
  this.timeout(30_000);

  it('logs in by a code with state and PKCE, under a new identifier, and out again', () =>
    withAuth(async (visitor, registered, url) => {
      const begun = await visitor.get('/auth/login');
      const address = new URL(begun.headers['location'] ?? '');
      expect(Object.fromEntries(address.searchParams)).to.include({
        response_type: 'code',
        client_id: 'pie',
        redirect_uri: `${url}/auth/callback`,
        code_challenge_method: 'S256',
      });
      expect(address.searchParams.get('state')).to.have.length.above(20);
      expect((await visitor.get('/auth/me')).status).to.equal(401);
      const back = new URL(await consent(registered, address.href, '<ada>'));
      const done = await visitor.get(back.pathname + back.search);
      expect([done.status, done.headers['location']]).to.deep.equal([303, '/auth']);
      expect(cookieHeader(done)).to.match(/^session_id=/);
      expect(cookieHeader(done)).not.to.equal(cookieHeader(begun));
      const user = { id: '<ada>', name: '<ada> of the pies' };
      expect((await visitor.get('/auth/me')).body).to.deep.equal(user);
      expect((await visitor.get('/auth/me?user=eve')).body).to.deep.equal(user);
      expect((await visitor.get('/auth')).text).to.contain('<strong>&lt;ada&gt; of the pies</strong>');
      expect((await agent(url).get('/auth/me').set('Cookie', cookieHeader(begun))).status).to.equal(401);
      expect((await visitor.get('/auth/logout')).status).to.equal(405);
      expect((await visitor.post('/auth/logout')).status).to.equal(303);
      expect((await visitor.get('/auth/me')).status).to.equal(401);
    }));

  it("refuses an answer whose state is not this visitor's", () =>
    withAuth(async (visitor, registered) => {
      const back = await comeBack(visitor, registered, 'ada');
      const { status, text } = await visitor.get(changed(back, 'state', 'forged'));
      expect(status).to.equal(400);
      expect(text).to.contain('not the answer to the log-in').and.contain('href="/auth"');
      expect((await visitor.get(back)).status, 'the attempt is over').to.equal(400);
      expect((await visitor.get('/auth/me')).status).to.equal(401);
    }));

  it('refuses an answer that was meant for another visitor', () =>
    withAuth(async (visitor, registered, url) => {
      const back = await comeBack(visitor, registered, 'eve');
      const victim = agent(url);
      expect((await victim.get(back)).text).to.contain('No log-in was begun here');
      await victim.get('/auth/login');
      expect((await victim.get(back)).status).to.equal(400);
      expect((await victim.get('/auth/me')).status).to.equal(401);
    }));

  it('refuses a code that the provider does not know, and one without the verifier that it was made for', () =>
    withAuth(async (visitor, registered, url) => {
      const back = await comeBack(visitor, registered, 'ada');
      const { status, text } = await visitor.get(changed(back, 'code', 'guessed'));
      expect([status, text.includes('The code is used up or too old')]).to.deep.equal([400, true]);
      // A stolen code, in an attempt of the thief's own, with the thief's state.
      const stolen = new URL(await comeBack(visitor, registered, 'ada'), url).searchParams.get('code') ?? '';
      const thief = agent(url);
      const own = await comeBack(thief, registered, 'eve');
      expect((await thief.get(changed(own, 'code', stolen))).status).to.equal(400);
      expect((await thief.get('/auth/me')).status).to.equal(401);
    }));

  it('tells why the provider refused', () =>
    withAuth(async (visitor, { issuer }) => {
      const { headers } = await visitor.get('/auth/login');
      const state = new URL(headers['location'] ?? '').searchParams.get('state');
      const query = new URLSearchParams({
        error: 'access_denied',
        error_description: '<No>',
        state: `${state}`,
        iss: issuer,
      });
      const { status, text } = await visitor.get(`/auth/callback?${query}`);
      expect([status, text.includes('&lt;No&gt;.')]).to.deep.equal([400, true]);
    }));

  it('fails with 500 while the provider is away, and asks it again the next time', async () => {
    const app = appOf(auth({ issuer: 'http://127.0.0.1:9', clientId: 'pie', clientSecret: 'x' }));
    const errors = errorsOf(app);
    for (let time = 0; time < 2; time++) expect((await client(app).get('/auth/login')).status).to.equal(500);
    expect(errors).to.have.lengthOf(2);
  });

  it('trusts no provider without TLS on another machine', async () => {
    const app = appOf(auth({ issuer: 'http://provider.example', clientId: 'pie', clientSecret: 'x' }));
    const errors = errorsOf(app);
    expect((await client(app).get('/auth/login')).status).to.equal(500);
    expect(String(errors[0])).to.contain('only requests to HTTPS are allowed');
  });

  it('takes its registration from the environment, whole or not at all', () => {
    const env = { AUTH_ISSUER: 'https://provider.example', AUTH_CLIENT_ID: 'pie', AUTH_CLIENT_SECRET: 'x' };
    expect(registered(env)).to.deep.equal({ issuer: env.AUTH_ISSUER, clientId: 'pie', clientSecret: 'x' });
    expect(registered({})).to.equal(undefined);
    expect(() => registered({ ...env, AUTH_CLIENT_SECRET: '' })).to.throw('AUTH_ISSUER needs');
  });

  it('says what to set where there is no provider', async () => {
    const visitor = tour();
    const { text } = await visitor.get('/auth');
    for (const name of ['AUTH_ISSUER', 'AUTH_CLIENT_ID', 'AUTH_CLIENT_SECRET', '/auth/callback'])
      expect(text).to.contain(name);
    expect(text).not.to.contain('/auth/login');
    expect((await visitor.get('/auth/login')).status).to.equal(404);
  });
});

describe('demo: auth, by name and password', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const ask = (authorization: string) => tour().get('/auth/basic').set('Authorization', authorization);

  it('shows its page whatever a client calls the host', async () => {
    for (const host of ['[', 'a b', '"><script>']) {
      const { status, text } = await client(auth()).get('/auth').set('Host', host);
      expect([status, text.includes('<script>')], host).to.deep.equal([200, false]);
    }
  });

  it('challenges who says nothing', async () => {
    const { status, headers } = await tour().get('/auth/basic');
    expect(status).to.equal(401);
    expect(headers['www-authenticate']).to.equal('Basic realm="demo", charset="UTF-8"');
  });

  for (const authorization of [basic('demo:pie'), basic('demo:pie').replace('Basic', 'bAsIc ')])
    it(`lets in with ${authorization}`, async () => {
      expect((await ask(authorization)).text).to.equal('You are demo, and know the password.');
    });

  const refused = {
    'a wrong password': basic('demo:cake'),
    'a longer password': basic('demo:pie:'),
    'an unknown name': basic('eve:pie'),
    'an unknown name without a password': basic('eve:'),
    'a name of every object': basic('constructor:'),
    'no colon': basic('demo'),
    'no Base64': 'Basic demo:pie',
    nothing: 'Basic',
    'another scheme': 'Bearer reader',
  };
  for (const [what, authorization] of Object.entries(refused))
    it(`refuses ${what}`, async () => {
      expect((await ask(authorization)).status).to.equal(401);
    });
});

describe('demo: auth, by a token', () => {
  const cases = [
    ['get', '/auth/pies', undefined, 401, 'Bearer realm="demo"'],
    ['get', '/auth/pies', 'Basic ZGVtbzpwaWU=', 401, 'Bearer realm="demo"'],
    ['get', '/auth/pies', 'Bearer nobody', 401, 'Bearer realm="demo", error="invalid_token"'],
    ['get', '/auth/pies', 'Bearer reade', 401, 'Bearer realm="demo", error="invalid_token"'],
    ['get', '/auth/pies', 'Bearer reader', 200, undefined],
    ['get', '/auth/pies', 'bearer baker', 200, undefined],
    ['post', '/auth/bake', 'Bearer reader', 403, 'Bearer realm="demo", error="insufficient_scope", scope="bake"'],
    ['post', '/auth/bake', 'Bearer baker', 201, undefined],
  ] as const;

  for (const [method, path, authorization, status, challenge] of cases)
    it(`answers ${method} ${path} with ${authorization} by ${status}`, async () => {
      const asking = tour()[method](path);
      const answer = await (authorization ? asking.set('Authorization', authorization) : asking);
      expect([answer.status, answer.headers['www-authenticate']]).to.deep.equal([status, challenge]);
    });

  it('keeps what was baked', async () => {
    const visitor = tour();
    await visitor.post('/auth/bake').set('Authorization', 'Bearer baker').send({ pie: 'plum' });
    const { body } = await visitor.get('/auth/pies').set('Authorization', 'Bearer reader');
    expect(body).to.deep.equal({ user: 'a reader', pies: ['apple', 'cherry', 'plum'] });
  });
});
