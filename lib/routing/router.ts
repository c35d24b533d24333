import type { HttpError } from 'http-errors';
import { fitsIndex } from '../binding/bind.js';
import { isPrivate } from '../controller/methods.js';
import { badRequest, methodNotAllowed, notFound } from '../errors.js';
import { ALLOW_ANY, allowHeader, type Handler, handlerFor } from './handler.js';
import { decodeSegment, decodeSegments, isBelow, segmentsFrom } from './path.js';
import { type Candidate, isMethodName, type RouteTree, Search } from './tree.js';

/** What a mount does with a request. */
export type Target =
  /** It runs a method. */
  | { readonly kind: 'handler'; readonly handler: Handler; readonly pathParams: readonly string[] }
  /** It tells which methods are allowed. */
  | { readonly kind: 'options'; readonly allow: string }
  /** It refuses the request. */
  | { readonly kind: 'refusal'; readonly error: HttpError }
  /** It has no such route, but answers for all of its prefix. */
  | { readonly kind: 'unknown' };

/** @returns undefined for a request that is somebody else's. */
export type Match = (method: string, path: string) => Target | undefined;

interface Rules {
  readonly prefix: string;
  readonly strict: boolean;
  readonly fallthrough: boolean;
}

/** Prepares the search for the target of a request. */
export function prepareMatch(tree: RouteTree, { prefix, strict, fallthrough }: Rules): Match {
  const start = prefix.length + 1;
  return (method, path) => {
    if (path === '*') return method === 'OPTIONS' && prefix === '' ? { kind: 'options', allow: ALLOW_ANY } : undefined;
    if (!isBelow(prefix, path)) return undefined;
    const target = find(tree, method, segmentsFrom(path, start), strict);
    if (target || fallthrough) return target;
    // A preflight must not meet an access check, here neither.
    return method === 'OPTIONS' ? { kind: 'refusal', error: notFound() } : { kind: 'unknown' };
  };
}

function find(tree: RouteTree, method: string, segments: readonly string[], isStrict: boolean): Target | undefined {
  const [first] = segments;
  const nested = first === undefined ? undefined : tree.nested.get(first);
  if (nested) return find(nested, method, segments.slice(1), isStrict);
  const { found, misfits } = new Search(tree, method, segments, isStrict);
  if (found) return run(found);
  const index = fittingIndex(tree, segments);
  if (index && handlerFor([index.handler], method)) return run(index);
  const refusing = index ? [...misfits, index.handler] : misfits;
  if (refusing.length > 0) return refuseMethod(method, refusing);
  return first !== undefined && decodeSegment(first) === undefined ? badPath() : undefined;
}

/** What can't be decoded is refused only now: it fits any path that takes a segment there. */
function run({ handler, segments }: Candidate): Target {
  const pathParams = decodeSegments(segments);
  return pathParams ? { kind: 'handler', handler, pathParams } : badPath();
}

/** `index` also answers a path that names no method, if each of its segments fits a parameter. */
function fittingIndex(tree: RouteTree, segments: readonly string[]): Candidate | undefined {
  const { index } = tree;
  if (!index || segments.length > index.plan.maxSegments) return undefined;
  const [first] = segments;
  // What looks private is nobody's, not even an argument of index: MicroPie's rule.
  if (first !== undefined && (isPrivate(decodeSegment(first) ?? '') || isMethodName(tree, first))) return undefined;
  const decoded = decodeSegments(segments);
  return decoded && !fitsIndex(index.plan, decoded) ? undefined : { handler: index, segments };
}

function refuseMethod(method: string, handlers: readonly Handler[]): Target {
  const allow = allowHeader(handlers);
  return method === 'OPTIONS' ? { kind: 'options', allow } : { kind: 'refusal', error: methodNotAllowed(allow) };
}

function badPath(): Target {
  return { kind: 'refusal', error: badRequest('Bad path') };
}
