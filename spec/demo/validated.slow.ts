import { expect } from 'chai';
import { tour } from '../support/tour.js';

const ORDERS = '/validated/orders';
const ADDRESS = { street: 'Pie Lane 1', city: 'Bath', zip: '00123' };
const ORDER = { name: 'Ada', email: 'ada@example.org', address: ADDRESS, items: [{ pie: 'apple', count: 2 }] };
const ANSWER = { id: 1, name: 'Ada', city: 'Bath', items: ORDER.items, total: 2 };
const FORM = { name: 'Ada', email: 'ada@example.org', ...ADDRESS, pies: ['apple', 'leek'], count: '3', note: '' };

describe('demo: validated', () => {
  it('takes a nested order and answers with what the public may see', async () => {
    const agent = tour();
    const made = await agent.post(ORDERS).send({ ...ORDER, secret: 'x' });
    expect([made.status, made.headers['location']]).to.deep.equal([201, `${ORDERS}/1`]);
    expect(made.body).to.deep.equal(ANSWER);
    expect((await agent.get(`${ORDERS}/1`)).body).to.deep.equal(ANSWER);
    expect((await agent.get(ORDERS)).body).to.deep.equal([ANSWER]);
  });

  const filters: [query: string, names: string[]][] = [
    ['', ['Ada', 'Bob', 'Eve']],
    ['?pie=apple', ['Ada', 'Eve']],
    ['?pie=leek&pie=apple', ['Ada', 'Bob', 'Eve']],
    ['?least=3', ['Bob', 'Eve']],
    ['?pie=apple&least=3', ['Eve']],
    ['?city=Bath', ['Ada', 'Eve']],
    ['?page=2', []],
  ];
  for (const [query, names] of filters)
    it(`lists ${names.join(', ') || 'nobody'} for ${query || 'no query'}`, async () => {
      const agent = tour();
      await agent.post(ORDERS).send(ORDER);
      await agent.post(ORDERS).send({
        ...ORDER,
        name: 'Bob',
        address: { ...ADDRESS, city: 'York' },
        items: [{ pie: 'leek', count: 3 }],
      });
      await agent.post(ORDERS).send({ ...ORDER, name: 'Eve', items: [{ pie: 'apple', count: 4 }] });
      const { body } = await agent.get(`${ORDERS}${query}`);
      expect(body.map(({ name }: { name: string }) => name)).to.deep.equal(names);
    });

  it('says all that is wrong with an order at once, as a problem that points into it', async () => {
    const { status, type, body } = await tour()
      .post(ORDERS)
      .send({ email: 'ada', address: { ...ADDRESS, zip: 123 }, items: [{ pie: 'mud', count: '2' }] });
    expect([status, type, body.title]).to.deep.equal([400, 'application/problem+json', 'Bad Request']);
    expect(body.errors).to.deep.equal([
      { detail: 'Who are you?', pointer: '#/name' },
      { detail: 'An e-mail address, such as ada@example.org', pointer: '#/email' },
      { detail: 'A postal code of five digits', pointer: '#/address/zip' },
      { detail: 'Choose one of the pies that we bake', pointer: '#/items/0/pie' },
      { detail: 'How many?', pointer: '#/items/0/count' },
    ]);
  });

  const refusals = [
    ['get', `${ORDERS}?least=none`, undefined, 400, ['#/least']],
    ['get', `${ORDERS}?least=0&pie=mud&page=-1`, undefined, 400, ['#/pie/0', '#/least', '#/page']],
    ['get', `${ORDERS}/x`, undefined, 400, ['#/id']],
    ['get', `${ORDERS}/7`, undefined, 404, undefined],
    ['post', ORDERS, undefined, 400, ['#']],
    ['post', ORDERS, [], 400, ['#']],
    ['post', ORDERS, { ...ORDER, items: [] }, 400, ['#/items']],
    ['delete', ORDERS, undefined, 405, undefined],
  ] as const;
  for (const [method, path, sent, status, pointers] of refusals)
    it(`answers ${method.toUpperCase()} ${path} ${JSON.stringify(sent) ?? ''} with ${status}, as a problem`, async () => {
      const answer = await tour()[method](path).accept('json').send(sent);
      expect([answer.status, answer.type]).to.deep.equal([status, 'application/problem+json']);
      const found = answer.body.errors?.map(({ pointer }: { pointer: string }) => pointer);
      expect(found).to.deep.equal(pointers);
    });

  it('takes the same order from a form, and shows it after a redirect', async () => {
    const agent = tour();
    const sent = await agent.post('/validated').type('form').send(FORM);
    expect([sent.status, sent.headers['location']]).to.deep.equal([303, '/validated/thanks/1']);
    const { text } = await agent.get('/validated/thanks/1');
    expect(text).to.contain('Pie Lane 1, 00123 Bath').and.contain('3 × apple').and.contain('3 × leek');
    expect((await agent.get(`${ORDERS}/1`)).body.total).to.equal(6);
  });

  it('shows a form that was refused again: what was typed in, and beside each field what is wrong', async () => {
    const { status, type, text } = await tour()
      .post('/validated')
      .type('form')
      .send({ ...FORM, name: '', street: '<b>"Lane"', zip: '12', count: 'many' });
    expect([status, type]).to.deep.equal([400, 'text/html']);
    expect(text).to.contain('<h1>Please look again</h1>').and.contain('role="alert"');
    const problems = Array.from(text.matchAll(/<strong id="(\w+)-problem"[^>]*>([^<]*)/g), ([, ...found]) => found);
    expect(problems).to.deep.equal([
      ['name', 'Who are you?'],
      ['zip', 'A postal code of five digits'],
      ['count', 'How many?'],
    ]);
    for (const [name] of problems) {
      expect(text).to.contain(`<a href="#${name}">`);
      expect(text).to.match(new RegExp(`<input id="${name}" .*aria-describedby="[^"]*${name}-problem" aria-invalid`));
    }
    expect(text).to.contain('value="&lt;b&gt;&quot;Lane&quot;"').and.contain('value="many"');
    expect(text).to.contain('value="leek" checked').and.not.contain('value="cherry" checked');
  });

  it('asks for pies, of which a form sends nothing where none is chosen', async () => {
    const { text } = await tour()
      .post('/validated')
      .type('form')
      .send({ ...FORM, pies: undefined });
    expect(text).to.contain('<strong id="pies-problem" class="problem">Choose at least one</strong>');
  });

  for (const sent of [[], {}, { name: { toString: 1 } }, { name: 'Ada', pies: { 0: 'mud' } }])
    it(`answers ${JSON.stringify(sent)} in place of a form with the form`, async () => {
      const { status, text } = await tour().post('/validated').send(sent);
      expect(status).to.equal(400);
      expect(text).to.contain('Nothing was ordered yet');
    });

  it('has a label for every field, and marks none as wrong at first', async () => {
    const { text } = await tour().get('/validated');
    const ids = Array.from(text.matchAll(/<input id="(\w+)"/g), ([, id]) => id);
    expect(ids).to.have.lengthOf(7);
    for (const id of ids) expect(text).to.contain(`<label for="${id}">`);
    expect(text).not.to.match(/aria-invalid|problem|checked|false|undefined/);
  });
});
