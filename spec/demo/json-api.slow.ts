import { expect } from 'chai';
import { tour } from '../support/tour.js';

const TODOS = '/json-api/todos';
// As axios sends it.
const ACCEPT = 'application/json, text/plain, */*';

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
    const patched = await agent.patch(`${TODOS}/1`).send({ id: 2, title: 'Read it again' });
    expect(patched.body).to.deep.equal({ id: 1, title: 'Read it again', done: true });
    const undone = await agent.patch(`${TODOS}/1`).send({ done: false });
    expect(undone.body).to.deep.equal({ id: 1, title: 'Read it again', done: false });
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
    ['delete', `${TODOS}/99`, undefined, 404, 'There is no such todo'],
    ['get', `${TODOS}/x`, undefined, 400, "Parameter 'id' must be a number"],
    ['post', TODOS, {}, 422, 'A todo needs a title'],
    ['post', `${TODOS}?title=Bake`, {}, 422, 'A todo needs a title'],
    ['put', `${TODOS}/1`, { done: true }, 422, 'A todo needs a title'],
    ['patch', `${TODOS}/1`, { title: '' }, 422, 'A todo needs a title'],
    ['patch', `${TODOS}/1`, { done: 'perhaps' }, 400, "Parameter 'done' must be true or false"],
    ['post', TODOS, { title: ['Bake'] }, 400, "Parameter 'title' must be text"],
    ['put', `${TODOS}/x`, { title: [] }, 400, "Parameter 'id' must be a number; Parameter 'title' must be text"],
    ['post', `${TODOS}/1`, { title: 'Bake' }, 405, undefined],
    ['delete', TODOS, undefined, 405, undefined],
  ] as const;

  for (const [method, path, sent, status, detail] of refusals)
    it(`answers ${method.toUpperCase()} ${path} ${JSON.stringify(sent) ?? ''} with ${status}, as a problem`, async () => {
      const answer = await tour()[method](path).accept(ACCEPT).send(sent);
      expect(answer.type).to.equal('application/problem+json');
      expect([answer.status, answer.body.status, answer.body.detail]).to.deep.equal([status, status, detail]);
    });

  it('points at what is wrong', async () => {
    const { body } = await tour().put(`${TODOS}/x`).send({ title: [] });
    expect(body.errors).to.deep.equal([
      { detail: "Parameter 'id' must be a number", pointer: '#/id' },
      { detail: "Parameter 'title' must be text", pointer: '#/title' },
    ]);
  });

  it('tells which methods it has', async () => {
    const agent = tour();
    expect((await agent.options(TODOS)).headers.allow).to.equal('GET, HEAD, POST, OPTIONS');
    expect((await agent.delete(TODOS)).headers.allow).to.equal('GET, HEAD, POST, OPTIONS');
    expect((await agent.options(`${TODOS}/1`)).headers.allow).to.contain('PATCH');
  });
});
