import { expect } from 'chai';
import { client, errorsOf } from '../support/app.js';
import { tour, tourApp } from '../support/tour.js';

describe('demo: middleware', () => {
  it('logs answers and errors', async () => {
    const lines: string[] = [];
    const agent = client(tourApp((line) => lines.push(line)));
    await agent.get('/middleware/open');
    await agent.get('/middleware/square/x');
    expect(lines).to.deep.equal([
      'GET /middleware/open 200',
      "GET /middleware/square/x failed: Parameter 'x' must be a number",
    ]);
  });

  it('says how long the method took', async () => {
    const { headers } = await tour().get('/middleware/open');
    expect(headers['server-timing']).to.match(/^handler;dur=\d+\.\d$/);
  });

  it('answers 401 to a stranger and never asks the method', async () => {
    const { status, body, headers } = await tour().get('/middleware/secret');
    expect(status).to.equal(401);
    expect(body).to.deep.equal({ error: 'Who are you?' });
    expect(headers['www-authenticate']).to.equal('Basic realm="demo"');
    expect(headers).not.to.have.property('server-timing');
  });

  it('refuses a wrong password and takes the right one', async () => {
    const agent = tour();
    expect((await agent.get('/middleware/secret').auth('demo', 'cake')).status).to.equal(401);
    expect((await agent.get('/middleware/secret').auth('demo', 'pie')).text).to.equal('You know the password.');
  });

  it('answers a bad request with JSON that says why', async () => {
    const { status, body } = await tour().get('/middleware/square/x');
    expect(status).to.equal(400);
    expect(body).to.deep.equal({ error: "Parameter 'x' must be a number" });
  });

  it('answers an error of its own with JSON that does not, and tells the app', async () => {
    const app = tourApp();
    const errors = errorsOf(app);
    const { status, body } = await client(app).get('/middleware/broken');
    expect(status).to.equal(500);
    expect(body).to.deep.equal({ error: 'Something went wrong' });
    expect(errors.map(String)).to.deep.equal(['Error: The oven is cold']);
  });
});
