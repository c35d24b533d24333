import createError, { type HttpError } from 'http-errors';
import { reply } from '../response/reply.js';
import { decodeSegment, segmentsBelow } from './path.js';
import type { Handler } from './table.js';

/** What a request is for. */
export interface Target {
  /** The decoded path segments behind the route's name. */
  readonly pathParams: readonly string[];
  /** The route's handler; undefined where there is none. */
  readonly handler: Handler | undefined;
  /** Why no handler may run. */
  readonly refusal: HttpError | undefined;
}

export type Match = (method: string, path: string) => Target | undefined;

interface Rules {
  readonly prefix: string;
  readonly strict: boolean;
  readonly fallthrough: boolean;
}

// What reaches a handler that names no methods. Any other method does as well, but these are the usual ones.
const USUAL = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Prepares the search for the route of a request.
 *
 * @returns A function that gives undefined for a request that is not the controller's.
 */
export function prepareMatch(table: ReadonlyMap<string, Handler>, { prefix, strict, fallthrough }: Rules): Match {
  const index = table.get('index');
  return (method, path) => {
    const segments = segmentsBelow(prefix, path);
    if (!segments) return undefined;
    const target = findNamed(segments) ?? findIndex(segments);
    if (target) return target.handler ? forMethod(target, target.handler, method) : target;
    return fallthrough ? undefined : refuse(createError(404));
  };

  function findNamed([first, ...rest]: readonly string[]): Target | undefined {
    if (first === undefined) return undefined;
    const name = decodeSegment(first);
    if (name === undefined) return badPath();
    const handler = table.get(name);
    if (!handler || (strict && rest.length > handler.path.max)) return undefined;
    return withSegments(handler, rest);
  }

  function findIndex(segments: readonly string[]): Target | undefined {
    if (!index || segments.length > index.path.max) return undefined;
    const target = withSegments(index, segments);
    return target.refusal || index.path.accepts(target.pathParams) ? target : undefined;
  }
}

function withSegments(handler: Handler, segments: readonly string[]): Target {
  const pathParams: string[] = [];
  for (const segment of segments) {
    const decoded = decodeSegment(segment);
    if (decoded === undefined) return badPath();
    pathParams.push(decoded);
  }
  return { pathParams, handler, refusal: undefined };
}

/** RFC 9110, section 9.3.7: OPTIONS tells what is allowed. TRACE would echo what only the server should see. */
function forMethod(target: Target, handler: Handler, method: string): Target {
  if (handler.methods?.includes(method)) return target;
  const allow = [...(handler.methods ?? USUAL), 'OPTIONS'].join(', ');
  if (method === 'OPTIONS')
    return { ...target, handler: { ...handler, bind: () => [], call: () => reply(204, null, { Allow: allow }) } };
  if (!handler.methods && method !== 'TRACE' && method !== 'CONNECT') return target;
  return { ...target, refusal: createError(405, { headers: { Allow: allow } }) };
}

function badPath(): Target {
  return refuse(createError(400, '400 Bad Request: Bad path'));
}

function refuse(refusal: HttpError): Target {
  return { pathParams: [], handler: undefined, refusal };
}
