import createError, { type HttpError } from 'http-errors';
import { reply } from '../response/reply.js';
import { decodeSegment, decodeSegments, endOfSegment, isBelow, segmentsFrom } from './path.js';
import { type Handler, isPrivate } from './routes.js';

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

const NEVER_HANDLED = new Set(['OPTIONS', 'TRACE', 'CONNECT']);
// What reaches a handler that names no methods. Any other method does as well, but these are the usual ones.
const USUAL = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Prepares the search for the route of a request.
 *
 * @returns A function that gives undefined for a request that is not the controller's.
 */
export function prepareMatch(table: ReadonlyMap<string, Handler>, { prefix, strict, fallthrough }: Rules): Match {
  const index = table.get('index');
  const start = prefix.length + 1;

  /** RFC 9110, section 9.3.7: `OPTIONS *` asks about the server, whichever its routes are. */
  function forServer(method: string): Target | undefined {
    const [handler] = table.values();
    return method === 'OPTIONS' && handler ? answerOptions([], handler, USUAL) : undefined;
  }

  function find(path: string): Target | undefined {
    const end = endOfSegment(path, start);
    const name = path.length > start ? decodeSegment(path.slice(start, end)) : 'index';
    if (name === undefined) return badPath();
    const handler = table.get(name);
    // What looks private is nobody's, not even an argument of index: MicroPie's rule.
    if (!handler) return isPrivate(name) ? undefined : fitIndex(segmentsFrom(path, start));
    const rest = segmentsFrom(path, end + 1);
    return strict && rest.length > handler.path.max ? undefined : withSegments(handler, rest);
  }

  function fitIndex(segments: readonly string[]): Target | undefined {
    if (!index || segments.length > index.path.max) return undefined;
    const target = withSegments(index, segments);
    return target.refusal || index.path.accepts(target.pathParams) ? target : undefined;
  }

  return (method, path) => {
    if (path === '*' && prefix === '') return forServer(method);
    if (!isBelow(prefix, path)) return undefined;
    const target = find(path);
    if (target) return target.handler ? forMethod(target, target.handler, method) : target;
    return fallthrough ? undefined : refuse(createError(404));
  };
}

function withSegments(handler: Handler, segments: readonly string[]): Target {
  const pathParams = decodeSegments(segments);
  return pathParams ? { pathParams, handler, refusal: undefined } : badPath();
}

/** OPTIONS tells what is allowed. TRACE would echo what only the server should see. */
function forMethod(target: Target, handler: Handler, method: string): Target {
  if (handler.methods ? handler.methods.includes(method) : !NEVER_HANDLED.has(method)) return target;
  const allowed = handler.methods ?? USUAL;
  if (method === 'OPTIONS') return answerOptions(target.pathParams, handler, allowed);
  return { ...target, refusal: createError(405, { headers: { Allow: allow(allowed) } }) };
}

function answerOptions(pathParams: readonly string[], handler: Handler, methods: readonly string[]): Target {
  const call = () => reply(204, null, { Allow: allow(methods) });
  return { pathParams, handler: { ...handler, bind: () => [], call }, refusal: undefined };
}

function allow(methods: readonly string[]): string {
  return [...new Set([...methods, 'OPTIONS'])].join(', ');
}

function badPath(): Target {
  return refuse(createError(400, '400 Bad Request: Bad path'));
}

function refuse(refusal: HttpError): Target {
  return { pathParams: [], handler: undefined, refusal };
}
