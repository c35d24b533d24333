import fc from 'fast-check';

const CONTROLS = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code));
const ESCAPED = ['"', '\\', '/', 'b', 'f', 'n', 'r', 't'];
const LETTERS = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index));
const BLANKS = ['', ' ', '\t', '\n', '\r', ' \t\r\n '];

export const VALID: Readonly<Record<string, readonly string[]>> = {
  numbers: [
    ...['0', '-0', '1', '-1', '10', '0.0', '-0.0', '0.5', '1.50', '0e0', '0E+1', '1e5', '1E-5', '1.5e+05', '1e-00'],
    ...['9007199254740993', '-9223372036854775808', '1e400', '-1e400', '1e-400', '0.1e1', `1${'0'.repeat(400)}`],
    ...['123456789012345678901234567890', `0.${'1'.repeat(500)}`, '2.2250738585072011e-308', '5e-324'],
  ],
  'the three names': ['true', 'false', 'null', '[true,false,null]'],
  'every escape': [
    ...ESCAPED.map((letter) => `"\\${letter}"`),
    ...['\\u0000', '\\u001F', '\\u007f', '\\uABCD', '\\uabcd', '\\u2028', '\\uFEFF', '\\u0022', '\\u005C', '\\uFFFF'],
  ].map((text) => (text.startsWith('"') ? text : `"${text}"`)),
  'surrogates in pairs, alone and in the wrong order': [
    ...[
      '\\uD83D\\uDE00',
      '\\ud83d',
      '\\ude00',
      '\\uDE00\\uD83D',
      '\\uD83Dx',
      '\\uD83D\\u0041',
      '\\uD83D\\uD83D\\uDE00',
    ],
    ...['😀', '\u{10ffff}', '€', '\u2028\u2029', '\x7f', '\x80', '\ufffe', 'e\u0301'],
  ].map((text) => `"${text}"`),
  'whitespace wherever it may stand': BLANKS.flatMap((blank) => [
    `${blank}1${blank}`,
    `${blank}[${blank}1${blank},${blank}2${blank}]${blank}`,
    `${blank}{${blank}"a"${blank}:${blank}1${blank},${blank}"b"${blank}:${blank}{${blank}}${blank}}${blank}`,
  ]),
  'any value at the top': ['""', '"a"', '0', 'null', '[]', '{}', '[[]]', '[{}]', '{"":{"":[]}}'],
  'names twice, of which the last counts, and strange names': [
    ...['{"a":1,"a":2}', '{"a":{"b":1},"a":[]}', '{"":0}', '{"\\u0061":1,"a":2}', '{"\\u0000":1}', '{"1":1,"0":0}'],
    ...[
      '{"toString":1,"valueOf":2,"hasOwnProperty":3}',
      '{"constructor":{"prototype":{}}}',
      '{"a":"__proto__"}',
      '["__proto__"]',
    ],
    ...['{"prototype":{"constructor":1}}', '{"length":-1}', '{"then":1}', '{"toJSON":1}'],
  ],
};

export const INVALID: Readonly<Record<string, readonly string[]>> = {
  'numbers that JavaScript or others know': [
    ...['01', '-01', '00', '+1', '.5', '1.', '-.5', '-', '--1', '1e', '1e+', '1E-', '1.e1', '1.5.5', '1e5.5', '1e5e5'],
    ...['0x10', '0o7', '0b1', '1_000', '1n', 'NaN', 'Infinity', '-Infinity', '1,000', '1 000', '１', '0.1.', '١'],
  ],
  'names and words that are none': [
    'True',
    'TRUE',
    'nul',
    'nulll',
    'undefined',
    'truefalse',
    'none',
    'a',
    "'a'",
    '`a`',
  ],
  'strings with raw control characters': CONTROLS.map((control) => `"a${control}b"`),
  'escapes that are none': [
    ...LETTERS.filter((letter) => !ESCAPED.includes(letter) && letter !== 'u').map((letter) => `"\\${letter}"`),
    ...['"\\u"', '"\\u1"', '"\\u12"', '"\\u123"', '"\\u123g"', '"\\u 123"', '"\\u{61}"', '"\\u+061"', '"\\U0061"'],
    ...['"\\', '"\\"', '"\\u00', '"\\x41"', '"\\0"', '"\\\n"', '"\\\u00e9"'],
  ],
  'strings without an end or a beginning': ['"', '"a', 'a"', '"a""', '"a"b', '["a]', '{"a', '{"a":"b}', '"a\\"'],
  'whitespace that is none': [
    '\f',
    '\v',
    '\u00a0',
    '\u2028',
    '\u3000',
    '\u0085',
    '\ufeff\ufeff',
    '\0',
    '\u200b',
  ].flatMap((blank) => [`${blank}1`, `1${blank}`, `[1${blank},2]`].slice(blank.startsWith('\ufeff') ? 1 : 0)),
  'structures that are open, closed twice or crossed': [
    ...['[', ']', '{', '}', '[[]', '[]]', '{{}', '{}}', '[}', '{]', '[{]}', '[1', '{"a":1', '{"a":', '{"a"', '[1,'],
    ...['{"a":1,', '[][]', '{}{}', '1 2', '"a" "b"', '[1 2]', '{"a":1 "b":2}', '[1]x', 'x[1]', '{"a":[}', '"a":1'],
  ],
  'commas and colons in the wrong place': [
    ...['[,]', '[1,]', '[,1]', '[1,,2]', '{,}', '{"a":1,}', '{,"a":1}', '{"a":1,,"b":2}', ',', ':', '[1:2]', '{"a",1}'],
    ...['{"a"}', '{"a":}', '{:1}', '{"a"::1}', '{"a":1:2}', '[1;2]', '{"a"=1}', '{"a"=>1}'],
  ],
  'names of members that are no strings': ['{a:1}', "{'a':1}", '{1:1}', '{null:1}', '{[1]:1}', '{"a":1,b:2}', '{[]:1}'],
  comments: ['/**/1', '1//', '1/*x*/', '[1,//x\n2]', '#x\n1', '<!---->1', '{"a":/**/1}'],
  'nothing at all': [' ', '\n', '\t\t', '\r\n'],
  'what others take for JSON': ['(1)', '[...[]]', '{"a":1}.a', ")]}'\n1", 'a(1)', '{"a":new Date()}', '[1]+', '%5B%5D'],
};

export const POISONED = [
  ...['{"__proto__":1}', '{"__proto__":{"a":1}}', '[{"__proto__":null}]', '{"a":{"b":[{"__proto__":[]}]}}'],
  ...['{"\\u005f_proto__":1}', '{"_\\u005Fproto__":{}}', '{"\\u005f\\u005f\\u0070\\u0072\\u006f\\u0074\\u006f__":{}}'],
  ...['{ "__proto__" : 1 }', '{"a":1,"__proto__"\n:\t1}', '{"a":"__proto__","__proto__":"a"}'],
];

const blank = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 2 });
const numberText = fc.stringMatching(/^-?(?:0|[1-9][0-9]{0,20})(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?$/);
const characterText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).map((text) => JSON.stringify(text).slice(1, -1)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).map((text) => JSON.stringify(text).slice(1, -1)),
  fc.constantFrom(...ESCAPED).map((letter) => `\\${letter}`),
  fc.stringMatching(/^\\u[0-9a-fA-F]{4}$/),
  fc.stringMatching(/^\\u[dD][89a-fA-F][0-9a-fA-F]{2}$/),
);
const stringText = fc.array(characterText, { maxLength: 6 }).map((parts) => `"${parts.join('')}"`);
export const { jsonText } = fc.letrec<{ jsonText: string }>((tie) => {
  const value = tie('jsonText');
  const around = <T>(text: fc.Arbitrary<T>) => fc.tuple(blank, text, blank).map((parts) => parts.join(''));
  const list = (member: fc.Arbitrary<string>, [open, close]: readonly [string, string]) =>
    fc.oneof(
      blank.map((text) => open + text + close),
      fc.array(member, { minLength: 1, maxLength: 3 }).map((members) => open + members.join(',') + close),
    );
  const member = fc.tuple(around(stringText), value).map((pair) => pair.join(':'));
  return {
    jsonText: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      around(fc.oneof(numberText, stringText, fc.constantFrom('true', 'false', 'null'))),
      around(list(value, ['[', ']'])),
      around(list(member, ['{', '}'])),
    ),
  };
});
export const damagedJson = fc
  .tuple(
    jsonText,
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat({ max: 2 }),
    fc.oneof(
      fc.constantFrom('', '{', '}', '[', ']', ',', ':', '"', '\\', '\\u', '0', '-', '.', 'e', '+', ' ', '\f', '\n'),
      fc.constantFrom('\0', '\x1f', '\u00a0', '/', "'", 't', 'null', '\ud800', '[]', '{}', '"":'),
    ),
  )
  .map(([text, place, remove, insert]) => {
    const at = Math.floor(place * text.length);
    return text.slice(0, at) + insert + text.slice(at + remove);
  })
  // A mark at the beginning is left out before JSON is read.
  .filter((text) => !text.startsWith('\ufeff') && text !== '');
