import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { FORM_TYPE, field, file, formOf } from '../../../support/form.js';
import { bytesOf, type Sent } from '../line.js';
import { type Fields, givenValues, type Pairs, RULES } from './model.js';

const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

export const handlerName = fc.constantFrom('typed', 'plain', 'hostile', 'rest', 'save', 'held', 'me');
const anyMethod = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND');
export const bodyMethod = fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'GET');

const HOSTILE = [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Function.prototype),
  ...['_hidden', 'ws_chat', 'trap', 'field', '#ran', 'render', 'redirect', 'request', 'ctx', 'session', 'then'],
  ...['prototype', 'routes', 'isNew', '_expire', 'toJSON'],
];
const NAMES = [...Object.keys(RULES), ...HOSTILE, 'TYPED', 'typed ', 'typed;x=1', 'typed.', 'typed\\x', '.', '..', '*'];

const printable = fc.string({
  unit: fc.constantFrom(...'abcXYZ019-._~!$&\'()*+,;=:@[]{}|^`"<>\\'),
  maxLength: 6,
});
const escaped = fc.oneof(
  fc.constantFrom('%', '%2', '%zz', '%2f', '%2F', '%2e', '%00', '%0d%0a', '%7f', '%25', '%2525', '%c3%a9', '%c0%ae'),
  fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
);
const anyName = fc.constantFrom(...NAMES);
const escapedName = anyName.map((name) =>
  Array.from(Buffer.from(name), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
);
const rawSegment = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...Object.keys(RULES)) },
  { weight: 2, arbitrary: anyName.map((name) => name.replaceAll(/[ #?]/g, encodeURIComponent)) },
  escapedName,
  fc.array(fc.oneof(printable, escaped), { maxLength: 4 }).map((parts) => parts.join('')),
  fc.constantFrom('', '1', '-1.5', '%31'),
);
export const pathRequest = fc.record({
  method: anyMethod,
  target: fc
    .tuple(fc.array(rawSegment, { minLength: 1, maxLength: 6 }), fc.constantFrom('', '/', '?', '?first=1', '/?text=x'))
    .map(([segments, end]) => `/${segments.join('/')}${end}`),
});

const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom(
    '',
    '1',
    '-1.5',
    '1e3',
    '0x10',
    'Infinity',
    ' 1',
    '1_000',
    '9007199254740993',
    '-0',
    '1.',
    '.5',
    '+1',
  ),
  fc.constantFrom('true', 'on', 'off', 'no', 'TRUE', 'null', 'undefined', '[]', '{}', '1n', '٣', '__proto__', '1e400'),
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc.double().map(String),
);
const parameterName = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('text', 'count', 'whole', 'flag', 'list', 'first', 'second', 'title') },
  fc.constantFrom('constructor', 'toString', 'hasOwnProperty', '__proto__', 'userId', 'ctx', 'request', 'list[]'),
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
);
const pairs = fc.array(fc.tuple(parameterName, value), { maxLength: 6 });
// A member of this name is refused with the whole body, as `bodies` in the other files show.
const memberName = parameterName.filter((name) => name !== '__proto__' && name !== 'constructor');
const json = fc.dictionary(memberName, fc.oneof(value, fc.integer(), fc.double(), plainJson(1)), { maxKeys: 5 });

interface Bound {
  readonly method: string;
  readonly handler: string;
  readonly segments: readonly string[];
  readonly query: Pairs;
  readonly body: { readonly json?: unknown; readonly form?: Pairs };
}

export const boundRequest: fc.Arbitrary<Bound> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'),
  handler: handlerName,
  segments: fc.array(
    value.filter((text) => text !== ''),
    { maxLength: 5, size: 'small' },
  ),
  query: pairs,
  body: fc.oneof(
    fc.constant({}),
    fc.record({ json: fc.oneof({ weight: 4, arbitrary: json }, plainJson(1)) }),
    fc.record({ form: pairs }),
  ),
});

/** Any JSON value without the names that are refused. */
function plainJson(depth: number): fc.Arbitrary<unknown> {
  const leaf = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.double(), value);
  if (depth === 0) return leaf;
  const member = plainJson(depth - 1);
  return fc.oneof(leaf, fc.array(member, { maxLength: 3 }), fc.dictionary(memberName, member, { maxKeys: 3 }));
}

export function toSent({ method, handler, segments, query, body }: Bound): Sent {
  const path = [handler, ...segments].map((segment) => encodeURIComponent(segment)).join('/');
  const target = `/${path}${query.length > 0 ? `?${encodePairs(query)}` : ''}`;
  const { json, form } = body;
  if (form) return { method, target, headers: [['Content-Type', FORM]], body: Buffer.from(encodePairs(form)) };
  if (json === undefined) return { method, target };
  return { method, target, headers: [['Content-Type', JSON_TYPE]], body: Buffer.from(JSON.stringify(json)) };
}

function encodePairs(pairs: Pairs): string {
  return pairs.map((pair) => pair.map((text) => encodeURIComponent(text).replaceAll('%20', '+')).join('=')).join('&');
}

export function fieldsOf({ json, form }: Bound['body']): Fields {
  if (form) {
    const names = new Set(form.filter(([, value]) => value !== '').map(([name]) => name));
    return Object.fromEntries(Array.from(names, (name) => [name, givenValues(name, form, {}) ?? []]));
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return {};
  // As it comes out of the text: -0 and the infinities do not.
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, [JSON.parse(JSON.stringify(value))]]));
}

export const rawQuery = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '&',
        '=',
        '&&',
        '==',
        '+',
        ';',
        '?',
        '%',
        '%zz',
        '%3D',
        '%26',
        '%ff',
        '%E0%A4%A',
        '%00',
        '[',
        '].',
      ),
      fc.constantFrom('text=', 'count=', '&first=', '&second=1', '&list=', '&flag=on', '&constructor=', '&__proto__='),
      fc.constantFrom('1', '-1', 'x', '%e2%82%ac', '/', '//', '%2f', '&toString', '&valueOf=1', 'hasOwnProperty'),
      printable,
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const headerText = fc.string({
  unit: fc
    .integer({ min: 0x21, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
export const headers = fc.array(
  fc.oneof(
    fc.tuple(
      fc.constantFrom(...['Cookie', 'Accept', 'Content-Type', 'Range', 'If-None-Match', 'Authorization', 'Referer']),
      headerText,
    ),
    fc.tuple(fc.constantFrom('X-HTTP-Method-Override', 'X-Forwarded-Host', 'X-Original-URL', 'Te', 'Via'), headerText),
    headerText.map((text) => ['Cookie', `session_id=${text}`] as const),
    fc.stringMatching(/^[\w-]{43}$/).map((id) => ['Cookie', `a=b; session_id=${id}`] as const),
    fc.tuple(fc.stringMatching(/^x-[a-z0-9!#$%&'*+.^_`|~-]{1,12}$/), headerText),
    fc.constantFrom(...HOSTILE.filter((name) => /^[\w-]+$/.test(name)).map((name) => [name, 'x'] as const)),
    fc.constant(['Expect', '100-continue'] as const),
  ),
  { maxLength: 8 },
);

const CHARSETS = ['utf-8', 'UTF8', 'utf-16le', 'latin1', 'bogus', '"', ''];
export const contentType = fc.oneof(
  fc.constantFrom(JSON_TYPE, FORM, 'application/vnd.api+json', 'text/plain', 'text/json', 'application/octet-stream'),
  fc.constantFrom('', ';', '/', 'application/json;;;==', 'multipart/form-data', 'multipart/form-data; boundary='),
  fc.tuple(fc.constantFrom(JSON_TYPE, FORM), fc.constantFrom(...CHARSETS)).map((pair) => pair.join('; charset=')),
);
const rawBody = fc.oneof(
  plainJson(3).map((value) => Buffer.from(JSON.stringify(value))),
  json.map((value) => Buffer.from(JSON.stringify(value))),
  fc
    .dictionary(fc.constantFrom('__proto__', 'constructor', 'prototype', 'text', 'first'), plainJson(1))
    .map((members) => Buffer.from(JSON.stringify(members))),
  pairs.map((form) => Buffer.from(encodePairs(form))),
  rawQuery.map((text) => Buffer.from(text)),
  mutated(['{"text":"a","count":1,"list":[1,2,{"a":null}],"first":{"b":"\\u20ac"}}', '{"__proto__":{"text":1}}']),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);
export const encodedBody = fc
  .tuple(rawBody, fc.constantFrom('', '', '', '', 'gzip', 'damaged gzip', 'br', 'identity', 'bogus', 'gzip, gzip'))
  .map(([body, encoding]) => {
    if (encoding === '') return { encoding: [], body };
    const packed = gzipSync(body);
    if (encoding === 'gzip') return { encoding: ['gzip'], body: packed };
    if (encoding === 'damaged gzip') return { encoding: ['gzip'], body: packed.subarray(0, -(packed.length >> 1)) };
    return { encoding: [encoding], body };
  });

/** Valid bytes with some of them left out, doubled, inserted or changed. */
export function mutated(originals: readonly (string | Uint8Array)[]): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.oneof(fc.constantFrom(0, 1, 2), fc.nat({ max: 60 })),
    insert: fc.oneof(
      fc.constantFrom('', '\r\n', '\n', '\r', '--', '\0', '"', ';', ':', ' ', '%', '{', '}', '[', ',', '\\', '\xff'),
      fc.string({ maxLength: 5 }),
    ),
    isDoubled: fc.boolean(),
  });
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(change, { minLength: 1, maxLength: 4, size: 'max' }))
    .map(([original, changes]) =>
      changes.reduce((bytes, { at, remove, insert, isDoubled }) => {
        const start = Math.floor(at * bytes.length);
        const tail = isDoubled ? bytes.subarray(Math.max(0, start - remove)) : bytes.subarray(start + remove);
        return Buffer.concat([bytes.subarray(0, start), Buffer.from(insert, 'latin1'), tail]);
      }, Buffer.from(original)),
    );
}

export const FORMS = [
  formOf([field('title', 'Ünïcode'), file('data', 'some\r\nlines\r\n-- and dashes\r\n', 'a.txt'), field('text', '')]),
  formOf([file('constructor', 'x', '../../etc/passwd'), file('__proto__', '', ''), field('toString', 'x--a-boundary')]),
  formOf([field('a', '1'), field('a', '2')]),
  formOf([]),
];
export const multipartType = fc.oneof(
  { weight: 6, arbitrary: fc.constant(FORM_TYPE) },
  fc.constantFrom(
    'multipart/form-data; boundary="a-boundary"',
    'Multipart/Form-Data; charset=utf-8; Boundary=a-boundary',
  ),
  mutated([FORM_TYPE]).map((bytes) => bytes.toString('latin1').replaceAll(/[\0-\x1f\x7f]/g, ' ')),
);

export function upload(type: string, body: Uint8Array): Sent {
  return { method: 'POST', target: '/upload', headers: [['Content-Type', type]], body };
}

export const SPLIT: readonly (readonly [whole: Sent, handler: string])[] = [
  ...FORMS.map((form) => [upload(FORM_TYPE, form), 'upload'] as const),
  [
    {
      method: 'POST',
      target: '/plain',
      headers: [['Content-Type', JSON_TYPE]],
      body: Buffer.from('{"first":"€ \\ud83d\\ude00 😀","second":[1.5e1,true]}'),
    },
    'plain',
  ],
  [
    {
      method: 'POST',
      target: '/typed',
      headers: [['Content-Type', FORM]],
      body: Buffer.from('text=%E2%82%AC+x&count=12&list=a&list=%F0%9F%98%80'),
    },
    'typed',
  ],
  [
    {
      method: 'POST',
      target: '/plain',
      headers: [
        ['Content-Type', JSON_TYPE],
        ['Content-Encoding', 'gzip'],
      ],
      body: gzipSync('{"first":"packed","second":null}'),
    },
    'plain',
  ],
];

export const RAW_REQUESTS = [
  bytesOf({ target: '/typed/a/1?flag=on' }, 0),
  bytesOf(upload(FORM_TYPE, formOf([field('title', 'x'), file('data', 'y')])), 0),
  bytesOf({ ...upload(FORM_TYPE, formOf([file('data', 'y')])), cuts: [10, 60] }, 0),
  bytesOf(
    { method: 'PUT', target: '/plain', headers: [['Content-Type', JSON_TYPE]], body: Buffer.from('{"first":1}') },
    0,
  ),
  Buffer.concat([bytesOf({ target: '/visit' }, 0), bytesOf({ target: '/stream/x' }, 0)]),
];
