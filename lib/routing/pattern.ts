import { INJECTED } from '../binding/parameters.js';
import { METHODS } from '../node-http.js';
import { decodeSegment } from './path.js';

/** One segment of a declared path. */
export type PatternSegment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'rest'; readonly name: string };

/** A declared `path`, read. */
export interface Pattern {
  /** The HTTP methods; undefined for any. */
  readonly methods: readonly string[] | undefined;
  /** Undefined where only methods are declared: the path is the automatic one. */
  readonly segments: readonly PatternSegment[] | undefined;
}

const NEVER_ROUTED = new Set(['CONNECT', 'TRACE']);
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * Reads a declared path: `'GET /:id'`, `'GET,PUT /:id'`, `'/:id'` or `'POST'`.
 *
 * @throws TypeError that says which part is wrong and how to write it.
 */
export function parsePattern(text: string, where: string): Pattern {
  const [, methods = '', path] = /^([^\s/]*)(?:(?:^|\s+)(\/.*))?$/s.exec(text.trim()) ?? [];
  if (methods === '' && path === undefined)
    throw new TypeError(
      `${where}: '${text}' is not a path; write it as in 'GET /:id', 'GET,PUT /:id', '/:id' or 'POST'`,
    );
  return {
    methods: methods === '' ? undefined : parseMethods(methods, where),
    segments: path === undefined ? undefined : parseSegments(path, where),
  };
}

function parseMethods(text: string, where: string): string[] {
  const methods = text.split(',');
  for (const method of methods)
    if (!METHODS.includes(method) || NEVER_ROUTED.has(method))
      throw new TypeError(
        `${where}: '${method}' is not an HTTP method that can be routed; write it in capitals, as in 'POST'`,
      );
  return [...new Set(methods)];
}

function parseSegments(path: string, where: string): PatternSegment[] {
  const texts = path === '/' ? [] : path.slice(1).split('/');
  const segments = texts.map((text) => parseSegment(text, `${where}: '${path}'`));
  const rest = segments.findIndex(({ kind }) => kind === 'rest');
  if (rest !== -1 && rest !== segments.length - 1)
    throw new TypeError(
      `${where}: '${path}' has a *name before its end, which takes all segments that follow; write it last`,
    );
  const names = segments.flatMap((segment) => (segment.kind === 'text' ? [] : [segment.name]));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new TypeError(`${where}: '${path}' has two segments that are called '${twice}'; rename one of them`);
  const injected = names.find((name) => INJECTED.has(name));
  if (injected !== undefined)
    throw new TypeError(
      `${where}: '${path}' names '${injected}', but such a parameter never comes from a client; rename the segment`,
    );
  return segments;
}

function parseSegment(text: string, where: string): PatternSegment {
  const [, mark, name = ''] = /^([:*])(.*)$/s.exec(text) ?? [];
  if (mark === undefined) return { kind: 'text', text: literalText(text, where) };
  if (!IDENTIFIER.test(name))
    throw new TypeError(`${where} has '${text}', which is not a name; write a whole segment as in ':id' or '*path'`);
  return mark === ':' ? { kind: 'name', name } : { kind: 'rest', name };
}

function literalText(text: string, where: string): string {
  if (text === '')
    throw new TypeError(`${where} has an empty segment; write it without a double slash or one at the end`);
  if (/[?#\\]/.test(text))
    throw new TypeError(`${where} has '${text}', but a path holds no '?', '#' or backslash; write %3F, %23 or %5C`);
  if (/[:*]/.test(text))
    throw new TypeError(`${where} has '${text}', but only whole segments can be named, as in ':id' or '*path'`);
  const decoded = decodeSegment(text);
  if (decoded === undefined)
    throw new TypeError(`${where} has '${text}', which is not percent-encoded correctly; write a percent sign as %25`);
  if (isDots(decoded))
    throw new TypeError(
      `${where} has '${text}', which clients resolve themselves before they send a path; leave it out`,
    );
  return segmentOfName(decoded);
}

/** What clients take for a step within the path. */
export function isDots(text: string): boolean {
  return text === '.' || text === '..';
}

/**
 * The segment that stands for a text, be it a method's name: as `new URL()` writes it, and so every client that
 * follows the WHATWG's URL standard, with whatever would not stay one segment encoded as well.
 */
export function segmentOfName(name: string): string {
  return new URL(`http://host/${name.replace(/[/?#%\\\s]/g, encodeURIComponent)}`).pathname.slice(1);
}

/** A pattern as text, relative to where its class is mounted. */
export function pathOfSegments(segments: readonly PatternSegment[]): string {
  const marks = { text: '', name: ':', rest: '*' } as const;
  return segments
    .map((segment) => `/${marks[segment.kind]}${segment.kind === 'text' ? segment.text : segment.name}`)
    .join('');
}
