import { expect } from 'chai';
import { micropie } from '../../lib/index.js';
import { post, type RawResponse } from '../support/socket.js';
import { classOf } from '../support/source.js';
import { get, SECRET, tortured } from './support/torture.js';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

function send(path: string, type: string, body: string | Uint8Array, headers = ''): Buffer {
  return Buffer.concat([Buffer.from(post(path, type, Buffer.byteLength(body), headers)), Buffer.from(body)]);
}

function json(response: RawResponse): unknown {
  expect(response.status, response.body.toString()).to.equal(200);
  return JSON.parse(response.body.toString());
}

describe('binding under torture', () => {
  const server = tortured('binding');

  describe('a query', () => {
    const QUERIES: [query: string, lists: [name: string, values: string[]][]][] = [
      ['__proto__=x', [['__proto__', ['x']]]],
      [
        'constructor=x&toString=y',
        [
          ['constructor', ['x']],
          ['toString', ['y']],
        ],
      ],
      ['__proto__=a&__proto__=b', [['__proto__', ['a', 'b']]]],
      [
        '__proto__[x]=1&constructor[prototype][x]=1',
        [
          ['__proto__[x]', ['1']],
          ['constructor[prototype][x]', ['1']],
        ],
      ],
      ['%5f%5fproto%5f%5f=x', [['__proto__', ['x']]]],
      [
        'a[]=1&a[b]=1&a.b=1&a[0]=x&a[999]=y',
        [
          ['a[]', ['1']],
          ['a[b]', ['1']],
          ['a.b', ['1']],
          ['a[0]', ['x']],
          ['a[999]', ['y']],
        ],
      ],
      ['a=%zz', [['a', ['%zz']]]],
      ['a=%ff', [['a', ['\ufffd']]]],
      ['a=%ED%A0%80', [['a', ['\ufffd\ufffd\ufffd']]]],
      [
        'a=1+2&b=1%2B2',
        [
          ['a', ['1 2']],
          ['b', ['1+2']],
        ],
      ],
      ['a', []],
      ['a=', []],
      ['=1', [['', ['1']]]],
      ['&&', []],
      ['a=1;b=2', [['a', ['1;b=2']]]],
      [
        'a=1&A=2',
        [
          ['a', ['1']],
          ['A', ['2']],
        ],
      ],
      ['a==b', [['a', ['=b']]]],
      ['a=%00%0d%0a', [['a', ['\0\r\n']]]],
      ['?a=1', [['?a', ['1']]]],
    ];
    for (const [query, lists] of QUERIES)
      it(`?${query} is read plainly, and so as a form`, () =>
        server().trial({ handlers: ['query', 'fields'] }, async (client) => {
          const names = lists.map(([name]) => name);
          const read = { names, lists, proto: 'null' };
          expect(json(await client.exchange(get(`/query?${query}`)))).to.deep.equal(read);
          expect(json(await client.exchange(send('/fields', FORM, query)))).to.deep.equal(read);
        }));

    const SCALARS: [query: string, a: unknown][] = [
      ['a=1&a=2', '1'],
      ['a[]=1', 400],
      ['a[b]=1', 400],
      ['a.b=1', 400],
      ['a=', 400],
      ['a=&a=2', '2'],
    ];
    for (const [query, a] of SCALARS)
      it(`?${query} never makes a list or an object of one value`, () =>
        server().trial({ handlers: a === 400 ? [] : ['any', 'any'] }, async (client) => {
          for (const request of [get(`/any?${query}`), send('/any', FORM, query)]) {
            const response = await client.exchange(request);
            if (a === 400) expect(response.status).to.equal(400);
            else expect(json(response)).to.deep.equal({ a, type: 'string' });
          }
        }));
  });

  describe('sizes', () => {
    it('a value of 100 KB is too long for a query, which Node holds to 16 KB, and for a form at its limit', () =>
      server().trial({ handlers: ['length'], connection: 'closed' }, async (client) => {
        expect(
          json(await client.exchange(send('/length', 'application/json', `{"a":"${'x'.repeat(100_000)}"}`))),
        ).to.equal(100_000);
        expect((await client.exchange(send('/length', FORM, `a=${'x'.repeat(100_000)}`))).status).to.equal(413);
        expect((await client.exchange(get(`/length?a=${'x'.repeat(100_000)}`))).status).to.equal(431);
      }));

    const MANY: Record<string, (pairs: number) => string> = {
      'of one name': (pairs) => 'a=1&'.repeat(pairs).slice(0, -1),
      'of many names': (pairs) => `${Array.from({ length: pairs - 1 }, (_, n) => n.toString(36)).join('&')}&a=1`,
    };
    for (const [which, pairsOf] of Object.entries(MANY))
      for (const pairs of [999, 1000, 1001, 1100, 3000])
        it(`${pairs} pairs ${which} are all there or refused, never cut`, () => {
          const isTaken = pairs <= 1000;
          return server().trial({ handlers: isTaken ? ['list', 'list'] : [] }, async (client) => {
            for (const request of [get(`/list?${pairsOf(pairs)}`), send('/list', FORM, pairsOf(pairs))]) {
              const response = await client.exchange(request);
              if (!isTaken) expect(response.status).to.equal(400);
              else
                expect(json(response))
                  .to.have.property('a')
                  .with.length(which === 'of one name' ? pairs : 1);
            }
          });
        });
  });

  describe('what is missing or of another type', () => {
    const REFUSED: [path: string, detail: string][] = [
      ['/any', "Missing required parameter 'a'"],
      [`/any?b=${SECRET}`, "Missing required parameter 'a'"],
      [`/count?a=${SECRET}`, "Parameter 'a' must be a number"],
      ['/count/%3Cscript%3E', "Parameter 'a' must be a number"],
      ['/count?a=0x10', "Parameter 'a' must be a number"],
      ['/count?a=Infinity', "Parameter 'a' must be a number"],
      ['/count?a=9007199254740993', "Parameter 'a' must be a number"],
      ['/flag?a=maybe', "Parameter 'a' must be true or false"],
    ];
    for (const [path, detail] of REFUSED)
      it(`is 400 in plain text that repeats nothing of the client: ${path}`, () =>
        server().trial({}, async (client) => {
          const { status, headers, body } = await client.exchange(get(path));
          expect(`${status} ${body}`).to.equal(`400 400 Bad Request: ${detail}`);
          expect(headers['content-type']).to.equal('text/plain; charset=utf-8');
        }));

    const REFUSED_JSON: [path: string, body: string, detail: string][] = [
      ['/text', '{"a":{"b":1}}', "Parameter 'a' must be text"],
      ['/text', '{"a":[1]}', "Parameter 'a' must be text"],
      ['/text', '{"a":null}', "Parameter 'a' must be text"],
      ['/list', '{"a":null}', "Parameter 'a' must be a list"],
      ['/count', '{"a":"1 "}', "Parameter 'a' must be a number"],
      ['/any', `{"b":"${SECRET}"}`, "Missing required parameter 'a'"],
    ];
    for (const [path, json, detail] of REFUSED_JSON) {
      it(`is 400 as a problem to those who send JSON: ${path} ${json}`, () =>
        server().trial({}, async (client) => {
          const { status, headers, body } = await client.exchange(send(path, JSON_TYPE, json));
          const problem = { title: 'Bad Request', status: 400, detail, errors: [{ detail, pointer: '#/a' }] };
          expect([status, JSON.parse(body.toString())]).to.deep.equal([400, problem]);
          expect(headers['content-type']).to.equal('application/problem+json');
        }));

      it(`is 400 in plain text to those who send JSON and prefer text: ${path} ${json}`, () =>
        server().trial({}, async (client) => {
          const { status, headers, body } = await client.exchange(
            send(path, JSON_TYPE, json, 'Accept: text/plain\r\n'),
          );
          expect(`${status} ${body}`).to.equal(`400 400 Bad Request: ${detail}`);
          expect(headers['content-type']).to.equal('text/plain; charset=utf-8');
        }));
    }
  });

  describe('JSON members', () => {
    const MEMBERS: [body: string, answer: unknown][] = [
      ['{"a":{"b":1}}', { a: { b: 1 }, type: 'object' }],
      ['{"a":[1]}', { a: [1], type: 'list' }],
      ['{"a":null}', { a: null, type: 'object' }],
      ['{"a":true}', { a: true, type: 'boolean' }],
      ['{"a":0}', { a: 0, type: 'number' }],
      ['{"a":""}', { a: '', type: 'string' }],
    ];
    for (const [body, answer] of MEMBERS)
      it(`${body} keeps its type`, () =>
        server().trial({ handlers: ['any'] }, async (client) => {
          const text = (await client.exchange(send('/any', 'application/json', body))).body.toString();
          expect(text).to.equal(JSON.stringify(answer));
        }));
  });

  describe('nothing that is inherited', () => {
    const NOTHING: [path: string, handler: string, answer: unknown][] = [
      ['/pattern', 'pattern', 400],
      ['/inherited', 'inherited', 400],
      ['/pattern?constructor=a&__proto__=b', 'pattern', { made: 'a', proto: 'b', a: 'none' }],
      ['/inherited?toString=a', 'inherited', { toString: 'a' }],
      ['/held?ctx=a&request=b', 'held', { ctx: 'object', request: 'object' }],
    ];
    for (const [path, handler, answer] of NOTHING)
      it(`is bound by ${path}`, () =>
        server().trial({ handlers: answer === 400 ? [] : [handler] }, async (client) => {
          const response = await client.exchange(get(path));
          if (answer === 400) expect(response.status).to.equal(400);
          else expect(json(response)).to.deep.equal(answer);
        }));
  });

  describe('signatures', () => {
    const FORMS: [path: string, handler: string, answer: unknown[]][] = [
      ['brackets?c=C&a=A', 'brackets', ['A', '(,', 'C']],
      ['comments?b=B', 'comments', ['x', 'B']],
      ['regular?b=B', 'regular', ['[)/*,]', 'B']],
      ['template?b=B', 'template', ['),', 'B']],
      ['arrow?b=B', 'arrow', ['function', 'B']],
      ['rest/A/B/C?more=x', 'rest', ['A', ['B', 'C']]],
      ['nested/D?a=A', 'nested', ['A', 'deep', 'D']],
      ['later/A/B', 'later', ['A', 'B']],
      ['many?b=B&a=A', 'many', ['A', 'B']],
      ['manyLater?b=B&a=A', 'manyLater', ['A', 'B']],
      ['computed?b=B&a=A', 'computed', ['A', 'B']],
      ['robots.txt?a=A', 'robots.txt', ['A']],
      ['caf%C3%A9?%C3%A9t%C3%A9=A', 'café', ['A']],
      ['$?$b=B&_a=A', '$', ['A', 'B']],
      ['hidden?a=A', 'hidden', ['A', 's']],
    ];
    for (const [path, handler, answer] of FORMS)
      it(`of any form are read: ${path}`, () =>
        server().trial({ handlers: [handler] }, async (client) => {
          expect(json(await client.exchange(get(`/forms/${path}`)))).to.deep.equal(answer);
        }));

    const UNREADABLE: Record<string, (prototype: object) => unknown> = {
      bound: (prototype) => Reflect.set(prototype, 'made', ((a: string) => a).bind(null)),
      native: (prototype) => Reflect.set(prototype, 'made', Array.prototype.map),
      'a class': (prototype) => Reflect.set(prototype, 'made', class {}),
      'a proxy': (prototype) => Reflect.set(prototype, 'made', new Proxy((a: string) => a, {})),
    };
    for (const [what, change] of Object.entries(UNREADABLE))
      it(`that can not be read, of ${what}, are an error at start that names the method`, () => {
        const Root = classOf('index() {}');
        change(Root.prototype);
        expect(() => micropie(Root)).to.throw(TypeError, 'Root.made');
      });
  });
});
