import { expect } from 'chai';
import fc from 'fast-check';
import type Koa from 'koa';
import { micropie } from '../lib/index.js';
import { appOf, client, withServer } from './support/app.js';
import { runs } from './support/runs.js';
import { classOf } from './support/source.js';
import { warningsOf } from './support/warnings.js';

/** What a client sends; the path is that below the method. */
interface Sent {
  readonly below: string;
  readonly type?: 'form' | 'json';
  readonly body?: string;
}

/** The arguments that arrive, or the message of the 400. */
type Row = readonly [signature: string, sent: Sent, expected: readonly unknown[] | string];

const get = (below: string): Sent => ({ below });
const form = (body: string, below = ''): Sent => ({ below, type: 'form', body });
const json = (value: unknown, below = ''): Sent => ({ below, type: 'json', body: JSON.stringify(value) });
const jsonText = (body: string, below = ''): Sent => ({ below, type: 'json', body });

const BAD_JSON = '400 Bad Request: Bad JSON';
const missing = (name: string) => `400 Bad Request: Missing required parameter '${name}'`;
const wrong = (name: string, must: string) => `400 Bad Request: Parameter '${name}' must be ${must}`;

const sources: Row[] = [
  ['(a)', get('/x'), ['x']],
  ['(a)', get('?a=x'), ['x']],
  ['(a)', form('a=x'), ['x']],
  ['(a)', json({ a: 'x' }), ['x']],
  ['(a = "d")', get(''), ['d']],
  ['(a)', get(''), missing('a')],
  ['(a)', form('b=x'), missing('a')],
  ['(a)', json({ b: 'x' }), missing('a')],
  ['(a)', get('/p?a=q'), ['p']],
  ['(a)', form('a=b', '/p?a=q'), ['p']],
  ['(a)', form('a=b', '?a=q'), ['q']],
  ['(a)', json({ a: 'b' }, '?a=q'), ['q']],
  ['(a)', json({ a: 'b' }, '/p'), ['p']],
  ['(a = "d")', form('a=b'), ['b']],
  ['(a, b)', get('/1/2'), ['1', '2']],
  ['(a, b)', get('/1?b=2'), ['1', '2']],
  ['(a, b)', get('/1?a=2'), missing('b')],
  ['(a, b)', get('?b=2&a=1'), ['1', '2']],
  ['(a, b)', form('b=2', '?a=1'), ['1', '2']],
  ['(a, b)', get('?b=2'), missing('a')],
  ['(a, b)', get(''), `${missing('a')}; Missing required parameter 'b'`],
  ['(a = 1, b)', get('/5'), missing('b')],
  ['(a = 1, b)', get('?b=x'), [1, 'x']],
  ['(a)', get('/x%2Fy%20%C3%A9'), ['x/y é']],
  ['(a)', get('/x+y'), ['x+y']],
  ['(a)', get('?a=x+y%2Bz%20%C3%A9'), ['x y+z é']],
  ['(a)', form('a=x+y%2Bz%20%C3%A9'), ['x y+z é']],
  ['()', get('/x?y=z'), []],
];

const blanksAndRepeats: Row[] = [
  ['(a)', get('?a='), missing('a')],
  ['(a)', get('?a'), missing('a')],
  ['(a = "d")', get('?a='), ['d']],
  ['(a = "d")', form('a='), ['d']],
  ['(a = 1)', form('a='), [1]],
  ['(a = true)', get('?a'), [true]],
  ['(a)', form('a=b', '?a='), ['b']],
  ['(a)', json({ a: '' }), ['']],
  ['(a = "d")', json({ a: '' }), ['']],
  ['(a = 1)', json({ a: '' }), wrong('a', 'a number')],
  ['(a)', get('?a=+'), [' ']],
  ['(a = "d")', get('//'), ['']],
  ['(a)', get('?a=1&a=2'), ['1']],
  ['(a)', get('?a=&a=2'), ['2']],
  ['(a)', form('a=1&a=2'), ['1']],
  ['(a)', jsonText('{"a":1,"a":2}'), [2]],
  ['(a = 0)', get('?a=1&a=x'), [1]],
  ['(a)', get('?A=1'), missing('a')],
  ['(a)', get('?a[]=1'), missing('a')],
  ['(a)', get('?a[b]=1&a.c=2'), missing('a')],
  ['(a)', form('a[0]=x&a[999]=y'), missing('a')],
  ['({ "a[]": a })', get('?a[]=1'), [{ 'a[]': '1' }]],
  ['(a)', get('?=1&&a=2&=&'), ['2']],
  ['(a, b = "d")', get('?a=1;b=2'), ['1;b=2', 'd']],
  ['(a)', get('?a=%zz'), ['%zz']],
  ['(a)', get('?a=%ff'), ['\ufffd']],
  ['(a)', get('?a=1=2'), ['1=2']],
];

const rests: Row[] = [
  ['(...all)', get(''), []],
  ['(...all)', get('/1/2/3'), ['1', '2', '3']],
  ['(a, ...more)', get('/1/2/3'), ['1', '2', '3']],
  ['(a, ...more)', get('/1'), ['1']],
  ['(a, ...more)', get('?a=1&more=2'), ['1']],
  ['(a = 1, ...more)', get('/2/x'), [2, 'x']],
  ['(a = 1, b = 2, ...more)', get(''), [1, 2]],
  ['(a, ...more)', json({ more: [1] }, '/x'), ['x']],
];

const jsonTypes: Row[] = [
  ['(a)', json({ a: 1.5 }), [1.5]],
  ['(a)', json({ a: false }), [false]],
  ['(a)', json({ a: null }), [null]],
  ['(a)', json({ a: [1, [2]] }), [[1, [2]]]],
  ['(a)', json({ a: { b: { c: 1 } } }), [{ b: { c: 1 } }]],
  ['(a = null)', json({ a: 5 }), [5]],
  ['(a = null)', get(''), [null]],
  ['(a = undefined)', get(''), [undefined]],
  ['(a)', json(['x']), missing('a')],
  ['(a)', json('x'), missing('a')],
  ['(a)', json(null), missing('a')],
];

const REFUSED = Symbol('refused');

function refuses(...texts: string[]): [string, unknown][] {
  return texts.map((text) => [text, REFUSED]);
}

/** A default of the type, and what becomes of values: as text in the query, and as JSON. */
const conversions: [fallback: string, must: string, texts: [string, unknown][], values: [string, unknown][]][] = [
  [
    '7',
    'a number',
    [
      ...['12', '0', '007'].map((text): [string, unknown] => [text, Number(text)]),
      ['-1.5', -1.5],
      ['1e3', 1000],
      ['1E3', 1000],
      ['25e-1', 2.5],
      ['1e%2B2', 100],
      ['9007199254740991', Number.MAX_SAFE_INTEGER],
      ['-9007199254740991', Number.MIN_SAFE_INTEGER],
      ...refuses('0x10', '0b1', 'Infinity', '-Infinity', 'NaN', '%201', '1%20', '1%0a', '1_000', '1,5', '1.', '.5'),
      ...refuses('%2B1', '--1', '1e', 'e3', '1n', 'one', 'true', '1e400', '9007199254740992', '1e21', '%D9%A1'),
    ],
    [
      ['12', 12],
      ['-0.5', -0.5],
      ['"12"', 12],
      ...refuses('" 12"', '""', 'true', 'null', '{}', '[]', '[1]', '1e21', '1e400', '9007199254740992'),
    ],
  ],
  [
    '7n',
    'a whole number',
    [
      ['12', 12n],
      ['-5', -5n],
      ['9007199254740993', 9007199254740993n],
      ['1'.repeat(1000), BigInt('1'.repeat(1000))],
      ...refuses('1.5', '1e3', '0x10', '12n', '%201', '1_0', '-', '1'.repeat(1001)),
    ],
    [['12', 12n], ['"12"', 12n], ...refuses('1.5', '1e21', 'true', 'null', '{}', '[1]', '""')],
  ],
  [
    'false',
    'true or false',
    [
      ...['true', '1', 'on', 'yes'].map((text): [string, unknown] => [text, true]),
      ...['false', '0', 'off', 'no'].map((text): [string, unknown] => [text, false]),
      ...refuses('TRUE', 'True', 'y', '2', '-1', '%20true', 'null', 'constructor'),
    ],
    [
      ['true', true],
      ['false', false],
      ['"yes"', true],
      ['"off"', false],
      ...refuses('1', '0', 'null', '{}', '[true]', '""'),
    ],
  ],
  [
    "'d'",
    'text',
    [
      ['12', '12'],
      ['true', 'true'],
      ['null', 'null'],
      ['%5B%5D', '[]'],
    ],
    [
      ['"x"', 'x'],
      ['""', ''],
      ['12', '12'],
      ['-1.5', '-1.5'],
      ['true', 'true'],
      ['false', 'false'],
      ...refuses('null', '{}', '[]', '["x"]'),
    ],
  ],
  [
    '[]',
    'a list',
    [
      ['1', ['1']],
      ['1&a=2&a=3', ['1', '2', '3']],
      ['1&a=&a=3', ['1', '3']],
    ],
    [
      ['[1,"2",null]', [1, '2', null]],
      ['[]', []],
      ['"x"', ['x']],
      ['5', [5]],
      ['{"b":1}', [{ b: 1 }]],
      ...refuses('null'),
    ],
  ],
];

const typed: Row[] = conversions.flatMap(([fallback, must, texts, values]) => {
  const row = (sent: Sent, value: unknown): Row => [
    `(a = ${fallback})`,
    sent,
    value === REFUSED ? wrong('a', must) : [value],
  ];
  return [
    ...texts.map(([text, value]) => row(get(`?a=${text}`), value)),
    ...texts.map(([text, value]) => row(form(`a=${text}`), value)),
    ...texts.filter(([text]) => !/&|%0a|%5B/.test(text)).map(([text, value]) => row(get(`/${text}`), value)),
    ...values.map(([text, value]) => row(jsonText(`{"a":${text}}`), value)),
  ];
});

const patterns: Row[] = [
  ['({ a, b = 1 })', get('?a=x&b=2'), [{ a: 'x', b: 2 }]],
  ['({ a, b = 1 })', get('?a=x'), [{ a: 'x', b: undefined }]],
  ['({ a })', get('?b=x'), missing('a')],
  ['({ a })', get('/x'), missing('a')],
  ['({ a = 1 })', get('?a=x'), wrong('a', 'a number')],
  ['({ a: renamed })', get('?a=x'), [{ a: 'x' }]],
  ['({ "a-b": c, 5: five })', get('?a-b=x&5=y'), [{ 'a-b': 'x', 5: 'y' }]],
  ['({ a } = {})', get(''), [{ a: undefined }]],
  ['({ a: { b } })', json({ a: { b: 1 } }), [{ a: { b: 1 } }]],
  ['({ tags = [] })', form('tags=x&tags=y'), [{ tags: ['x', 'y'] }]],
  ['(x, { a }, y)', get('/1/2?a=3'), ['1', { a: '3' }, '2']],
  ['({ a }, ...rest)', get('/1/2?a=3'), [{ a: '3' }, '1', '2']],
  ['({ ctx: koa, a = "d" })', get('?ctx=x'), [{ ctx: 'Koa', a: undefined }]],
  ['({})', get('/x?a=1'), [{}]],
];

const injected: Row[] = [
  ['(ctx)', get('/x?ctx=y'), ['Koa']],
  ['(ctx)', form('ctx=y'), ['Koa']],
  ['(ctx = 1)', json({ ctx: 'y' }), ['Koa']],
  ['(request)', get('/x?request=y'), ['Request']],
  ['(request)', json({ request: 'y' }), ['Request']],
  ['(ctx, a, request, b)', get('/1/2'), ['Koa', '1', 'Request', '2']],
  ['(a, ctx)', get('/1/2'), ['1', 'Koa']],
];

const prototypes: Row[] = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'length'].flatMap(
    (name): Row[] => [
      [`(${name})`, get(''), missing(name)],
      [`(${name})`, form('a=x'), missing(name)],
      [`(${name})`, json({}), missing(name)],
      [`(${name})`, json([1]), missing(name)],
      [`(${name})`, get(`?${name}=x&${name}=y`), ['x']],
      [`(${name} = 1)`, form(`${name}=2`), [2]],
      [`(${name} = "d")`, get(''), ['d']],
      [`({ ${name}: x })`, form(`${name}=y`), [Object.fromEntries([[name, 'y']])]],
      [`({ ${name}: x })`, get(''), missing(name)],
    ],
  ),
  ['(a)', get('?__proto__[a]=1'), missing('a')],
  ['(a)', get('?constructor[prototype][a]=1'), missing('a')],
  ['(polluted)', form('__proto__[polluted]=1&__proto__.polluted=1'), missing('polluted')],
  ['(a)', jsonText('{"a":1,"__proto__":{"b":1}}'), BAD_JSON],
  ['(a)', jsonText('{"a":{"\\u005f_proto__":1}}'), BAD_JSON],
  ['(constructor)', jsonText('{"constructor":{"prototype":{"x":1}}}'), [{ prototype: { x: 1 } }]],
];

const byHand: [names: string[], ...Row][] = [
  [['user', 'page'], '(e, t = 1)', get('?user=x&page=2'), ['x', 2]],
  [['user', 'page'], '(e, t = 1)', get('?e=x'), missing('user')],
  [['user', 'page'], '(e, t = 1)', get('/x/y'), wrong('page', 'a number')],
  [['user'], '(e, { t })', get('/x?t=1'), ['x', { t: '1' }]],
  [['a', 'b'], '(...args)', get('/1?b=2'), ['1', '2']],
  [['path'], '(...e)', get('/1/2'), ['1', '2']],
  [['ctx', 'a'], '(e, t)', get('/1'), ['Koa', '1']],
  [['filter'], '({ a, ...others })', json({ filter: { a: 1 } }), [{ a: 1 }]],
  [[], '(e)', get('?e=1'), ['1']],
];

describe('binding', () => {
  for (const [title, rows] of [
    ['takes path, query, body and default in this order', sources],
    ['takes blank values for none, and the first of several', blanksAndRepeats],
    ['gives the rest of the path to a rest parameter', rests],
    ['leaves JSON values without a literal default as they are', jsonTypes],
    ['converts to the type of a literal default, or refuses', typed],
    ['binds the keys of an object pattern by name', patterns],
    ['gives ctx and request what no client can', injected],
    ['knows own properties only', prototypes],
  ] as const)
    describe(title, () => {
      for (const row of rows) it(titleOf(row), () => check(row));
    });

  describe('leaves what comes for a default that hides its type as it came, and warns of it', () => {
    const hidden: readonly Row[] = [
      ['(a = {})', json({ a: 5 }), [5]],
      ['(a = [1])', json({ a: 5 }), [5]],
      ['(a = other.a)', get('?a=1'), ['1']],
      ['(a = {})', get('?a=1'), ['1']],
    ];
    for (const row of hidden)
      it(titleOf(row), async () => {
        const warnings = await warningsOf(() => check(row));
        expect(warnings).to.have.lengthOf(1);
        expect(warnings[0]).to.match(/^KOA_MICROPIE_TYPE: Root: the defaults of m\(a\) do not show their type/);
      });
  });

  describe('goes by the names of `static routes`', () => {
    for (const [names, ...row] of byHand) it(`${names}: ${titleOf(row)}`, () => check(row, { m: { params: names } }));
  });

  describe("never takes the session's parameters from the client", () => {
    for (const sent of [get('/x'), get('?user=x'), form('user=x'), json({ user: 'x' })]) {
      it(`from ${nameOf(sent)}`, () => check(['(user)', sent, missing('user')], { m: { session: ['user'] } }));
      it(`in a pattern from ${nameOf(sent)}`, () =>
        check(
          [
            '({ user = 1 }, a = "d")',
            sent,
            sent.below === '/x' ? [{ user: undefined }, 'x'] : [{ user: undefined }, 'd'],
          ],
          {
            m: { session: ['user'] },
          },
        ));
    }
  });

  it('echoes nothing of what the client sent', async () => {
    const text = '<script>alert(1)</script>';
    const encoded = encodeURIComponent(text);
    for (const sent of [get(`/${encoded}`), get(`?a=${encoded}`), form(`a=${encoded}`), json({ a: text })]) {
      const response = await send(sent, '(a = 1)');
      expect(response.status).to.equal(400);
      expect(response.type).to.equal('text/plain');
      expect(response.text).to.equal(wrong('a', 'a number'));
    }
    expect((await send(get(`?${encoded}=1`), '(a)')).text).to.equal(missing('a'));
  });

  it('makes lists that a handler may change without changing the request', async () => {
    const options = { body: 'a.push("2"); return [a, request.queryParams.a];' };
    expect((await send(get('?a=1'), '(request, a = [])', options)).body).to.deep.equal([['1', '2'], ['1']]);
  });

  it('gives a pattern an object without a prototype', async () => {
    const options = { body: 'return Object.getPrototypeOf(arguments[0]) === null;' };
    expect((await send(get('?a=1'), '({ a })', options)).text).to.equal('true');
  });

  describe('whatever the request,', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'isPrototypeOf', 'a', 'length'];

    it('binds its own values and never those of a prototype', async function () {
      this.timeout(20_000);
      const methods = names.map(
        (name, at) => `m${at}(${name}) { see([${name}]); } p${at}({ ${name}: x }) { see([x]); }`,
      );
      await withMethods(methods.join('\n'), (ask) =>
        fc.assert(
          fc.asyncProperty(
            anyNamed(names),
            fc.nat(names.length - 1),
            fc.constantFrom('m', 'p'),
            async (asked, at, kind) => {
              const name = names[at] ?? '';
              const { status, text, seen } = await ask(`/${kind}${at}`, asked);
              const own = firstOf(asked, name);
              if (holdsProto(asked)) expect({ status, text }).to.deep.equal({ status: 400, text: BAD_JSON });
              else if (own === undefined) expect({ status, text }).to.deep.equal({ status: 400, text: missing(name) });
              else expect({ status, seen }).to.deep.equal({ status: 204, seen: [own] });
            },
          ),
          { numRuns: runs(300) },
        ),
      );
      expect(Object.keys(Object.prototype)).to.deep.equal([]);
    });

    it('gives a parameter with a literal default no other type', async function () {
      this.timeout(20_000);
      const kinds: [type: string, fallback: string, is: (value: unknown) => boolean][] = [
        ['number', '0', (value) => typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER],
        ['bigint', '0n', (value) => typeof value === 'bigint'],
        ['boolean', 'false', (value) => typeof value === 'boolean'],
        ['string', '""', (value) => typeof value === 'string'],
        ['list', '[]', (value) => Array.isArray(value)],
      ];
      const methods = kinds.map(
        ([, fallback], at) => `m${at}(v = ${fallback}) { see([v]); } p${at}({ v = ${fallback} }) { see([v]); }`,
      );
      await withMethods(methods.join('\n'), (ask) =>
        fc.assert(
          fc.asyncProperty(anyTyped(), fc.nat(kinds.length - 1), fc.constantFrom('m', 'p'), async (asked, at, kind) => {
            const { status, text, seen } = await ask(`/${kind}${at}`, asked);
            if (holdsProto(asked)) {
              expect(text).to.equal(BAD_JSON);
              return;
            }
            if (status === 400) {
              expect(text).to.match(/^400 Bad Request: Parameter 'v' must be [a-z ]+$/);
              return;
            }
            expect(status).to.equal(204);
            expect(seen)
              .to.have.lengthOf(1)
              .and.to.satisfy(([value]: unknown[]) => kinds[at]?.[2](value));
          }),
          { numRuns: runs(500) },
        ),
      );
    });
  });
});

/** Whether the arguments of a row arrive, each of the expected type; or its message. */
async function check([signature, sent, expected]: Row, routes: object = {}): Promise<void> {
  const seen: unknown[][] = [];
  const { status, text } = await send(sent, signature, { routes, see: (args) => seen.push(args) });
  if (typeof expected === 'string') {
    expect({ status, text, seen }).to.deep.equal({ status: 400, text: expected, seen: [] });
    return;
  }
  expect({ status, text }).to.deep.equal({ status: 204, text: '' });
  expect(seen).to.deep.equal([expected]);
}

interface Handling {
  readonly body?: string;
  readonly routes?: object;
  readonly see?: (args: unknown[]) => void;
}

function send(sent: Sent, signature: string, { body, routes = {}, see = () => {} }: Handling = {}) {
  const method = `m${signature} { ${body ?? `see(${argumentsOf(signature)});`} }`;
  const app = appOf(
    micropie(
      classOf(`${method}\nstatic routes = routes;`, {
        routes,
        see: (args: unknown[]) => see(args.map(plain)),
        other: {},
      }),
    ),
  );
  return ask(client(app), `/m${sent.below}`, sent);
}

/** An expression for what the method was given, defaults filled in where a parameter has a name of its own. */
function argumentsOf(signature: string): string {
  const parameters = signature.slice(1, -1).split(/,(?![^{[]*[}\]])/);
  const values = parameters.map((text, at) => {
    const name = text.split('=')[0]?.trim() ?? '';
    return name.startsWith('{') ? `arguments[${at}]` : name;
  });
  return `[${values.filter((value) => value !== '').join(', ')}]`;
}

/** Names what is too large to compare, and gives patterns a prototype, which the comparison asks for. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if ('app' in value) return 'Koa';
  if ('pathParams' in value) return 'Request';
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, name === 'ctx' ? plain(member) : member]),
  );
}

type Agent = ReturnType<typeof client>;

function ask(agent: Agent, path: string, { type, body }: Pick<Sent, 'type' | 'body'>) {
  // With a preference, so that errors are written as text for JSON requests, too.
  const asked = type ? agent.post(path).type(type).send(body) : agent.get(path);
  return asked.accept('text/plain');
}

function titleOf([signature, sent, expected]: Row): string {
  const end = typeof expected === 'string' ? expected.replace('400 Bad Request: ', '') : show(expected);
  return `${signature} from ${nameOf(sent)}: ${end}`.replace(/(.{100}).+(.{50})$/, '$1...$2');
}

function nameOf({ below, type, body }: Sent): string {
  return type ? `${type} ${body}${below && ` to ${below}`}` : `GET /m${below}`;
}

function show(values: readonly unknown[]): string {
  return JSON.stringify(values, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)).slice(1, -1);
}

/** What a generated request holds: pairs in the query, and pairs or members in its body. */
interface Asked {
  readonly query: readonly (readonly [string, string])[];
  readonly form: readonly (readonly [string, string])[] | undefined;
  readonly json: readonly (readonly [string, unknown])[] | undefined;
}

const pairs = <T>(names: readonly string[], value: fc.Arbitrary<T>) =>
  fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4 });

function anyAsked(
  names: readonly string[],
  text: fc.Arbitrary<string>,
  value: fc.Arbitrary<unknown>,
): fc.Arbitrary<Asked> {
  const query = pairs(names, text);
  return fc.oneof(
    fc.record({ query, form: fc.constant(undefined), json: fc.constant(undefined) }),
    fc.record({ query, form: pairs(names, text), json: fc.constant(undefined) }),
    fc.record({ query, form: fc.constant(undefined), json: pairs(names, value) }),
  );
}

const anyNamed = (names: readonly string[]) =>
  anyAsked(
    [...names, '__proto__[a]', 'constructor.prototype', 'prototype'],
    fc.oneof(fc.constant(''), fc.constantFrom(...names), fc.string({ unit: 'grapheme' })),
    fc.oneof(fc.string(), fc.integer(), fc.constantFrom(null, true, [])),
  );

const TEXTS = [
  '0',
  '1',
  '-1',
  '1e3',
  '0x1',
  '1e999',
  'Infinity',
  'NaN',
  'true',
  'on',
  'no',
  '[]',
  '{}',
  'null',
  '-0',
  ' ',
];

const anyTyped = () =>
  anyAsked(
    ['v', 'v', 'v[]', '__proto__'],
    fc.oneof(fc.constantFrom(...TEXTS), fc.double().map(String), fc.bigInt().map(String), fc.string()),
    fc.oneof(fc.jsonValue(), fc.constantFrom(...TEXTS), fc.double({ noNaN: true, noDefaultInfinity: true })),
  );

/** JSON that would set a prototype is refused as a whole. */
function holdsProto({ json: members }: Asked): boolean {
  return (
    members !== undefined &&
    JSON.stringify(members.map(([name, value]) => ({ [name]: value }))).includes('"__proto__":')
  );
}

/** The value that stands first under a name: in the query, or else in the body. */
function firstOf({ query, form: fields, json: members }: Asked, name: string): unknown {
  const given = (list: Asked['query'] = []) => list.find(([own, text]) => own === name && text !== '')?.[1];
  return given(query) ?? given(fields) ?? members?.findLast(([own]) => own === name)?.[1];
}

type Ask = (path: string, asked: Asked) => Promise<{ status: number; text: string; seen: unknown }>;

/** One server for many requests, whose methods tell `see` what they got. */
async function withMethods(methods: string, use: (ask: Ask) => Promise<void>): Promise<void> {
  let seen: unknown;
  const app: Koa = appOf(micropie(classOf(methods, { see: (args: unknown) => (seen = args) })));
  await withServer(app, (port) =>
    use(async (path, asked) => {
      seen = undefined;
      const query = asked.query.length > 0 ? `?${encode(asked.query)}` : '';
      const response = await fetch(`http://127.0.0.1:${port}${path}${query}`, bodyOf(asked));
      return { status: response.status, text: await response.text(), seen };
    }),
  );
}

function bodyOf({ form: fields, json: members }: Asked): RequestInit {
  if (fields)
    return { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: encode(fields) };
  if (!members) return {};
  const body = `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`;
  return { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'text/plain' }, body };
}

function encode(list: Asked['query']): string {
  return list.map((pair) => pair.map((text) => encodeURIComponent(text)).join('=')).join('&');
}
