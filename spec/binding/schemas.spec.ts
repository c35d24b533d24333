import { expect } from 'chai';
import request from 'supertest';
import { micropie, type StandardSchema } from '../../lib/index.js';
import { UploadedFile } from '../../lib/uploads/uploaded-file.js';
import { appOf, errorsOf } from '../support/app.js';
import { FORM_TYPE, type FormPart, field, file, formOf } from '../support/form.js';
import { classOf } from '../support/source.js';
import { LIBRARIES, type Schemas } from './libraries.js';

/** What a client sends; the path is that below the method. */
interface Sent {
  readonly below: string;
  readonly method?: 'get' | 'post' | 'delete' | 'head';
  readonly type?: string;
  readonly body?: string | Buffer;
}

const get = (below: string): Sent => ({ below });
const form = (body: string, below = ''): Sent => ({
  below,
  method: 'post',
  type: 'application/x-www-form-urlencoded',
  body,
});
const jsonText = (body: string, below = ''): Sent => ({ below, method: 'post', type: 'application/json', body });
const json = (value: unknown, below = ''): Sent => jsonText(JSON.stringify(value), below);
const multipart = (...parts: FormPart[]): Sent => ({
  below: '',
  method: 'post',
  type: FORM_TYPE,
  body: formOf(parts),
});

interface Refused {
  /** The pointers of all issues of the 400. */
  readonly pointers: readonly string[];
}

const at = (...pointers: string[]): Refused => ({ pointers });

type Expected = readonly unknown[] | Refused;
type SchemaName = keyof Schemas;
type Declare = (schema: (name: SchemaName) => StandardSchema) => object;

/** `untold` is what comes of it where the library does not tell its schemas as JSON Schema. */
type Row = readonly [title: string, signature: string, declare: Declare, sent: Sent, told: Expected, untold?: Expected];

const param =
  (...names: SchemaName[]): Declare =>
  (schema) => ({ params: names.map(schema) });
const input =
  (name: SchemaName): Declare =>
  (schema) => ({ input: schema(name) });

const NOW = '2024-05-06T07:08:09.000Z';

const parameters: Row[] = [
  ['a number from the path', '(a)', param('number'), get('/12'), [12], at('#/a')],
  ['a number from the query', '(a)', param('number'), get('?a=-1.5'), [-1.5], at('#/a')],
  ['a number from a form', '(a)', param('number'), form('a=1e3'), [1000], at('#/a')],
  ['a number from multipart', '(a)', param('number'), multipart(field('a', '7')), [7], at('#/a')],
  ['a number from JSON', '(a)', param('number'), json({ a: 12 }), [12]],
  ['no number: text stays for the schema', '(a)', param('number'), get('?a=0x10'), at('#/a')],
  ['no number of JSON text', '(a)', param('number'), json({ a: '12' }), at('#/a')],
  ['a number by the literal default', '(a = 7)', param('number'), get('?a=12'), [12]],
  ['the literal default', '(a = 7)', param('number'), get(''), [7]],
  ['the default for a blank value', '(a = 7)', param('number'), get('?a='), [7]],
  ['JSON null, for the schema to refuse', '(a = 7)', param('number'), json({ a: null }), at('#/a')],
  ['JSON null, for the schema to take', '(a = 7)', param('nullableNumber'), json({ a: null }), [null]],
  ['undefined, for the schema to take', '(a)', param('optionalNumber'), get(''), [undefined]],
  ['undefined, for the schema to refuse', '(a)', param('number'), get(''), at('#/a')],
  ['text that looks like a number', '(a)', param('text'), get('?a=0012'), ['0012']],
  ['text, whatever the default', '(a = 7)', param('text'), get('?a=12'), ['12'], at('#/a')],
  ['text for a union with text', '(a)', param('numberOrText'), get('?a=12'), ['12']],
  ['JSON for a union with text', '(a)', param('numberOrText'), json({ a: 12 }), [12]],
  ['a number of a union', '(a)', param('numberOrFlag'), get('?a=12'), [12], at('#/a')],
  ['a boolean of a union', '(a)', param('numberOrFlag'), get('?a=yes'), [true], at('#/a')],
  ['false for "false"', '(a)', param('flag'), get('?a=false'), [false], at('#/a')],
  ['no boolean for a word', '(a)', param('flag'), get('?a=maybe'), at('#/a')],
  ['a bigint by the literal default', '(a = 7n)', param('bigint'), get('?a=9007199254740993'), [9007199254740993n]],
  ['a bigint that nothing tells', '(a)', param('bigint'), get('?a=12'), at('#/a')],
  ['one of several numbers', '(a)', param('level'), get('/2'), [2], at('#/a')],
  ['none of several numbers', '(a)', param('level'), get('/3'), at('#/a')],
  ['a list of one', '(a)', param('numbers'), get('?a=1'), [[1]], at('#/a')],
  ['a list of several', '(a)', param('numbers'), get('?a=1&a=2'), [[1, 2]], at('#/a')],
  ['a list by its default', '(a = [])', param('numbers'), json({ a: [1, 2] }), [[1, 2]]],
  ['a list with a wrong item', '(a)', param('numbers'), get('?a=1&a=x'), at('#/a/1'), at('#/a')],
  ['a list that JSON does not wrap', '(a)', param('numbers'), json({ a: 1 }), at('#/a')],
  ['a tuple', '(a)', param('pair'), get('?a=1&a=no'), [[1, false]], at('#/a')],
  ['a transformed value', '(a)', param('length'), get('/four'), [4]],
  [
    'a transformed value beside others',
    '(a, b, c)',
    param('length', 'text', 'number'),
    json({ c: 3 }, '/x/y'),
    [1, 'y', 3],
  ],
  ['each segment of a rest', '(...a)', param('number'), get('/1/2'), [1, 2], at('#/a', '#/a')],
  ['no wrong segment of a rest', '(...a)', param('number'), get('/1/x'), at('#/a'), at('#/a', '#/a')],
  [
    'all issues at once',
    '(a, b = 1, c)',
    param('number', 'number', 'flag'),
    json({ a: 'x', b: 'y' }),
    at('#/a', '#/b', '#/c'),
  ],
  [
    'a pattern by a name',
    '({ b })',
    (schema) => ({ params: [['a', schema('loose')]] }),
    json({ a: { b: 1 } }),
    [{ b: 1 }],
    [{ b: 1 }],
  ],
  [
    'all uploaded files of a name',
    '(a)',
    param('files'),
    multipart(file('a', '1'), file('a', '2')),
    [['file', 'file']],
    at('#/a'),
  ],
  ['no file for text', '(a)', param('files'), form('a=x'), at('#/a/0'), at('#/a')],
  ['no file for JSON', '(a)', param('files'), json({ a: [{ path: '/etc/passwd' }] }), at('#/a/0')],
];

const filled = { page: 2, open: false, sizes: [1, 2], tags: ['a', 'b'], phone: '0012', code: '7' };
const FILTER = `?page=2&open=off&sizes=1&sizes=2&tags=a&tags=b&phone=0012&code=7&since=${NOW}`;
const task = { title: 'Tea', owner: { name: 'Al' } };

const inputs: Row[] = [
  [
    'the query of a GET, a date beside numbers',
    '(f)',
    input('filter'),
    get(FILTER),
    [{ ...filled, since: new Date(NOW) }],
    at('#/open', '#/page', '#/sizes', '#/tags'),
  ],
  ['the query of a HEAD', '(f)', input('filter'), { below: '?phone=1', method: 'head' }, [{ page: 1, phone: '1' }]],
  ['the query of a DELETE', '(f)', input('filter'), { below: '?phone=1', method: 'delete' }, [{ page: 1, phone: '1' }]],
  ['an empty query', '(f)', input('filter'), get(''), [{ page: 1 }]],
  ['the default of an empty query', '(f = 7)', input('filter'), get(''), [7]],
  ['the default of blank values', '(f = 7)', input('filter'), get('?page='), [7]],
  [
    'a form',
    '(f)',
    input('filter'),
    form('sizes=1&open=1&page=3'),
    [{ page: 3, open: true, sizes: [1] }],
    at('#/open', '#/page', '#/sizes'),
  ],
  ['the default of an empty form', '(f = 7)', input('filter'), form('page='), [7]],
  ['JSON as it is', '(f)', input('filter'), json(filled), [filled]],
  ['JSON that is never converted', '(f)', input('filter'), json({ page: '2' }), at('#/page')],
  ['JSON of no members, whatever the default', '(t = 7)', input('task'), json({}), at('#/owner', '#/title')],
  ['JSON null, whatever the default', '(t = 7)', input('task'), json(null), at('#')],
  ['a JSON list', '(l)', input('numbers'), json([1, 2]), [[1, 2]]],
  ['a JSON text', '(l)', input('length'), json('four'), [4]],
  ['no body', '(t)', input('task'), { below: '?title=Tea', method: 'post' }, at('#')],
  ['no body, for the default', '(t = 7)', input('task'), { below: '?title=Tea', method: 'post' }, [7]],
  ['no body, for the schema to take', '(t)', input('optionalNumber'), { below: '', method: 'post' }, [undefined]],
  ['nested members with defaults', '(t)', input('task'), json(task), [{ ...task, done: false, steps: [] }]],
  ['the keys of a pattern', '({ title, steps })', input('task'), json(task), [{ ...task, done: false, steps: [] }]],
  [
    'issues of nested members',
    '(t)',
    input('task'),
    json({ ...task, owner: {}, steps: [{ hours: 1 }, { hours: 'x' }] }),
    at('#/owner/name', '#/steps/1/hours'),
  ],
  [
    'pointers with signs of their own',
    '(t)',
    input('task'),
    json({ ...task, owner: { name: 'Al', 'e/mail~': 1 } }),
    at('#/owner/e~1mail~0'),
  ],
  [
    'what the path gives beside it',
    '(id, t)',
    (schema) => ({ path: 'POST /:id', params: [Number], input: schema('task') }),
    json(task, '/7'),
    [7, { ...task, done: false, steps: [] }],
  ],
  [
    'issues of the path and of the body',
    '(id, t)',
    (schema) => ({ path: 'POST /:id', params: [Number], input: schema('task') }),
    json({ title: 1 }, '/x'),
    at('#/id', '#/owner', '#/title'),
  ],
  ['a record of numbers', '(r)', input('record'), get('?a=1&b=2'), [{ a: 1, b: 2 }], at('#/a', '#/b')],
  [
    'fields and files by name',
    '(u)',
    input('upload'),
    multipart(field('title', 'T'), field('size', '3'), file('file', 'abc')),
    [{ title: 'T', size: 3, file: 'file' }],
    at('#/size'),
  ],
  ['no JSON for a file', '(u)', input('upload'), json({ title: 'T', size: 3, file: { filename: 'x' } }), at('#/file')],
  ['no text for a file', '(u)', input('upload'), form('title=T&file=x'), at('#/file', '#/size')],
  [
    'a recursion',
    '(t)',
    input('tree'),
    json({ value: 1, child: { value: 2, child: { value: 3 } } }),
    [{ value: 1, child: { value: 2, child: { value: 3 } } }],
  ],
  [
    'issues of a recursion',
    '(t)',
    input('tree'),
    json({ value: 1, child: { value: 2, child: { value: 'x' } } }),
    at('#/child/child/value'),
  ],
  ['a recursion as a query', '(t)', input('tree'), get('?value=1'), [{ value: 1 }], at('#/value')],
  [
    'text in place of a recursion',
    '(t)',
    input('tree'),
    get('?value=1&child=x'),
    at('#/child'),
    at('#/child', '#/value'),
  ],
];

const hostile: Row[] = [
  ['no prototype from JSON', '(o)', input('loose'), jsonText('{"__proto__":{"x":1}}'), at()],
  ['no prototype from a form', '(o)', input('loose'), form('__proto__=x&toString=y&a=1'), [{ a: '1', toString: 'y' }]],
  ['no prototype from a query', '(o)', input('loose'), get('?__proto__=x&a=1'), [{ a: '1' }]],
  ['no prototype from a file', '(o)', input('loose'), multipart(file('__proto__', 'x'), field('a', '1')), [{ a: '1' }]],
  ['inherited members of none', '(a)', param('optionalNumber'), json({}), [undefined]],
];

const asynchronous: Row[] = [
  ['a promised value', '(a)', param('free'), get('/free'), ['free']],
  ['a promised issue', '(a)', param('free'), get('/taken'), at('#/a')],
  [
    'a promised value beside others',
    '(a, b, c)',
    param('free', 'length', 'free'),
    get('/free/four/free'),
    ['free', 4, 'free'],
  ],
  [
    'issues in the order of the parameters',
    '(a, b, c)',
    param('free', 'flag', 'free'),
    get('/taken/x/taken'),
    at('#/a', '#/b', '#/c'),
  ],
  ['segments of a rest', '(...a)', param('free'), get('/x/y'), ['x', 'y']],
  ['a promised input', '(t)', input('free'), json('free'), ['free']],
];

const GROUPS = { 'as parameters': parameters, 'as input': inputs, 'against hostile requests': hostile };

for (const [library, { schemas, tells }] of Object.entries(LIBRARIES))
  describe(`Schemas of ${library}`, () => {
    for (const [group, rows] of Object.entries(GROUPS))
      describe(group, () => {
        for (const row of rows) it(`gives ${row[0]}`, () => check(row));
      });

    if (schemas.free)
      describe('that give a promise', () => {
        for (const row of asynchronous) it(`gives ${row[0]}`, () => check(row));
      });

    it('are 500 where they throw, told once', async () => {
      const { response, errors } = await ask('(a)', param('throwing'), get('/1'), 'text/plain');
      expect([response.status, response.text]).to.deep.equal([500, 'Internal Server Error']);
      expect(errors.map(({ message }) => message)).to.deep.equal(['The schema itself is broken']);
    });

    it('tell all issues in the text as well, each with its name', async () => {
      const { response } = await ask('(a, b)', param('number', 'flag'), json({ a: 'x' }), 'text/plain');
      expect(response.text).to.match(/^400 Bad Request: a: .+; b: .+$/);
      expect(response.type).to.equal('text/plain');
    });

    it('tell no more than 100 issues of a huge body', async () => {
      const { response } = await ask('(l)', input('numbers'), json(Array(50_000).fill('x')));
      expect(response.status).to.equal(400);
      expect(response.body.errors).to.have.lengthOf(100);
      expect(response.text.length).to.be.below(50_000);
    });

    it('refuse a body that is nested too deeply for them', async () => {
      const depth = 50_000;
      const body = `${'{"value":1,"child":'.repeat(depth)}{"value":1}${'}'.repeat(depth)}`;
      const { response, errors } = await ask('(t)', input('tree'), jsonText(body));
      expect([response.status, errors]).to.deep.equal([400, []]);
    });

    async function check([, signature, declare, sent, told, untold = told]: Row): Promise<void> {
      const { response, errors, seen } = await ask(signature, declare, sent);
      const expected = tells ? told : untold;
      if (!('pointers' in expected)) {
        expect({ status: response.status, seen }).to.deep.equal({ status: 204, seen: [expected] });
        return;
      }
      const issues: readonly { pointer: string }[] = response.body.errors ?? [];
      expect({ status: response.status, seen, errors }).to.deep.equal({ status: 400, seen: [], errors: [] });
      expect(issues.map(({ pointer }) => pointer).sort()).to.deep.equal(expected.pointers);
    }

    function ask(signature: string, declare: Declare, sent: Sent, accept = 'application/json') {
      return bound(
        signature,
        declare((name) => schemas[name] ?? schemas.number),
        sent,
        accept,
      );
    }
  });

/** A schema that no library made. */
function schemaOf(validate: StandardSchema['~standard']['validate']): StandardSchema {
  return { '~standard': { version: 1, vendor: 'own', validate } };
}

describe('A schema', () => {
  const rejecting = schemaOf(() => Promise.reject(new Error('broken')));
  const throwing = schemaOf(() => {
    throw new Error('broken');
  });
  // biome-ignore lint/suspicious/noThenProperty: as a query builder has it.
  const thenable = { then: () => expect.fail('It was waited for'), query: 1 };
  const lazy = schemaOf(() => ({ value: thenable }));
  const slow = schemaOf(async (value) => ({ value }));

  for (const [title, params] of Object.entries({
    'that rejects': [rejecting],
    'that rejects beside one that throws at once': [rejecting, throwing],
    'that rejects beside another': [rejecting, rejecting],
    // zod alone would leave a rejection that nobody handles: it begins twice.
    'that throws': [throwing],
  }))
    it(`is 500, told once: one ${title}`, async () => {
      const { response, errors } = await bound('(a, b)', { params }, get('/1/2'), 'text/plain');
      expect([response.status, response.text]).to.deep.equal([500, 'Internal Server Error']);
      expect(errors.map(({ message }) => message)).to.deep.equal(['broken']);
    });

  it('may make of a value what looks like a promise, which only the handler waits for', async () => {
    for (const params of [[lazy], [lazy, slow], [slow, lazy]]) {
      const { response } = await bound('(a, b = 7)', { params }, get('/1/2'));
      expect(response.status).to.equal(204);
    }
    expect(
      (await bound('(a)', { params: [schemaOf(async () => ({ value: thenable }))] }, get('/1'))).response.status,
    ).to.equal(204);
  });

  it('may be a function, and wrap the parts of its paths', async () => {
    const path = [{ key: 'list' }, 0, { key: Symbol('s') }];
    const schema = Object.assign(
      () => {},
      schemaOf(() => ({ issues: [{ message: 'Bad', path }] })),
    );
    const { response } = await bound('(a)', { params: [schema] }, get('/1'));
    expect(response.body).to.deep.equal({
      title: 'Bad Request',
      status: 400,
      detail: 'a.list.0.Symbol(s): Bad',
      errors: [{ detail: 'Bad', pointer: '#/a/list/0/Symbol(s)' }],
    });
  });

  for (const [title, described] of Object.entries({
    'no object': 'text',
    'a reference to nowhere': { $ref: '#/$defs/none' },
    'a reference to itself': { $ref: '#' },
    'a reference beyond it': { $ref: 'https://example.com/schema' },
    'a name with a percent sign': { $ref: '#/$defs/100%', $defs: { '100%': { type: 'number' } } },
    'types of all kinds': { anyOf: [{ allOf: [{ type: ['integer', 'null'] }] }, { const: null }, { $ref: '#' }] },
    'much that is repeated': repeated(40),
  }))
    it(`may tell ${title} as its JSON Schema`, async () => {
      const { '~standard': standard } = schemaOf((value) => ({ value: typeof value }));
      // What libraries give is not always what the interface promises.
      const tell = () => Object(described);
      const schema = { '~standard': { ...standard, jsonSchema: { input: tell, output: tell } } };
      const { seen } = await bound('(a, { b })', { params: [schema], input: schema }, get('/1?b=2'));
      expect(seen[0]?.[0]).to.be.oneOf(['string', 'number']);
    });
});

/** A schema whose paths double with each level. */
function repeated(levels: number): object {
  const $defs = Object.fromEntries(
    Array.from({ length: levels }, (_none, level) => {
      const next = { $ref: `#/$defs/${level + 1}` };
      return [level, { anyOf: [next, next, { type: 'number' }] }];
    }),
  );
  return { $ref: '#/$defs/0', $defs: { ...$defs, [levels]: { type: 'number' } } };
}

/** What becomes of one request to a method with the declaration. */
async function bound(signature: string, declaration: object, sent: Sent, accept = 'application/json') {
  const seen: unknown[][] = [];
  const routes = { m: declaration };
  const names = signature
    .slice(1, -1)
    .split(/,(?![^{]*\})/)
    .map((text, index) => (text.trim().startsWith('{') ? `arguments[${index}]` : text.replace(/=.*/, '')));
  const see = (args: unknown[]) => void seen.push(args.map(plain));
  const Root = classOf(`m${signature} { see([${names.join()}]); }\nstatic routes = routes;`, { routes, see });
  // An explicit path has no name of its own in it.
  const path = 'path' in routes.m ? '' : '/m';
  const app = appOf(micropie(Root));
  const errors = errorsOf(app);
  const { below, method = 'get', type, body } = sent;
  const asking = request(app.callback())
    [method](path + below)
    .accept(accept);
  const response = await (type ? asking.type(type).send(body) : asking);
  return { response, seen, errors: errors.filter((error) => !('expose' in error && error.expose)) };
}

/** Names files, and gives all else the prototype that the comparison asks for. */
function plain(value: unknown): unknown {
  if (value instanceof UploadedFile) return value.field === 'file' || value.field === 'a' ? 'file' : value.field;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  expect(Object.getPrototypeOf(value)).to.be.oneOf([Object.prototype, null]);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}
