import { expect } from 'chai';
import { tour } from '../support/tour.js';

const TODOS = '/json-api/todos';

describe('demo: json-api', () => {
  it('lists todos', async () => {
    const { body } = await tour().get(TODOS);
    expect(body).to.deep.equal([
      { id: 1, title: 'Read the demo', done: true },
      { id: 2, title: 'Write a controller', done: false },
    ]);
  });

  it('creates a todo and says where it is', async () => {
    const agent = tour();
    const { status, body, headers } = await agent.post(TODOS).send({ id: 1, title: 'Bake' });
    expect(status).to.equal(201);
    expect(body).to.deep.equal({ id: 3, title: 'Bake', done: false });
    expect((await agent.get(String(headers.location))).body).to.deep.equal(body);
  });

  it('changes what PATCH names and replaces all by PUT', async () => {
    const agent = tour();
    const patched = await agent.patch(`${TODOS}/1`).send({ title: 'Read it again' });
    expect(patched.body).to.deep.equal({ id: 1, title: 'Read it again', done: true });
    const put = await agent.put(`${TODOS}/1`).send({ title: 'Reread' });
    expect(put.body).to.deep.equal({ id: 1, title: 'Reread', done: false });
    expect((await agent.get(`${TODOS}/1`)).body).to.deep.equal(put.body);
  });

  it('deletes a todo', async () => {
    const agent = tour();
    expect((await agent.delete(`${TODOS}/1`)).status).to.equal(204);
    expect((await agent.get(`${TODOS}/1`)).status).to.equal(404);
    expect((await agent.get(TODOS)).body).to.have.lengthOf(1);
  });

  const refusals = [
    ['get', `${TODOS}/99`, undefined, 404, 'There is no such todo'],
    ['get', `${TODOS}/x`, undefined, 404, 'There is no such todo'],
    ['post', TODOS, {}, 422, 'A todo needs a title'],
    ['put', `${TODOS}/1`, { done: true }, 422, 'A todo needs a title'],
    ['patch', `${TODOS}/1`, { done: 'yes' }, 422, 'done must be true or false'],
    ['post', TODOS, { title: ['Bake'] }, 400, "Parameter 'title' must be text"],
    ['post', `${TODOS}/1`, { title: 'Bake' }, 405, 'Method Not Allowed'],
    ['delete', TODOS, undefined, 405, 'Method Not Allowed'],
  ] as const;

  for (const [method, path, sent, status, error] of refusals)
    it(`answers ${method.toUpperCase()} ${path} ${JSON.stringify(sent) ?? ''} with ${status}, as JSON`, async () => {
      const answer = await tour()[method](path).send(sent);
      expect({ status: answer.status, body: answer.body }).to.deep.equal({ status, body: { error } });
    });

  it('tells which methods it has', async () => {
    const agent = tour();
    expect((await agent.options(TODOS)).headers.allow).to.contain('PATCH');
    expect((await agent.delete(TODOS)).headers.allow).to.equal('GET, HEAD, POST');
  });
});
