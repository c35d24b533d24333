import { expect } from 'chai';
import request from 'supertest';
import * as z from 'zod';
import { micropie } from '../../lib/index.js';
import { UploadedFile } from '../../lib/uploads/uploaded-file.js';
import { appOf } from '../support/app.js';
import { FORM_TYPE, type FormPart, field, file, formOf } from '../support/form.js';
import { classOf } from '../support/source.js';

interface Sent {
  readonly below: string;
  readonly type?: string;
  readonly body?: string | Buffer;
}

const get = (below: string): Sent => ({ below });
const form = (body: string, below = ''): Sent => ({ below, type: 'application/x-www-form-urlencoded', body });
const jsonText = (body: string, below = ''): Sent => ({ below, type: 'application/json', body });
const json = (value: unknown, below = ''): Sent => jsonText(JSON.stringify(value), below);
const multipart = (...parts: FormPart[]): Sent => ({ below: '', type: FORM_TYPE, body: formOf(parts) });

const missing = (name: string) => `400 Bad Request: Missing required parameter '${name}'`;
const wrong = (name: string, must: string) => `400 Bad Request: Parameter '${name}' must be ${must}`;

const REFUSED = Symbol('refused');
type Values = readonly (readonly [sent: string, arrives: unknown])[];

const refused = (...texts: string[]): Values => texts.map((text) => [text, REFUSED]);
const same = (...values: unknown[]): Values => values.map((value) => [JSON.stringify(value), value]);

/** A type: as a literal default, in `params` and as a schema, and what becomes of texts and of JSON. */
interface Kind {
  readonly fallback: string;
  readonly type: unknown;
  readonly must: string;
  readonly schema?: z.ZodType;
  readonly texts: Values;
  /** JSON for a default and a type, which convert. */
  readonly values: Values;
  /** What a schema takes of JSON, which is never converted for it. */
  readonly own?: Values;
}

const KINDS: Readonly<Record<string, Kind>> = {
  Number: {
    fallback: '7',
    type: Number,
    must: 'a number',
    schema: z.number(),
    texts: [
      ['12', 12],
      ['-1.5', -1.5],
      ['1e3', 1000],
      ['007', 7],
      ['9007199254740991', Number.MAX_SAFE_INTEGER],
      ...refused('0x10', 'Infinity', '%201', '1_000', '9007199254740992', 'one', 'true', '1.', '.5', '%2B1'),
    ],
    values: [...same(12, -0.5), ['"12"', 12], ...refused('" 12"', '""', 'true', 'null', '{}', '[1]', '1e21')],
    own: [...same(12, -0.5), ...refused('"12"', 'true', 'null', '{}', '[1]')],
  },
  BigInt: {
    fallback: '7n',
    type: BigInt,
    must: 'a whole number',
    texts: [
      ['12', 12n],
      ['-5', -5n],
      ['9007199254740993', 9007199254740993n],
      ...refused('1.5', '1e3', '0x10', '12n', '%201', '1'.repeat(1001)),
    ],
    values: [
      ['12', 12n],
      ['12.0', 12n],
      ['"12"', 12n],
      ...refused('1.5', '1e21', '9007199254740993', 'true', 'null', '[1]', '""'),
    ],
  },
  Boolean: {
    fallback: 'false',
    type: Boolean,
    must: 'true or false',
    schema: z.boolean(),
    texts: [
      ...['true', '1', 'on', 'yes'].map((text) => [text, true] as const),
      ...['false', '0', 'off', 'no'].map((text) => [text, false] as const),
      ...refused('TRUE', 'y', '2', '%20true', 'null'),
    ],
    values: [
      ...same(true, false),
      ['"yes"', true],
      ['"off"', false],
      ...refused('1', '0', 'null', '{}', '[true]', '""'),
    ],
    own: [...same(true, false), ...refused('"yes"', '1', 'null', '[true]')],
  },
  String: {
    fallback: "'d'",
    type: String,
    must: 'text',
    schema: z.string(),
    texts: [
      ['12', '12'],
      ['true', 'true'],
      ['null', 'null'],
      ['0012', '0012'],
    ],
    values: [
      ...same('x', ''),
      ['12', '12'],
      ['-1.5', '-1.5'],
      ['true', 'true'],
      ...refused('null', '{}', '[]', '["x"]'),
    ],
    own: [...same('x', ''), ...refused('12', 'true', 'null', '["x"]')],
  },
  '[String]': {
    fallback: '[]',
    type: [String],
    must: 'a list of texts',
    schema: z.array(z.string()),
    texts: [
      ['1', ['1']],
      ['1&a=2&a=3', ['1', '2', '3']],
      ['1&a=&a=3', ['1', '3']],
    ],
    values: [...same(['x', 'y'], []), ['"x"', ['x']], ...refused('null')],
    own: [...same(['x', 'y'], []), ...refused('"x"', 'null', '[1]')],
  },
};

/** A way to say the type, and the rows of which it makes something. */
const WAYS: Readonly<
  Record<string, (kind: Kind) => { signature: string; routes: object; values: Values } | undefined>
> = {
  'a literal default': ({ fallback, values }) => ({ signature: `(a = ${fallback})`, routes: {}, values }),
  'a type in params': ({ type, values }) => ({ signature: '(a)', routes: { m: { params: [type] } }, values }),
  'a type beside a default that hides its own': ({ type, values }) => ({
    signature: '(a = hidden)',
    routes: { m: { params: [type] } },
    values,
  }),
  'a schema': ({ schema, own = [] }) =>
    schema && { signature: '(a)', routes: { m: { params: [schema] } }, values: own },
  'the key of an input': ({ schema, own = [] }) =>
    schema && { signature: '({ a })', routes: { m: { input: z.object({ a: schema }) } }, values: own },
};

/** The arguments that arrive, or the text of the refusal. */
type Row = readonly [signature: string, routes: object, sent: Sent, expected: readonly unknown[] | string];

const typed = (...params: unknown[]) => ({ m: { params } });

const lists: Row[] = [
  ['(a)', typed([Number]), get('?a=1'), [[1]]],
  ['(a)', typed([Number]), get('?a=1&a=-2.5&a=1e3'), [[1, -2.5, 1000]]],
  ['(a)', typed([Number]), get('/5'), [[5]]],
  ['(a)', typed([Number]), get('?a=1&a=x'), wrong('a', 'a list of numbers')],
  ['(a)', typed([Number]), get(''), missing('a')],
  ['(a = [])', typed([Number]), get(''), [[]]],
  ['(a = [])', typed([Number]), get('?a=1'), [[1]]],
  ['(a)', typed([Number]), form('a=1&a=&a=2'), [[1, 2]]],
  ['(a)', typed([Number]), multipart(field('a', '1'), field('a', '2')), [[1, 2]]],
  ['(a)', typed([Number]), json({ a: [1, '2'] }), [[1, 2]]],
  ['(a)', typed([Number]), json({ a: [] }), [[]]],
  ['(a)', typed([Number]), json({ a: 1 }), [[1]]],
  ['(a)', typed([Number]), json({ a: [1, null] }), wrong('a', 'a list of numbers')],
  ['(a)', typed([Number]), json({ a: [[1]] }), wrong('a', 'a list of numbers')],
  ['(a)', typed([Number]), json({ a: null }), wrong('a', 'a list of numbers')],
  ['(a)', typed([Number]), json({ a: {} }), wrong('a', 'a list of numbers')],
  ['(a)', typed([Boolean]), get('?a=1&a=no'), [[true, false]]],
  ['(a)', typed([BigInt]), get('?a=1&a=2'), [[1n, 2n]]],
  ['(a)', typed([BigInt]), json({ a: [1, 1.5] }), wrong('a', 'a list of whole numbers')],
  ['(a)', typed([String]), json({ a: ['x', 1, true] }), [['x', '1', 'true']]],
  ['(a)', typed([String]), json({ a: ['x', {}] }), wrong('a', 'a list of texts')],
];

const files: Row[] = [
  ['(a)', typed(UploadedFile), multipart(file('a', 'x')), ['file']],
  ['(a)', typed(UploadedFile), multipart(field('a', 'x'), file('a', 'x')), ['file']],
  ['(a)', typed(UploadedFile), multipart(field('a', 'x')), wrong('a', 'an uploaded file')],
  ['(a)', typed(UploadedFile), multipart(field('b', 'x')), missing('a')],
  ['(a)', typed(UploadedFile), json({ a: { path: '/etc/passwd' } }), wrong('a', 'an uploaded file')],
  ['(a)', typed(UploadedFile), json({ a: 'x' }), wrong('a', 'an uploaded file')],
  ['(a)', typed(UploadedFile), json({ a: null }), wrong('a', 'an uploaded file')],
  ['(a)', typed(UploadedFile), form('a=x'), wrong('a', 'an uploaded file')],
  ['(a)', typed(UploadedFile), get('/x?a=x'), missing('a')],
  ['(a = null)', typed(UploadedFile), get('?a=x'), [null]],
  ['(a = null)', typed(UploadedFile), json({ a: {} }), wrong('a', 'an uploaded file')],
  ['(a)', typed([UploadedFile]), multipart(file('a', 'x'), file('a', 'y')), [['file', 'file']]],
  ['(a)', typed([UploadedFile]), json({ a: [{}] }), wrong('a', 'a list of uploaded files')],
  ['(a)', typed([UploadedFile]), form('a=x'), wrong('a', 'a list of uploaded files')],
  ['(a)', typed(String), multipart(file('a', 'x')), wrong('a', 'text')],
  ['(a)', typed(Number), multipart(file('a', 'x')), wrong('a', 'a number')],
  ['(a = "d")', {}, multipart(file('a', 'x')), wrong('a', 'text')],
];

const rests: Row[] = [
  ['(...a)', typed(Number), get('/1/2.5'), [1, 2.5]],
  ['(...a)', typed(Number), get(''), []],
  ['(...a)', typed(Number), get('/1/x'), wrong('a', 'a number')],
  ['(...a)', typed(BigInt), get('/1'), [1n]],
  ['(...a)', typed(Boolean), get('/on/off'), [true, false]],
  ['(a, ...b)', typed(Number, Number), get('/1/2/3'), [1, 2, 3]],
  ['(a, ...b)', typed(Number, Number), get('/1?b=x'), [1]],
  ['(a, ...b)', { m: { path: 'GET /m/:a/*b', params: [Number, Number] } }, get('/1/2'), [1, 2]],
  ['(...a)', typed(['n', Number], ['m', Boolean]), get('/1/no'), [1, false]],
];

const nothings: Row[] = [
  ['(a)', typed(Number), get(''), missing('a')],
  ['(a)', typed(Number), get('?a='), missing('a')],
  ['(a = 7)', typed(Number), get(''), [7]],
  ['(a = null)', typed(Number), get(''), [null]],
  ['(a = undefined)', typed(Number), get(''), [undefined]],
  ['(a = void 0)', typed(Number), get('?a=5'), [5]],
  ['(a = null)', typed(Number), json({ a: null }), wrong('a', 'a number')],
  ['(a = null)', {}, json({ a: null }), [null]],
  ['(a)', {}, json({ a: null }), [null]],
  ['(a)', { m: { params: [z.number().optional()] } }, get(''), [undefined]],
  ['(a)', { m: { params: [z.number().default(3)] } }, get(''), [3]],
  ['(a = 7)', { m: { params: [z.number().default(3)] } }, get(''), [7]],
  ['(a)', { m: { params: [z.number().nullable()] } }, json({ a: null }), [null]],
];

const body = (more: object = {}) => ({ m: { from: 'body', ...more } });

const fromBody: Row[] = [
  ['(a)', body(), form('a=x'), ['x']],
  ['(a)', body(), json({ a: 'x' }), ['x']],
  ['(a)', body(), multipart(field('a', 'x')), ['x']],
  ['(a)', body(), multipart(file('a', 'x')), ['file']],
  ['(a)', body(), form('b=x', '?a=y'), missing('a')],
  ['(a)', body(), form('b=x', '/y'), missing('a')],
  ['(a)', body(), json({}, '/y?a=z'), missing('a')],
  ['(a = "d")', body(), json({}, '/y?a=z'), ['d']],
  ['(a)', body({ params: [Number] }), form('a=12', '/5?a=6'), [12]],
  ['({ a })', body(), form('a=x', '?a=y'), [{ a: 'x' }]],
  ['({ a })', body(), form('b=x', '?a=y'), missing('a')],
  ['(a, b)', body({ path: 'POST /m/:a' }), form('b=x&a=y', '/z?b=q'), ['z', 'x']],
  ['(a, b)', body({ params: [UploadedFile] }), multipart(file('a', 'x'), field('b', 'y')), ['file', 'y']],
];

const named: Row[] = [
  ['(e, t)', typed(['id', Number], ['on', Boolean]), get('?id=1&on=yes'), [1, true]],
  [
    '(e, t)',
    typed(['id', Number], ['on', Boolean]),
    get('?e=1&t=yes'),
    `${missing('id')}; Missing required parameter 'on'`,
  ],
  ['(a, b)', typed('a', Number), get('/x/1'), ['x', 1]],
  // biome-ignore lint/suspicious/noSparseArray: as somebody may write it who types the second alone.
  ['(a, b)', { m: { params: [, Number] } }, get('/x/1'), ['x', 1]],
  ['(ctx, a, request, b)', typed(Number, Boolean), get('/1/on'), ['Koa', 1, 'Request', true]],
  ['(a, b = 1)', typed(Number, Number), get('/x?b=y'), `${wrong('a', 'a number')}; Parameter 'b' must be a number`],
  [
    '(a, b)',
    typed(Number, z.number()),
    json({ b: 'x' }),
    `${missing('a')}; b: Invalid input: expected number, received string`,
  ],
];

describe('A type', () => {
  for (const [name, kind] of Object.entries(KINDS))
    for (const [way, make] of Object.entries(WAYS)) {
      const made = make(kind);
      if (made) describe(`${name} as ${way}`, () => checkKind(kind, way, made));
    }

  for (const [title, rows] of Object.entries({
    'takes lists': lists,
    'takes uploaded files alone, and never JSON or text for one': files,
    'holds for each segment of a rest parameter': rests,
    'leaves the default where nothing is given': nothings,
    'stands beside names': named,
    "holds with from: 'body', which takes names from the body alone": fromBody,
  }))
    describe(title, () => {
      for (const row of rows) it(titleOf(row), () => check(row));
    });

  it('is that of one segment for a rest parameter', () => {
    const Root = classOf('m(a, ...b) {}\nstatic routes = routes;', { routes: typed(Number, [Number]) });
    expect(() => micropie(Root)).to.throw(
      TypeError,
      'Root.m: each segment is one of its rest parameter; declare the type of one, as in [Number]',
    );
  });

  it('has a say in what index takes of a path', async () => {
    for (const [signature, params, fits, misfits] of [
      ['(a)', [Number], '/5', '/five'],
      ['(...a)', [Number], '/5/6', '/5/six'],
      ['(a = 1)', [], '/5', '/five'],
      ['(a)', [z.number()], '/5', '/five'],
      ['(a = 1)', [z.any()], '/5', '/five'],
      ['(a)', [z.string().length(1)], '/5', '/5/6'],
    ] as const) {
      const Root = classOf(`index${signature} { return 'index'; }\nstatic routes = routes;`, {
        routes: { index: { params } },
      });
      const agent = request(appOf(micropie(Root), (ctx) => Object.assign(ctx, { body: 'next' })).callback());
      expect((await agent.get(fits)).text).to.equal('index');
      expect((await agent.get(misfits)).text).to.equal('next');
    }
  });
});

function checkKind(
  kind: Kind,
  way: string,
  { signature, routes, values }: { signature: string; routes: object; values: Values },
) {
  // A list with a default takes items of any kind.
  const must = way === 'a literal default' && kind.fallback === '[]' ? 'a list' : kind.must;
  const isSchema = way === 'a schema' || way === 'the key of an input';
  const expect = (value: unknown) => {
    if (value === REFUSED) return isSchema ? /^400 Bad Request: a(\.0)?: / : wrong('a', must);
    return signature.startsWith('({') ? [{ a: value }] : [value];
  };
  const row = (sent: Sent, value: unknown) => {
    const [expected, title] = [
      expect(value),
      titleOf([signature, routes, sent, value === REFUSED ? 'refused' : [value]]),
    ];
    it(title, () => check([signature, routes, sent, expected]));
  };
  for (const [text, value] of kind.texts) {
    row(get(`?a=${text}`), value);
    row(form(`a=${text}`), value);
    if (!text.includes('&') && !signature.startsWith('({')) row(get(`/${text}`), value);
    if (!text.includes('&')) row(multipart(field('a', decodeURIComponent(text))), value);
  }
  for (const [text, value] of values) row(jsonText(`{"a":${text}}`), value);
}

async function check([signature, routes, sent, expected]: readonly [
  string,
  object,
  Sent,
  readonly unknown[] | string | RegExp,
]) {
  const seen: unknown[][] = [];
  const see = (args: unknown[]) => void seen.push(args.map(plain));
  const Root = classOf(`m${signature} { see(${argumentsOf(signature)}); }\nstatic routes = routes;`, {
    routes,
    see,
    hidden: 7,
  });
  const agent = request(appOf(micropie(Root)).callback());
  const { below, type, body } = sent;
  const asked = type ? agent.post(`/m${below}`).type(type).send(body) : agent.get(`/m${below}`);
  const { status, text } = await asked.accept('text/plain');
  if (typeof expected === 'string')
    expect({ status, text, seen }).to.deep.equal({ status: 400, text: expected, seen: [] });
  else if (expected instanceof RegExp) expect(text).to.match(expected);
  else expect({ status, text, seen }).to.deep.equal({ status: 204, text: '', seen: [expected] });
}

/** An expression for what the method was given, defaults filled in. */
function argumentsOf(signature: string): string {
  if (signature.startsWith('({')) return '[arguments[0]]';
  return `[${signature.slice(1, -1).replace(/ = [^,)]+/g, '')}]`;
}

function plain(value: unknown): unknown {
  if (value instanceof UploadedFile) return 'file';
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if ('app' in value) return 'Koa';
  if ('pathParams' in value) return 'Request';
  return Object.fromEntries(Object.entries(value));
}

function titleOf([signature, routes, { below, type, body }, expected]: Row): string {
  const sent = type
    ? `${type.replace(/^.*\/|;.*$/g, '')} ${typeof body === 'string' ? body : (body?.length ?? 0)} bytes to m${below}`
    : `m${below}`;
  const end =
    typeof expected === 'string'
      ? expected
      : JSON.stringify(expected, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
  const declared = JSON.stringify(routes, (_key, value) => (typeof value === 'function' ? value.name : value)).slice(
    0,
    60,
  );
  return `${signature} ${declared} from ${sent}: ${end}`.replace(/(.{120}).+(.{40})$/, '$1...$2');
}
