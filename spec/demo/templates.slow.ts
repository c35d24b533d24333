import { expect } from 'chai';
import { tour } from '../support/tour.js';

describe('demo: templates', () => {
  it('makes a page of a head, a foot and a part for each guest', async () => {
    const { text, type } = await tour().get('/templates');
    expect(type).to.equal('text/html');
    expect(text)
      .to.match(/^<!doctype html>/)
      .and.match(/<\/html>\s*$/);
    expect([...text.matchAll(/<li>/g)]).to.have.lengthOf(3);
  });

  it('escapes a hostile name, in text and in a link that leads to its page', async () => {
    const agent = tour();
    const { text } = await agent.get('/templates');
    expect(text).not.to.contain('<script>');
    const links = [...text.matchAll(/href="(\/templates\/guest\/[^"]+)"/g)].map(([, link = '']) =>
      link.replaceAll('&#39;', "'"),
    );
    const guest = await agent.get(links[2] ?? '');
    expect(guest.text).to.contain('&lt;script&gt;alert(&#34;Bobby&#34;)&lt;/script&gt;').and.not.contain('<script>');
  });

  it('takes the name from the path', async () => {
    expect((await tour().get('/templates/guest/Ada')).text).to.contain('<strong>Ada</strong>');
  });
});
