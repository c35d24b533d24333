import { expect } from 'chai';
import { tour } from '../support/tour.js';

const ADMIN = '/blog/admin';

async function author() {
  const agent = tour();
  await agent.post('/blog/login').type('form').send({ name: 'Ada' });
  return agent;
}

describe('demo: blog', () => {
  it('lists the posts and shows one', async () => {
    const agent = tour();
    expect((await agent.get('/blog')).text).to.contain('<a href="/blog/posts/first">First</a>');
    expect((await agent.get('/blog/posts/first')).text).to.contain('Three classes, one blog.');
  });

  it('takes comments from a form, escapes them, and goes back to the post', async () => {
    const agent = tour();
    const sent = await agent.post('/blog/posts/first/comments').type('form').send({ name: '', text: '<b>Nice</b>' });
    expect([sent.status, sent.headers['location']]).to.deep.equal([302, '/blog/posts/first']);
    const { text } = await agent.get('/blog/posts/first');
    expect(text).to.contain('&lt;b&gt;Nice&lt;/b&gt;').and.contain('<small>Guest</small>');
  });

  it('takes no comment from a link', async () => {
    const { status } = await tour().post('/blog/posts/first/comments?text=spam');
    expect(status).to.equal(400);
  });

  it('lets authors publish, and remove posts and comments', async () => {
    const agent = await author();
    const made = await agent.post(`${ADMIN}/posts`).type('form').send({ title: 'Über uns!', text: 'Hello' });
    expect(made.headers['location']).to.equal('/blog/posts/%C3%BCber-uns');
    expect((await agent.get('/blog/posts/%C3%BCber-uns')).text).to.contain('Hello');
    await agent.post('/blog/posts/first/comments').type('form').send({ text: 'Spam' });
    expect((await agent.get(ADMIN)).text).to.contain(`action="${ADMIN}/comments/first/0/remove"`);
    expect((await agent.post(`${ADMIN}/comments/first/0/remove`)).headers['location']).to.equal(ADMIN);
    expect((await agent.get('/blog/posts/first')).text).not.to.contain('Spam');
    await agent.post(`${ADMIN}/posts/first/remove`);
    expect((await agent.get('/blog/posts/first')).status).to.equal(404);
  });

  it('knows its authors until they log out', async () => {
    const agent = await author();
    expect((await agent.get('/blog')).text).to.contain('<strong>Ada</strong>');
    expect((await agent.get(ADMIN)).status).to.equal(200);
    await agent.post('/blog/logout');
    expect((await agent.get(ADMIN)).status).to.equal(401);
  });

  const guarded = [
    ['get', ADMIN],
    ['get', `${ADMIN}/index`],
    ['post', `${ADMIN}/posts`],
    ['post', `${ADMIN}/posts/first/remove`],
    ['post', `${ADMIN}/comments/first/0/remove`],
  ] as const;
  for (const [method, path] of guarded)
    it(`lets nobody else ${method} ${path}`, async () => {
      const agent = tour();
      const { status, text } = await agent[method](path);
      expect(status).to.equal(401);
      expect(text).to.contain('Who are you?');
      expect((await agent.get('/blog/posts/first')).status).to.equal(200);
    });

  const refusals = [
    ['get', '/blog/posts/nothing', {}, 404],
    ['post', '/blog/posts/nothing/comments', { text: 'x' }, 404],
    ['post', '/blog/posts/first/comments', {}, 400],
    ['delete', '/blog/posts/first', {}, 405],
    ['post', `${ADMIN}/posts`, { title: 'x' }, 422],
    ['post', `${ADMIN}/posts`, { title: 'First', text: 'x' }, 409],
    ['post', `${ADMIN}/comments/first/9/remove`, {}, 404],
    ['post', `${ADMIN}/comments/first/-1/remove`, {}, 404],
    ['post', `${ADMIN}/comments/first/x/remove`, {}, 400],
    ['get', `${ADMIN}/posts/first/remove`, {}, 405],
  ] as const;
  for (const [method, path, sent, status] of refusals)
    it(`answers ${method} ${path} ${JSON.stringify(sent)} with ${status}`, async () => {
      const agent = await author();
      const request = agent[method](path);
      expect((await (method === 'get' ? request : request.type('form').send(sent))).status).to.equal(status);
    });
});
