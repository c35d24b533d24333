import { STATUS_CODES } from 'node:http';
import { expect } from 'chai';
import type Koa from 'koa';
import { createClient } from 'redis';
import { microblog } from '../../demo/microblog/index.js';
import { redisSessionBackend } from '../../lib/index.js';
import { RedisServer } from '../sessions/redis-server.js';
import { appOf } from '../support/app.js';
import { withDemoServer } from '../support/demo-server.js';
import { cookieHeader, guest, visitor } from '../support/sessions.js';

type Agent = ReturnType<typeof visitor>;

const HOME = '/microblog';
const PASSWORD = 'a long secret';

function send(agent: Agent, path: string, sent: object = {}) {
  return agent
    .post(HOME + path)
    .type('form')
    .send(sent);
}

async function registered(agent: Agent, name: string): Promise<Agent> {
  const { status, headers } = await send(agent, '/register', { name, password: PASSWORD });
  expect([status, headers['location']]).to.deep.equal([303, HOME]);
  return agent;
}

/** The texts of a time line, the newest first. */
async function posts(agent: Agent, path = ''): Promise<string[]> {
  const { text } = await agent.get(HOME + path);
  return Array.from(text.matchAll(/<p>([^<]*)<\/p>\n<small><time/g), ([, post = '']) => post);
}

describe('demo: microblog', function () {
  // Each log-in derives a key, which is slow on purpose.
  this.timeout(30_000);

  /** Where ada and eve have registered, for tests that leave no trace. */
  let app: Koa;
  let ada: Agent;
  let eve: Agent;
  before(async () => {
    app = appOf(microblog());
    [ada, eve] = await Promise.all([registered(visitor(app), 'ada'), registered(visitor(app), 'eve')]);
  });

  it('registers, logs out and logs in', async () => {
    const app = appOf(microblog());
    const agent = await registered(visitor(app), 'Ada');
    expect((await agent.get(HOME)).text)
      .to.contain('<h1>Home</h1>')
      .and.contain('Log out');
    expect((await send(agent, '/logout')).status).to.equal(303);
    expect((await agent.get(HOME)).text)
      .to.contain('<h1>Everybody</h1>')
      .and.not.contain('Log out');
    const login = await send(agent, '/login', { name: 'ada', password: PASSWORD });
    expect([login.status, login.headers['location']]).to.deep.equal([303, HOME]);
    expect((await agent.get(HOME)).text).to.contain('>Ada</a>');
  });

  it('has time lines of oneself and those whom one follows, of a person, and of everybody', async () => {
    const app = appOf(microblog());
    const join = (name: string) => registered(visitor(app), name);
    const [ada, bob, eve] = await Promise.all([join('ada'), join('bob'), join('eve')]);
    await send(ada, '/posts', { text: 'one' });
    await send(bob, '/posts', { text: 'two' });
    await send(eve, '/posts', { text: 'three' });
    expect(await posts(ada)).to.deep.equal(['one']);
    const followed = await send(ada, '/people/bob/follow');
    expect([followed.status, followed.headers['location']]).to.deep.equal([303, `${HOME}/people/bob`]);
    expect((await ada.get(`${HOME}/people/bob`)).text).to.contain('Unfollow bob');
    expect(await posts(ada)).to.deep.equal(['two', 'one']);
    expect(await posts(bob)).to.deep.equal(['two']);
    expect(await posts(bob, '/people/ada')).to.deep.equal(['one']);
    expect(await posts(bob, '/public')).to.deep.equal(['three', 'two', 'one']);
    await send(ada, '/people/BOB/unfollow');
    expect(await posts(ada)).to.deep.equal(['one']);
    expect((await ada.get(`${HOME}/people/bob`)).text).to.contain('>Follow bob');
  });

  it('shows strangers the public time line, and offers them nothing to press', async () => {
    await send(ada, '/posts', { text: '<b>hello</b>' });
    for (const path of ['', '/public', '/people/ada']) {
      expect(await posts(visitor(app), path)).to.include('&lt;b&gt;hello&lt;/b&gt;');
      expect((await guest(app).get(HOME + path)).text).not.to.match(/<button|Log out/);
    }
  });

  for (const path of ['/posts', '/people/ada/follow', '/people/ada/unfollow', '/logout'])
    it(`sends a stranger from POST ${path} to the log-in, whoever it says to be`, async () => {
      const sent = { text: 'of a stranger', me: 'ada' };
      const { status, headers } = await send(visitor(app), `${path}?me=ada`, sent);
      expect([status, headers['location']]).to.deep.equal([303, `${HOME}/login`]);
      expect(await posts(ada, '/public')).not.to.include('of a stranger');
      expect((await ada.get(HOME)).text).to.contain('Log out');
    });

  it('lets nobody write for another', async () => {
    await send(eve, '/posts?me=ada', { text: 'mine', me: 'ada' });
    expect(await posts(ada, '/people/eve')).to.deep.equal(['mine']);
    expect(await posts(ada, '/people/ada')).not.to.include('mine');
  });

  it('gives a new identifier to who logs in, so that a planted one is worthless', async () => {
    const agent = visitor(app);
    const before = cookieHeader(await send(agent, '/login', { name: 'ada', password: PASSWORD }));
    const after = cookieHeader(await send(agent, '/login', { name: 'ada', password: PASSWORD }));
    expect(after)
      .to.match(/^microblog_session=[\w-]{43}$/)
      .and.not.equal(before);
    const seen = async (cookie: string) => (await guest(app).get(HOME).set('Cookie', cookie)).text.includes('Log out');
    expect([await seen(before), await seen(after)]).to.deep.equal([false, true]);
  });

  const wrong = [
    [{ name: 'ada', password: 'a wrong one' }, 401, 'Wrong name or password'],
    [{ name: 'nobody', password: PASSWORD }, 401, 'Wrong name or password'],
    [{ name: '"><b>' }, 400, 'Missing required parameter &#39;password&#39;'],
  ] as const;
  for (const [sent, status, message] of wrong)
    it(`shows the log-in again for ${JSON.stringify(sent)}, without the password`, async () => {
      const answer = await send(visitor(app), '/login', sent);
      expect([answer.status, answer.type]).to.deep.equal([status, 'text/html']);
      expect(answer.text).to.contain(message).and.contain('role="alert"').and.not.contain('a wrong one');
      expect(answer.text).to.contain(`value="${sent.name.replace('"><b>', '&quot;&gt;&lt;b&gt;')}"`);
    });

  const NO_TEXT: readonly object[] = [{ toString: 1 }, ['ada'], {}];
  for (const name of NO_TEXT)
    it(`refuses the name ${JSON.stringify(name)}, and the same as a password`, async () => {
      for (const sent of [
        { name, password: PASSWORD },
        { name: 'ada', password: name },
        { name: null, password: null },
      ])
        expect((await visitor(app).post(`${HOME}/login`).send(sent)).status).to.equal(400);
    });

  for (const path of ['/login', '/register', '/posts', '/logout'])
    it(`takes no form of another site at ${path}`, async () => {
      const sent = { name: 'ada', password: PASSWORD, text: 'of another site' };
      const answer = await send(ada, path, sent).set('Sec-Fetch-Site', 'cross-site');
      expect([answer.status, answer.headers['set-cookie']]).to.deep.equal([403, undefined]);
      expect(answer.text).to.contain('This form is of another site').and.not.contain(PASSWORD);
      expect(await posts(ada, '/public')).not.to.include('of another site');
    });

  it('takes no password from an address', async () => {
    const { status } = await visitor(app).post(`${HOME}/login?name=ada&password=${encodeURIComponent(PASSWORD)}`);
    expect(status).to.equal(400);
  });

  it('limits guesses at one password, in a form and as JSON, and lets others in', async () => {
    const app = appOf(microblog());
    await registered(visitor(app), 'bob');
    const agent = visitor(app);
    const guess = (name: string, password: string) => ({ name, password });
    for (let n = 0; n < 4; n++) expect((await send(agent, '/login', guess('ada', `wrong ${n}`))).status).to.equal(401);
    expect((await agent.post(`${HOME}/login`).send(guess('ADA', 'wrong'))).status).to.equal(401);
    const refused = await send(agent, '/login', guess('ada', PASSWORD));
    expect(refused.status).to.equal(429);
    expect(Number(refused.headers['retry-after'])).to.be.within(1, 900);
    expect(refused.text).to.contain('Too many attempts');
    expect((await send(agent, '/login', guess('bob', PASSWORD))).status).to.equal(303);
  });

  it('forgets the guesses when the log-in succeeds', async () => {
    for (const [password, status] of [...Array(4).fill(['wrong', 401]), [PASSWORD, 303], ['wrong', 401]])
      expect((await send(visitor(app), '/login', { name: 'eve', password })).status).to.equal(status);
  });

  const accounts = [
    [{ name: 'ADA', password: PASSWORD }, 409, 'Somebody has this name already'],
    [{ name: 'a b', password: PASSWORD }, 400, '2 to 20'],
    [{ name: 'bob', password: 'short' }, 400, 'at least 8 characters'],
    [{}, 400, '2 to 20'],
  ] as const;
  for (const [sent, status, message] of accounts)
    it(`refuses to register ${JSON.stringify(sent)} with ${status}, on the form`, async () => {
      const answer = await send(visitor(app), '/register', sent);
      expect(answer.status).to.equal(status);
      expect(answer.text).to.contain(message).and.contain('<h1>Register</h1>').and.not.contain(PASSWORD);
    });

  it('gives a name once, to two who want it at the same time', async () => {
    const app = appOf(microblog());
    const both = await Promise.all(
      [0, 1].map(() => send(visitor(app), '/register', { name: 'ada', password: PASSWORD })),
    );
    expect(both.map(({ status }) => status).sort()).to.deep.equal([303, 409]);
  });

  const misses = [
    ['get', '/people/nobody', 404],
    ['get', '/no/such/path', 404],
    ['get', '/posts', 405],
    ['post', '/public', 405],
  ] as const;
  for (const [method, path, status] of misses)
    it(`answers ${method} ${path} with ${status}, on a page that leads back`, async () => {
      const answer = await guest(appOf(microblog()))[method](HOME + path);
      expect([answer.status, answer.type]).to.deep.equal([status, 'text/html']);
      expect(answer.text).to.contain(`<h1>${STATUS_CODES[status]}</h1>`).and.contain(`href="${HOME}"`);
    });

  for (const [text, message] of [
    ['  ', 'Write something'],
    ['x'.repeat(281), 'at most 280 characters'],
  ] as const)
    it(`refuses a post of ${text.length} characters, on a page that leads back`, async () => {
      const answer = await send(ada, '/posts', { text });
      expect(answer.status).to.equal(400);
      expect(answer.text).to.contain(message).and.contain(`href="${HOME}"`);
    });

  describe('with Redis', () => {
    let redis: RedisServer | undefined;
    before(async function () {
      redis = await RedisServer.start();
      if (!redis) {
        console.warn('    redis-server is not installed: not checked');
        this.skip();
      }
    });
    after(() => redis?.kill());

    it('keeps sessions there', async () => {
      const client = createClient({ url: `redis://127.0.0.1:${redis?.port}` });
      const agent = await registered(visitor(appOf(microblog(redisSessionBackend(client)))), 'ada');
      expect(await client.keys('session:*')).to.have.lengthOf(1);
      await send(agent, '/logout');
      expect(await client.keys('session:*')).to.have.lengthOf(0);
      client.destroy();
    });

    it('finds it by REDIS_URL', async () => {
      const url = `redis://127.0.0.1:${redis?.port}`;
      await withDemoServer({ PORT: '0', REDIS_URL: url }, async ({ address }) => {
        const body = new URLSearchParams({ name: 'ada', password: PASSWORD });
        expect(
          (await fetch(`${address}${HOME}/register`, { method: 'POST', body, redirect: 'manual' })).status,
        ).to.equal(303);
      });
      const client = await createClient({ url }).connect();
      expect(await client.keys('session:*')).to.have.lengthOf(1);
      client.destroy();
    });
  });
});
