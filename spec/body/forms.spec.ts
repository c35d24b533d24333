import { expect } from 'chai';
import { declare, FORM_TYPE, result } from '../support/bodies.js';

describe('Forms', () => {
  const FORMS: [body: string, fields: unknown][] = [
    ['a=1&b=2&a=3', { a: ['1', '3'], b: ['2'] }],
    ['a=&b', {}],
    ['a=&a=1', { a: ['1'] }],
    ['a=x+y%2B%26', { a: ['x y+&'] }],
    ['a=1;b=2', { a: ['1;b=2'] }],
    ['a[]=1&a[b]=2&a.b=3&a[0]=4', { 'a[]': ['1'], 'a[b]': ['2'], 'a.b': ['3'], 'a[0]': ['4'] }],
    ['a=%zz&b=%ff', { a: ['%zz'], b: ['\ufffd'] }],
    ['&&=1&', { '': ['1'] }],
    [`a${'[x]'.repeat(50)}=1`, { [`a${'[x]'.repeat(50)}`]: ['1'] }],
    ['constructor=1&toString=2', { constructor: ['1'], toString: ['2'] }],
  ];

  for (const [body, fields] of FORMS)
    it(`read ${JSON.stringify(body)}`, async () => {
      const response = await declare('/form', FORM_TYPE, body);
      expect(response.status).to.equal(200);
      expect(JSON.parse(String(response.body))).to.deep.equal(fields);
    });

  it('keep __proto__ as a plain name', async () => {
    const { body } = await declare('/form', FORM_TYPE, '__proto__=a&__proto__=b&__proto__[x]=1');
    expect(String(body)).to.equal('{"__proto__":["a","b"],"__proto__[x]":["1"]}');
    expect(Reflect.get({}, 'x')).to.equal(undefined);
  });

  it('take 1,000 fields, and refuse more instead of dropping them', async () => {
    const same = (count: number) => Array(count).fill('a=1').join('&');
    const other = (count: number) => Array.from({ length: count }, (_, n) => `n${n}=1`).join('&');
    for (const form of [same, other]) {
      expect(result(await declare('/list', FORM_TYPE, form(1000)))).to.equal('200 1000');
      const more = await declare('/list', FORM_TYPE, form(1001));
      expect(result(more)).to.equal('400 400 Bad Request: More than 1000 fields');
    }
  });

  it('take an empty body', async () => {
    expect(result(await declare('/form', FORM_TYPE, ''))).to.equal('200 {}');
  });

  it('are read whatever is behind their type', async () => {
    for (const behind of ['; charset', ';', ' ;=', '; charset="', '; charset=latin1; charset=utf-8', '; ;,'])
      expect(result(await declare('/form', FORM_TYPE.toUpperCase() + behind, 'a=1'))).to.equal('200 {"a":["1"]}');
  });

  it('read a charset as what it is not: always UTF-8', async () => {
    const { body } = await declare('/form', `${FORM_TYPE}; charset=latin1`, 'a=é');
    expect(String(body)).to.equal('{"a":["é"]}');
  });
});
