import { expect } from 'chai';
import { tour } from '../support/tour.js';

describe('demo: headers', () => {
  it("shows the request's headers", async () => {
    const { body } = await tour().get('/headers').set('X-Flavour', 'cherry');
    expect(body).to.include({ 'x-flavour': 'cherry' });
  });

  it('sets headers of its own', async () => {
    const { headers } = await tour().get('/headers/custom');
    expect(headers).to.include({ 'x-flavour': 'apple', 'cache-control': 'no-store' });
  });

  it('sets two cookies', async () => {
    const { headers } = await tour().get('/headers/cookies');
    expect(headers['set-cookie']).to.deep.equal([
      'theme=dark; Path=/headers; SameSite=Lax',
      'size=large; Path=/headers; SameSite=Lax; HttpOnly',
    ]);
  });

  it("answers in the client's language", async () => {
    const { text, headers } = await tour().get('/headers/language').set('Accept-Language', 'it, de;q=0.8');
    expect(text).to.equal('Guten Tag');
    expect(headers).to.include({ 'content-language': 'de', vary: 'Accept-Language' });
  });

  it('answers 304 to a client that has the text', async () => {
    const agent = tour();
    const first = await agent.get('/headers/conditional');
    expect([first.status, first.text]).to.deep.equal([200, 'This text has not changed for years.']);
    const second = await agent.get('/headers/conditional').set('If-None-Match', String(first.headers.etag));
    expect([second.status, second.text, second.headers.etag]).to.deep.equal([304, '', first.headers.etag]);
  });
});
