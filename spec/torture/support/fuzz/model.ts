import { STATUS_CODES } from 'node:http';
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
  /** What the answer tells, all in one. */
  readonly problems?: readonly string[];
}

interface Rule {
  readonly name: string;
  /** How a refusal names the type. */
  readonly type: string;
  /** Gives undefined for what can't be converted. */
  readonly convert: (values: readonly unknown[]) => unknown;
  /** Without one the parameter is required. */
  readonly fallback?: { readonly value: unknown };
}

export const RULES: Readonly<Record<string, readonly Rule[] | 'rest' | 'session'>> = {
  typed: [
    { name: 'text', type: 'text', convert: ([value]) => toText(value), fallback: { value: 'none' } },
    { name: 'count', type: 'a number', convert: ([value]) => toNumber(value), fallback: { value: 7 } },
    { name: 'whole', type: 'a whole number', convert: ([value]) => toBigInt(value), fallback: { value: 7n } },
    { name: 'flag', type: 'true or false', convert: ([value]) => FLAGS.get(value), fallback: { value: false } },
    { name: 'list', type: 'a list', convert: toList, fallback: { value: [] } },
  ],
  plain: [
    { name: 'first', type: 'a value', convert: asIs },
    { name: 'second', type: 'a value', convert: asIs },
  ],
  hostile: ['constructor', 'toString', 'hasOwnProperty', '__proto__'].map((name) => ({
    name,
    type: 'text',
    convert: ([value]) => toText(value),
    fallback: { value: 'none' },
  })),
  rest: 'rest',
  save: [{ name: 'title', type: 'text', convert: ([value]) => toText(value), fallback: { value: 'none' } }],
  stream: [{ name: 'text', type: 'text', convert: ([value]) => toText(value), fallback: { value: 'none' } }],
  held: [],
  visit: [],
  upload: [],
  index: [],
  me: 'session',
};

const BAD_PATH: Outcome = { status: 400, ran: [], problems: ['Bad path'] };

/** What the server should answer, after the design. */
export function expected(method: string, path: readonly string[], query: Pairs, fields: Fields): Outcome {
  // Names are matched as they stand, only arguments are decoded.
  const [handler = 'index', ...segments] = path;
  if (decode(handler) === undefined) return BAD_PATH;
  if (!Object.hasOwn(RULES, handler)) return { status: 404, ran: [] };
  if (method === 'OPTIONS') return { status: 204, ran: [] };
  if (method === 'TRACE' || (handler === 'save' && method !== 'POST')) return { status: 405, ran: [] };
  const texts = segments.map(decode).filter((text) => text !== undefined);
  if (texts.length < segments.length) return BAD_PATH;
  const { shown, problems } = bound(handler, texts, query, fields);
  if (problems.length > 0) return { status: 400, ran: [], problems };
  const isUnread = method === 'HEAD' && handler === 'stream';
  return { status: 200, ran: isUnread ? [] : [handler], ...(SHOWING.has(handler) && { shown }) };
}

const SHOWING = new Set(['typed', 'plain', 'hostile', 'rest', 'save']);

interface Bound {
  readonly shown: readonly unknown[];
  readonly problems: readonly string[];
}

function bound(handler: string, segments: readonly string[], query: Pairs, fields: Fields): Bound {
  const rules = RULES[handler] ?? [];
  if (rules === 'rest') return { shown: segments, problems: [] };
  // There is none.
  if (rules === 'session') return { shown: [], problems: ["Missing required parameter 'userId'"] };
  const positional = handler === 'hostile' ? [] : segments;
  const problems: string[] = [];
  const shown = rules.map(({ name, type, convert, fallback }, index) => {
    const segment = positional[index];
    const given = segment === undefined ? givenValues(name, query, fields) : [segment];
    if (!given && !fallback) problems.push(`Missing required parameter '${name}'`);
    if (!given) return fallback?.value;
    const value = convert(given);
    if (value === undefined) problems.push(`Parameter '${name}' must be ${type}`);
    return value;
  });
  return { shown, problems };
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

/** Holds an answer against what the server should answer, to a request whose body is JSON or is not. */
export function expectAnswer(answer: Answered | undefined, outcome: Outcome, input: unknown, isJson = false): void {
  const { status, ran, shown, problems } = outcome;
  const where = JSON.stringify(input);
  expect(answer?.status, where).to.equal(status);
  expect(answer?.ran, where).to.deep.equal(ran);
  const body = answer?.body.toString() ?? '';
  if (shown && body !== '') expect(JSON.parse(body), where).to.deep.equal(shown.map(show));
  if (!problems || body === '') return;
  expect(detailOf(answer), where).to.equal(problems.join('; '));
  expect(answer?.headers['content-type'], where).to.equal(isJson ? PROBLEM : TEXT);
}

const TEXT = 'text/plain; charset=utf-8';
const PROBLEM = 'application/problem+json';

/** What an answer to a bad request tells, whichever of the two forms it has. */
function detailOf(answer: Answered | undefined): string | undefined {
  const { status = 0, headers, body } = answer ?? {};
  const title = STATUS_CODES[status];
  if (headers?.['content-type'] === PROBLEM) {
    const { detail, ...problem } = JSON.parse(String(body));
    expect(problem).to.include({ title, status });
    return detail;
  }
  const [start, ...rest] = String(body).split(': ');
  expect(start).to.be.oneOf([`${status} ${title}`, title]);
  return rest.length > 0 ? rest.join(': ') : undefined;
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
    if (body && answer?.status !== 204) detailOf(answer);
    return;
  }
  expect(answer.ran).to.deep.equal([name]);
  if (name === 'visit' || name === 'stream' || name === 'index') return;
  const shown: Shown[] = JSON.parse(body ?? '');
  const allowed = name === 'upload' ? new Set(['UploadedFile', 'String']) : PLAIN;
  for (const { proto } of shown) expect(allowed, body).to.include(proto);
  if (TYPES[name]) expect(shown.map(({ proto }) => proto)).to.deep.equal(TYPES[name]);
}
