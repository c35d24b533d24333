import { expect } from 'chai';
import { declare, JSON_TYPE, Root, result, WAYS } from '../support/bodies.js';

describe('JSON bodies', () => {
  const GOOD: [what: string, body: string | Buffer, type: string, json: unknown][] = [
    ['an object', '{"a":1}', JSON_TYPE, { a: 1 }],
    ['a list', '[1,2]', JSON_TYPE, [1, 2]],
    ['a string', '"text"', JSON_TYPE, 'text'],
    ['a number', '12', JSON_TYPE, 12],
    ['true', 'true', JSON_TYPE, true],
    ['null', 'null', JSON_TYPE, null],
    ['white space around', ' \n{"a":1}\t', JSON_TYPE, { a: 1 }],
    ['a byte order mark', '\ufeff{"a":1}', JSON_TYPE, { a: 1 }],
    ['the last of two equal keys', '{"a":1,"a":2}', JSON_TYPE, { a: 2 }],
    ['a type with a charset', '{"a":"é"}', `${JSON_TYPE}; charset=UTF-8`, { a: 'é' }],
    ['a type with a broken parameter', '{"a":1}', `${JSON_TYPE}; charset`, { a: 1 }],
    ['a type in capitals, with spaces', '{"a":1}', 'Application/JSON ; charset=UTF-8', { a: 1 }],
    ['a type with a suffix', '{"a":1}', 'application/vnd.x+json', { a: 1 }],
    ['a type in capitals', '{"a":1}', 'Application/JSON', { a: 1 }],
    ['a type with a tab behind it', '{"a":1}', `${JSON_TYPE}\t`, { a: 1 }],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), JSON_TYPE, '\ufffd'],
    [
      'a very deep list',
      `${'['.repeat(500)}${']'.repeat(500)}`,
      JSON_TYPE,
      JSON.parse('['.repeat(500) + ']'.repeat(500)),
    ],
  ];

  for (const [what, body, type, json] of GOOD)
    it(`take ${what}`, async () => {
      const response = await declare('/json', type, body);
      expect(response.status).to.equal(200);
      expect(JSON.parse(String(response.body)).json).to.deep.equal(json);
    });

  const BAD: [what: string, body: string | Buffer][] = [
    ['nothing', ''],
    ['white space', '  '],
    ['a word', 'hello'],
    ['an object that does not end', '{"a":1'],
    ['a comma too many', '{"a":1,}'],
    ['single quotes', "{'a':1}"],
    ['NaN', '{"a":NaN}'],
    ['two values', '{} {}'],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
    ['unclosed brackets, 60,000 deep', '['.repeat(60_000)],
  ];

  for (const [what, body] of BAD)
    for (const [way, send] of Object.entries(WAYS))
      it(`refuse ${what}, ${way}`, async () => {
        expect(result(await send('/json', JSON_TYPE, body))).to.equal('400 400 Bad Request: Bad JSON');
      });

  for (const body of [
    '{"__proto__":{"polluted":1}}',
    '{"\\u005f_proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
  ])
    it(`never reach a prototype: ${body}`, async () => {
      const { status } = await declare('/json', JSON_TYPE, body);
      expect(status).to.be.oneOf([200, 400]);
      expect(Reflect.get({}, 'polluted')).to.equal(undefined);
      expect(Reflect.get(Root.prototype, 'polluted')).to.equal(undefined);
    });

  it('survive 60,000 levels', async () => {
    const body = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
    expect((await declare('/list', JSON_TYPE, body)).status).to.be.oneOf([200, 400]);
  });
});
