import { expect } from 'chai';
import { tour } from '../support/tour.js';

describe('demo: requests', () => {
  it('has a page with forms that lead to its methods', async () => {
    const { text, type } = await tour().get('/requests');
    expect(type).to.equal('text/html');
    const actions = [...text.matchAll(/<form action="([^"]+)"/g)].map(([, action]) => action);
    expect(actions).to.deep.equal(['/requests/search', '/requests/contact']);
  });

  it('gives the arguments of a query the types of their defaults', async () => {
    const { body } = await tour().get('/requests/search?q=pie&page=2&tags=sweet&tags=salty');
    expect(body).to.deep.equal({ q: 'pie', page: 2, tags: ['sweet', 'salty'] });
  });

  it('refuses a page that is no number', async () => {
    const { status } = await tour().get('/requests/search?page=two');
    expect(status).to.equal(400);
  });

  for (const kind of ['form', 'multipart'] as const)
    it(`takes a contact from a ${kind} and escapes what it shows`, async () => {
      const test = tour().post('/requests/contact');
      const fields = { name: 'Ada', message: '<b>Hi</b>', newsletter: 'on' };
      const { status, text } = await (kind === 'form' ? test.type('form').send(fields) : test.field(fields));
      expect(status).to.equal(200);
      expect(text)
        .to.contain('Ada, we got your message')
        .and.contain('&lt;b&gt;Hi&lt;/b&gt;')
        .and.contain('You will get');
    });

  it('asks for a name that was left blank', async () => {
    const { status, text } = await tour().post('/requests/contact').type('form').send({ name: '', message: 'Hi' });
    expect(status).to.equal(422);
    expect(text).to.contain('Who are you?');
  });

  it('takes an order as JSON, whose values keep their types', async () => {
    const { body } = await tour().post('/requests/order').send({ item: 'pie', quantity: 2, gift: true });
    expect(body).to.deep.equal({ item: 'pie', quantity: 2, gift: true });
  });

  it('refuses an order without an item, and one whose item is no text', async () => {
    const agent = tour();
    expect((await agent.post('/requests/order').send({ quantity: 2 })).status).to.equal(400);
    expect((await agent.post('/requests/order').send({ item: {} })).status).to.equal(422);
  });

  it('takes contacts and orders by POST alone', async () => {
    const { status, headers } = await tour().get('/requests/order');
    expect(status).to.equal(405);
    expect(headers.allow).to.equal('POST, OPTIONS');
  });

  it('echoes the whole request', async () => {
    const { body } = await tour()
      .put('/requests/echo/some/path?and=query')
      .send({ a: [1] });
    expect(body).to.deep.equal({
      method: 'PUT',
      pathParams: ['some', 'path'],
      queryParams: { and: ['query'] },
      bodyParams: { a: [[1]] },
      json: { a: [1] },
    });
  });
});
