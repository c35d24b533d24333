import { expect } from 'chai';
import { type Shown, show } from '../apps/fuzz.js';
import type { Answered } from '../line.js';

export type Fields = Readonly<Record<string, readonly unknown[]>>;
export type Pairs = readonly (readonly [name: string, value: string])[];

interface Outcome {
  readonly status: number;
  readonly ran: readonly string[];
  /** What the handler shows of its arguments. */
  readonly shown?: readonly unknown[];
}

interface Rule {
  readonly name: string;
  /** Gives undefined for what can't be converted. */
  readonly convert: (values: readonly unknown[]) => unknown;
  /** Without one the parameter is required. */
  readonly fallback?: { readonly value: unknown };
}

export const RULES: Readonly<Record<string, readonly Rule[] | 'rest' | 'session'>> = {
  typed: [
    { name: 'text', convert: ([value]) => toText(value), fallback: { value: 'none' } },
    { name: 'count', convert: ([value]) => toNumber(value), fallback: { value: 7 } },
    { name: 'whole', convert: ([value]) => toBigInt(value), fallback: { value: 7n } },
    { name: 'flag', convert: ([value]) => FLAGS.get(value), fallback: { value: false } },
    { name: 'list', convert: toList, fallback: { value: [] } },
  ],
  plain: [
    { name: 'first', convert: asIs },
    { name: 'second', convert: asIs },
  ],
  hostile: ['constructor', 'toString', 'hasOwnProperty', '__proto__'].map((name) => ({
    name,
    convert: ([value]) => toText(value),
    fallback: { value: 'none' },
  })),
  rest: 'rest',
  save: [{ name: 'title', convert: ([value]) => toText(value), fallback: { value: 'none' } }],
  stream: [{ name: 'text', convert: ([value]) => toText(value), fallback: { value: 'none' } }],
  held: [],
  visit: [],
  upload: [],
  index: [],
  me: 'session',
};

const REFUSED: Outcome = { status: 400, ran: [] };

/** What the server should answer, after the design. */
export function expected(method: string, path: readonly string[], query: Pairs, fields: Fields): Outcome {
  const [name, ...segments] = path.map(decode);
  if (path.length > 0 && name === undefined) return REFUSED;
  const handler = name ?? 'index';
  if (!Object.hasOwn(RULES, handler)) return { status: 404, ran: [] };
  if (segments.includes(undefined)) return REFUSED;
  const texts = segments.map(String);
  if (method === 'OPTIONS') return { status: 204, ran: [] };
  if (method === 'TRACE' || (handler === 'save' && method !== 'POST')) return { status: 405, ran: [] };
  const shown = bound(handler, texts, query, fields);
  if (!shown) return REFUSED;
  const isUnread = method === 'HEAD' && handler === 'stream';
  return { status: 200, ran: isUnread ? [] : [handler], ...(SHOWING.has(handler) && { shown }) };
}

const SHOWING = new Set(['typed', 'plain', 'hostile', 'rest', 'save']);

function bound(handler: string, segments: readonly string[], query: Pairs, fields: Fields): unknown[] | undefined {
  const rules = RULES[handler] ?? [];
  if (rules === 'rest') return [...segments];
  // There is none.
  if (rules === 'session') return undefined;
  const positional = handler === 'hostile' ? [] : segments;
  const values = rules.map(({ name, convert, fallback }, index) => {
    const segment = positional[index];
    const given = segment === undefined ? givenValues(name, query, fields) : [segment];
    if (given) return { value: convert(given), isGood: convert(given) !== undefined };
    return { value: fallback?.value, isGood: fallback !== undefined };
  });
  return values.every(({ isGood }) => isGood) ? values.map(({ value }) => value) : undefined;
}

export function givenValues(name: string, query: Pairs, fields: Fields): readonly unknown[] | undefined {
  const inQuery = query.filter(([key, value]) => key === name && value !== '').map(([, value]) => value);
  if (inQuery.length > 0) return inQuery;
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function asIs([value]: readonly unknown[]): unknown {
  return value;
}

function toText(value: unknown): unknown {
  return typeof value === 'object' ? undefined : String(value);
}

function toNumber(value: unknown): unknown {
  const isNumeral = typeof value === 'string' && /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/.test(value);
  const number = typeof value === 'number' || isNumeral ? Number(value) : Number.NaN;
  return number <= Number.MAX_SAFE_INTEGER && number >= Number.MIN_SAFE_INTEGER ? number : undefined;
}

function toBigInt(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && /^-?[0-9]{1,1000}$/.test(value) ? BigInt(value) : undefined;
}

const FLAGS = new Map<unknown, boolean>([
  ...['true', '1', 'on', 'yes', true].map((value) => [value, true] as const),
  ...['false', '0', 'off', 'no', false].map((value) => [value, false] as const),
]);

function toList([first, ...others]: readonly unknown[]): unknown {
  if (Array.isArray(first)) return first;
  return first === null ? undefined : [first, ...others];
}

function decode(segment: string): string | undefined {
  try {
    const text = decodeURIComponent(segment);
    return [...text].some((character) => character < ' ' || character === '\x7f') ? undefined : text;
  } catch {
    return undefined;
  }
}

export function rawSegments(path: string): string[] {
  const inner = path.slice(1).replace(/\/$/, '');
  return path === '/' ? [] : inner.split('/');
}

export function pairsOf(query: string): Pairs {
  // It leaves out a question mark at the beginning.
  return Array.from(new URLSearchParams(`?${query}`));
}

/** Holds an answer against what the server should answer. */
export function expectAnswer(answer: Answered | undefined, { status, ran, shown }: Outcome, input: unknown): void {
  const where = JSON.stringify(input);
  expect(answer?.status, where).to.equal(status);
  expect(answer?.ran, where).to.deep.equal(ran);
  const body = answer?.body.toString() ?? '';
  if (shown && body !== '') expect(JSON.parse(body), where).to.deep.equal(shown.map(show));
}

const PLAIN = new Set(['Array', 'BigInt', 'Boolean', 'Number', 'Object', 'String', 'null']);
const TYPES: Readonly<Record<string, readonly string[]>> = {
  typed: ['String', 'Number', 'BigInt', 'Boolean', 'Array'],
  hostile: ['String', 'String', 'String', 'String'],
  save: ['String'],
  held: ['Boolean', 'Boolean'],
};

/** Holds for every answer: either the handler ran, and was given nothing but data of its types; or the request was refused, and none ran. */
export function expectSound(answer: Answered | undefined, name: string): void {
  const body = answer?.body.toString();
  if (answer?.status !== 200) {
    expect(answer?.status, body).to.be.oneOf([204, 400, 404, 405, 413, 415]);
    expect(answer?.ran).to.deep.equal([]);
    return;
  }
  expect(answer.ran).to.deep.equal([name]);
  if (name === 'visit' || name === 'stream' || name === 'index') return;
  const shown: Shown[] = JSON.parse(body ?? '');
  const allowed = name === 'upload' ? new Set(['UploadedFile', 'String']) : PLAIN;
  for (const { proto } of shown) expect(allowed, body).to.include(proto);
  if (TYPES[name]) expect(shown.map(({ proto }) => proto)).to.deep.equal(TYPES[name]);
}
