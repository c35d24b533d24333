import { expect } from 'chai';
import { tour } from '../support/tour.js';

describe('demo: hello', () => {
  const cases = [
    ['/hello', 200, 'Welcome! Try /hello/greet/Alice'],
    ['/hello/hello', 200, 'Hello, world!'],
    ['/hello/greet', 200, 'Hello, Guest!'],
    ['/hello/greet/Alice', 200, 'Hello, Alice!'],
    ['/hello/greet?name=Bob', 200, 'Hello, Bob!'],
    ['/hello/add/2/3', 200, '{"sum":5}'],
    ['/hello/add/two/3', 400, "400 Bad Request: Parameter 'x' must be a number"],
    ['/hello/unknown', 404, 'Not Found'],
  ] as const;

  for (const [path, status, text] of cases)
    it(`answers ${path} with ${status}`, async () => {
      const answer = await tour().get(path);
      expect([answer.status, answer.text]).to.deep.equal([status, text]);
    });

  it('takes the name from a form and from JSON', async () => {
    const agent = tour();
    expect((await agent.post('/hello/greet').type('form').send({ name: 'Form' })).text).to.equal('Hello, Form!');
    expect((await agent.post('/hello/greet').send({ name: 'JSON' })).text).to.equal('Hello, JSON!');
  });
});
