// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are source texts
import { expect } from 'chai';
import fc from 'fast-check';
import { readSignature } from '../lib/controller/signature.js';
import type { DefaultType, WrittenName, WrittenParameter } from '../lib/controller/written-parameter.js';
import { micropie } from '../lib/index.js';
import { runs } from './support/runs.js';
import { classOf, isSyntax, methodOf } from './support/source.js';

describe('readSignature(method)', () => {
  describe('reads every form of method:', () => {
    const forms: [method: string, ...expected: string[]][] = [
      ['m() {}'],
      ['m(a) {}', 'a'],
      ['m(a, b, c) {}', 'a', 'b', 'c'],
      ['m(a, b,) {}', 'a', 'b'],
      ['async m(a, b = 1) {}', 'a', 'b: number?'],
      ['*m(a) { yield a; }', 'a'],
      ['async *m(a) { yield a; }', 'a'],
      ['async * m (a) { yield a; }', 'a'],
      ["['comp' + 'uted'](a) {}", 'a'],
      ["[(() => 'computed')()](a) {}", 'a'],
      ["async *['a)b'](a) {}", 'a'],
      ["'robots.txt'(a) {}", 'a'],
      ["'a(b){'(c) {}", 'c'],
      ['"it\'s"(a) {}', 'a'],
      ['42(a) {}', 'a'],
      ['0x1F(a) {}', 'a'],
      ['async(a) {}', 'a'],
      ['get(a) {}', 'a'],
      ['set(a) {}', 'a'],
      ['static(a) {}', 'a'],
      ['async async(a) {}', 'a'],
      ['*get(a) {}', 'a'],
      ['ñandú($a, _b, çédille) {}', '$a', '_b', 'çédille'],
      ['m(\\u0061b) {}', 'ab'],
      ['m(async, of, get, undefined) {}', 'async', 'of', 'get', 'undefined'],
      ['m(__proto__, constructor) {}', '__proto__', 'constructor'],
    ];
    for (const [method, ...expected] of forms) it(method, () => expectParameters(method, expected));
  });

  describe('looks past comments, strings and brackets:', () => {
    const tricky: [method: string, ...expected: string[]][] = [
      ['m(/* a, ) { */ b) {}', 'b'],
      ['m(a // ) {}\n, b) {}', 'a', 'b'],
      ['m(a = // )\n 1, b) {}', 'a: number?', 'b'],
      ['m /* (x) */ (a) {}', 'a'],
      ['m // (x)\n (a) {}', 'a'],
      ['m(a) /* ) { */ {}', 'a'],
      ["m(a = ')', b) {}", 'a: string?', 'b'],
      ['m(a = "(\\")", b) {}', 'a: string?', 'b'],
      ["m(a = '/*', b = '*/') {}", 'a: string?', 'b: string?'],
      ['m(a = `)`, b) {}', 'a: string?', 'b'],
      ['m(a = `${`)` + ")"}`, b) {}', 'a: string?', 'b'],
      ['m(a = /[)]\\)/, b) {}', 'a?', 'b'],
      ['m(a = /[/)]"/g, b) {}', 'a?', 'b'],
      ['m(a = (1, 2), b) {}', 'a: number?', 'b'],
      ['m(a = ((1)), b) {}', 'a: number?', 'b'],
      ['m(a = [")", [1]], b) {}', 'a?', 'b'],
      ['m(a = { x: ")", y() { return ")"; } }, b) {}', 'a?', 'b'],
      ['m(a = (x, y = ")") => x, b) {}', 'a?', 'b'],
      ['m(a = function (x) { return ")"; }, b) {}', 'a?', 'b'],
      ['m(a = class { n(x) { return ")"; } }, b) {}', 'a?', 'b'],
      ['m(a = fn(")", (1)), b) {}', 'a?', 'b'],
      ['#p = 1; m(a = this.#p, b = #p in this) { return this.#p + a; }', 'a?', 'b?'],
      ['m(a = super.toString(), b) {}', 'a?', 'b'],
      ['m(a = new.target, b) {}', 'a?', 'b'],
    ];
    for (const [method, ...expected] of tricky) it(method, () => expectParameters(method, expected));
  });

  describe('takes the type of a literal default, and of nothing else:', () => {
    const types: [type: DefaultType, ...defaults: string[]][] = [
      [
        'number',
        '1 + 1',
        '60 * 60',
        '0',
        '12',
        '-1.5',
        '+3',
        '1e3',
        '0x10',
        '1_000',
        '.5',
        '(7)',
        '- 2',
        '(counter[0]++, 1)',
      ],
      ['bigint', '2n ** 8n', '10n', '-5n', '(c.b[0][0]++, 3n)'],
      ['boolean', '!""', 'true', 'false', '!0', '!1', '(counter[0]++, !1)'],
      ['string', "'a' + 'b'", "'a' + 1", '`${x}`', "''", '""', "'x'", '``', '`x`', '(counter[0]++, (other[1]++, "x"))'],
      ['list', '[]', '[ ]', '[ /* none */ ]', '([])', '(counter[0]++, [])'],
      ['any', 'null', 'undefined', 'void 0', 'NaN', 'Infinity', '{}', '/x/', '[1]', '[,]', '[...x]'],
      ['any', '1 + x', '1 + 1n', 'tag`x`', 'x', 'x()', 'x?.y', '!x', '-x', '~1', 'typeof x', "-'x'"],
      ['any', '() => 1', 'new Date(0)', 'x ? 1 : 2', 'x ?? 1', '(counter[0]++, x)'],
    ];
    for (const [type, ...defaults] of types)
      for (const text of defaults)
        it(`${text} is ${type}`, () => expectParameters(`m(a = ${text}) {}`, [type === 'any' ? 'a?' : `a: ${type}?`]));
  });

  describe('reads patterns and rest:', () => {
    const patterns: [method: string, ...expected: string[]][] = [
      ['m({}) {}', '{}'],
      ['m({ q, page = 1 }) {}', '{q, page: number?}'],
      ['m({ q: query, "a-b": c = "x", 5: five }) {}', '{q, a-b: string?, 5}'],
      ['m({ a: { b, c: [d] }, e: { f } = {} }) {}', '{a, e?}'],
      ['m({ q } = {}) {}', '{q?}'],
      ['m({ q, page = 1 } = { q: ")" }) {}', '{q?, page: number?}'],
      ['m(a, { q }, b = 1) {}', 'a', '{q}', 'b: number?'],
      ['m({ __proto__: p, constructor: c }) {}', '{__proto__, constructor}'],
      ['m(...all) {}', '...all'],
      ['m(a, { q }, ...others) {}', 'a', '{q}', '...others'],
    ];
    for (const [method, ...expected] of patterns) it(method, () => expectParameters(method, expected));
  });

  it('reads functions that were put on the prototype', () => {
    const text = (source: string) => readSignature(Object(new Function(`return ${source}`)())).map(toText);
    expect(text('function (a, b = 1) {}')).to.deep.equal(['a', 'b: number?']);
    expect(text('async function* named(a = ")", ...b) {}')).to.deep.equal(['a: string?', '...b']);
  });

  it('reads a default that asks where its module lies', async () => {
    const source = 'export function m(folder = import.meta.dirname, depth = 1) {}';
    const { m }: { m: object } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
    expect(readSignature(m).map(toText)).to.deep.equal(['folder?', 'depth: number?']);
  });

  it('leaves the body alone, so that syntax which the parser does not know does no harm there', () => {
    expectParameters('m(a = 1) { <!-- an old comment, which modules and the parser of modules refuse\n }', [
      'a: number?',
    ]);
  });

  describe('refuses what it can not read:', () => {
    const refused: [method: string, reason: RegExp][] = [
      ['m([a, b]) {}', /a parameter without a name/],
      ['m([a] = []) {}', /a parameter without a name/],
      ['m(...[a]) {}', /a parameter without a name/],
      ['m({ a, ...others }) {}', /a \.\.\.rest, which names no key/],
      ['m({ [key]: a }) {}', /a computed key/],
      ['m() { return __async(this, arguments, function* (a = 1) { yield a; }); }', /older than ES2018/],
      ['m() { return __awaiter(this, arguments, void 0, function* (a) { yield a; }); }', /older than ES2018/],
      ['m() { return __asyncGenerator(this, arguments, function* m_1() { yield 1; }); }', /older than ES2018/],
      [
        'm() { return __awaiter(this, arguments, void 0, function (a) { return __generator(this, function (_) {}); }); }',
        /older than ES2018/,
      ],
    ];
    for (const [method, reason] of refused)
      it(method, () => {
        expect(() => readSignature(methodOf(classOf(method)))).to.throw(SyntaxError, reason);
      });

    it('native code, bound code and what is no method', () => {
      expect(() => readSignature(Math.max)).to.throw(SyntaxError, /native or bound/);
      expect(() => readSignature(function m() {}.bind(null))).to.throw(SyntaxError, /native or bound/);
      expect(() => readSignature(Object(new Function('return a => a')()))).to.throw(
        SyntaxError,
        /not that of a method/,
      );
    });

    it('at start, naming the method and the cure', () => {
      class Root {
        'robots.txt'() {}
      }
      Object.defineProperty(Root.prototype, 'robots.txt', { value: Root.prototype['robots.txt'].bind(null) });
      expect(() => micropie(Root)).to.throw(
        TypeError,
        "Root.robots.txt: its parameters can't be read, since it is native or bound code; name them by hand: " +
          "static routes = { 'robots.txt': { params: ['first', 'second'] } }",
      );
    });
  });

  it('takes two generators and `arguments` each by themselves for no sign of an old target', () => {
    expectParameters('m(a) { return arguments.length; }', ['a']);
    expectParameters('m(a) { function* steps() { yield a; } return [...steps()]; }', ['a']);
  });

  it('asks the function itself for its source', () => {
    const method = Object.assign(methodOf(classOf('m(a) {}')), { toString: () => 'm(b) {}' });
    expect(readSignature(method).map(toText)).to.deep.equal(['a']);
  });

  it('gives the names, types and needs of any signature that a class can have', () => {
    fc.assert(
      fc.property(anyMethod(), ({ source, parameters }) => {
        expect(readSignature(methodOf(classOf(source)))).to.deep.equal(parameters);
      }),
      { numRuns: runs(500) },
    );
  });
});

function expectParameters(method: string, expected: readonly string[]): void {
  expect(readSignature(methodOf(classOf(method))).map(toText)).to.deep.equal(expected);
}

/** Writes a parameter as TypeScript would: `name: type?`. */
function toText(parameter: WrittenParameter): string {
  switch (parameter.kind) {
    case 'positional':
      return named(parameter);
    case 'pattern':
      return `{${parameter.keys.map(named).join(', ')}}`;
    case 'rest':
      return `...${parameter.name}`;
  }
}

function named({ name, type, hasDefault }: WrittenName): string {
  return `${name}${type === 'any' ? '' : `: ${type}`}${hasDefault ? '?' : ''}`;
}

/** Source text, and what is true of it. */
interface Written<T> {
  readonly source: string;
  readonly is: T;
}

type Default = Written<DefaultType>;

const written = <T>(is: T, ...sources: string[]): fc.Arbitrary<Written<T>> =>
  fc.constantFrom(...sources.map((source) => ({ source, is })));

/** White space and comments, as they may stand between any two tokens. */
const GAP = fc.constantFrom(
  '',
  '',
  ' ',
  '\n',
  '\t ',
  '/* ) */',
  '/* , ( { [ */',
  '// ) { x\n',
  "/* ' */",
  '/* ` " */',
  '/**/',
);

const literals = (): fc.Arbitrary<Default> =>
  fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n): Default => ({ source: String(n), is: 'number' })),
    written<DefaultType>('number', '60 * 60', '2 ** 8 - 1', '0x1F', '0b1', '1_000', '.5', '5.', '+1', '- 2'),
    fc.bigInt().map((n): Default => ({ source: `${n}n`, is: 'bigint' })),
    written<DefaultType>('bigint', '2n ** 8n', '-(1n)'),
    written<DefaultType>('boolean', 'true', 'false', '!0', '!1'),
    fc.string().map((text): Default => ({ source: JSON.stringify(text), is: 'string' })),
    fc.string({ unit: 'grapheme' }).map((text): Default => ({ source: JSON.stringify(text), is: 'string' })),
    written<DefaultType>('string', "'a' + 1", "')'", "'\\')'", "'('", '`)`', '`\n`', '`\\`)`', "'//'", "'/*'", '"{"'),
    written<DefaultType>('list', '[]', '[ ]', '[ /* ) */ ]', '[// ]\n]'),
    written<DefaultType>('any', 'null', 'undefined', '{}', 'this.#p', '#p in this', 'x', 'new.target'),
    written<DefaultType>('any', '/[)(]\\/,/g', '/\\)/', '/[/)"]/u', "/'/", '/`/', '/(?<a>\\()/', '/[\\p{L}--[a-z]]/v'),
    written<DefaultType>('any', 'function (z) { return ")"; }', 'class { n(z) { return /[)]/; } }', 'async (z) => z'),
    written<DefaultType>('any', 'x?.[")"]', 'x / 2 / (1)', 'new Map([[1, ")"]])', 'tag`)`', 'x ? ")" : "("', 'x++'),
  );

/** Defaults of defaults: what stands around an expression decides whether its type still shows. */
const { expression } = fc.letrec<{ expression: Default }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'expression' },
    { weight: 4, arbitrary: literals() },
    around(tie('expression'), (it) => it.is, ['(', ')'], ['(c[0]++, ', ')'], ['(x(")"), ', ')']),
    around(tie('expression'), () => 'string', ['`)${', '}(`']),
    around(
      tie('expression'),
      () => 'any',
      ['[', ']'],
      ['{ k: ', ' }'],
      ['{ [', ']: 1 }'],
      ['(p = ', ', { q } = {}) => p'],
      ['function (p = ', ') { return p; }'],
      ['f(1, ', ')'],
      ['x ?? (', ')'],
      ['{ m(p = ', ') { return ")"; } }'],
    ),
  ),
}));

function around(
  inner: fc.Arbitrary<Default>,
  typeOf: (inner: Default) => DefaultType,
  ...brackets: [before: string, after: string][]
): fc.Arbitrary<Default> {
  return fc
    .tuple(inner, fc.constantFrom(...brackets))
    .map(([it, [before, after]]) => ({ source: before + it.source + after, is: typeOf(it) }));
}

const NAMES = ['a', 'b', '$c', '_d', 'é', 'async', 'of', 'get', 'set', 'undefined', 'ctx', '__proto__', 'constructor'];
const WORDS = [
  'toString',
  'x1',
  'q',
  'page',
  'from',
  'as',
  'target',
  'meta',
  'NaN',
  'then',
  'name',
  'length',
  'function_',
];

/** What stands for a name that no other parameter has. */
const anyName = (): fc.Arbitrary<Written<string>> =>
  fc.oneof(
    fc.constantFrom(...NAMES, ...WORDS).map((name) => ({ source: name, is: name })),
    written('ab', '\\u0061b', 'a\\u{62}'),
  );

/** Defaults that say that there is no value, however many brackets and counters stand around them. */
const NOTHING = /^(\((c\[0\]\+\+, |x\("\)"\), )?)*(null|undefined)\)*$/;

const withDefault = (target: Written<string>): fc.Arbitrary<Written<WrittenName>> =>
  fc.tuple(fc.option(expression, { nil: undefined }), GAP, GAP).map(([fallback, before, after]) => ({
    source: fallback ? `${target.source}${before}=${after}${fallback.source}${before}` : `${target.source}${before}`,
    is: {
      name: target.is,
      type: fallback?.is ?? 'any',
      hasDefault: fallback !== undefined,
      hidesType: fallback?.is === 'any' && !NOTHING.test(fallback.source),
    },
  }));

const positional = (name: Written<string>): fc.Arbitrary<Written<WrittenParameter>> =>
  withDefault(name).map(({ source, is }) => ({ source, is: { kind: 'positional', ...is } }));

/** A key of a pattern: itself, under another name, quoted, a number, or with a pattern of its own. */
const key = (name: Written<string>, index: number): fc.Arbitrary<Written<WrittenName>> =>
  fc
    .constantFrom<Written<string>>(
      name,
      { source: `${name.source}: ${name.source}`, is: name.is },
      { source: `'${name.is} )': ${name.source}`, is: `${name.is} )` },
      { source: `${index}: ${name.source}`, is: String(index) },
      { source: `key${index}: { ${name.source}, ...deep${name.source} }`, is: `key${index}` },
      { source: `key${index}: [${name.source}, , ...deep${name.source}]`, is: `key${index}` },
    )
    .chain(withDefault);

const pattern = (names: readonly Written<string>[]): fc.Arbitrary<Written<WrittenParameter>> =>
  fc
    .tuple(fc.tuple(...names.map(key)), GAP, fc.constantFrom('', ' = {}', ' = { x: ")" }', '=({})', ' = f(")")'))
    .map(([keys, space, fallback]) => ({
      source: `{${space}${keys.map(({ source }) => source).join(`,${space}`)}${space}}${fallback}`,
      is: {
        kind: 'pattern',
        keys: keys.map(({ is }) => (fallback ? { ...is, hasDefault: true } : is)),
        hasDefault: fallback !== '',
      },
    }));

const rest = (name: Written<string>): fc.Arbitrary<Written<WrittenParameter>> =>
  GAP.map((space) => ({ source: `...${space}${name.source}`, is: { kind: 'rest', name: name.is } }));

/** A list of up to six parameters: now and then a run of names makes up a pattern, and the last takes the rest. */
const parameterList = (): fc.Arbitrary<Written<WrittenParameter>[]> =>
  fc
    .tuple(
      fc.uniqueArray(anyName(), { maxLength: 6, selector: ({ is }) => is }),
      fc.array(fc.constantFrom(0, 0, 1, 2, 3), { minLength: 6, maxLength: 6 }),
      fc.boolean(),
    )
    .chain(([names, sizes, hasRest]) => {
      const left = [...names];
      const last = hasRest ? left.pop() : undefined;
      const list: fc.Arbitrary<Written<WrittenParameter>>[] = [];
      for (const size of sizes) {
        const [first] = left;
        if (!first) break;
        const taken = left.splice(0, Math.max(1, size));
        list.push(size === 0 ? positional(first) : pattern(taken));
      }
      if (last) list.push(rest(last));
      return fc.tuple(...list);
    });

const KINDS = ['', 'async ', '*', 'async *', 'async /* ) */ * ', '* // )\n'];
const METHOD_NAMES = ['m', 'async', 'get', 'set', 'static', "'a)b'", '"(){"', '42', '0x1F', "['comp' + (')', 'uted')]"];
const MORE_NAMES = ['[`${")"}`]', '[((x = ")") => x)()]', '日本', '$', '\\u0061'];
const BODIES = [
  '{}',
  '{ return this.#p; }',
  '{ return #p in this; }',
  '{ class K { #q = 1; static { this.x = ")"; } has(o) { return #q in o; } } return K; }',
  '{ label: for (;;) { break label; } }',
  '{ return /[)}]/.test(")") && /[\\p{L}--[a-z]]/v.test("("); }',
  '{ return arguments.length; }',
  '{ function* steps() { yield ")"; } return steps(); }',
  '{ <!-- an old comment )\n }',
  '{ return import("node:fs", { with: {} }); }',
  '{ return x ||= y ??= z?.[1] ** 2n; }',
  '{ try { x(); } catch { debugger; } }',
  '{ using x = null; }',
  '{ return /(?i:a)b/; }',
  '{ return /(?<y>a)|(?<y>b)/; }',
  '{ return `${`}`})`; }',
].filter((body) => isSyntax(`#p = 1; m() ${body}`));

const anyMethod = (): fc.Arbitrary<{ source: string; parameters: WrittenParameter[] }> =>
  fc
    .record({
      kind: fc.constantFrom(...KINDS),
      name: fc.constantFrom(...METHOD_NAMES, ...MORE_NAMES),
      list: parameterList(),
      body: fc.constantFrom(...BODIES),
      spaces: fc.tuple(GAP, GAP, GAP, GAP),
      comma: fc.boolean(),
    })
    .map(({ kind, name, list, body, spaces: [afterName, atStart, between, atEnd], comma }) => {
      const hasComma = comma && list.length > 0 && list.at(-1)?.is.kind !== 'rest';
      const inside = list.map(({ source }) => source).join(`,${between}`) + (hasComma ? ',' : '');
      return {
        source: `#p = 1;\n${kind}${name}${afterName}(${atStart}${inside}${atEnd})${between}${body}`,
        parameters: list.map(({ is }) => is),
      };
    });
