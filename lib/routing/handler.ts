import type { Plan } from '../binding/plan.js';
import type { Positions } from '../binding/positions.js';
import type { Declaration, DeclaredResult } from '../controller/declarations.js';
import type { Method } from '../controller/methods.js';
import type { HttpMiddleware } from '../hooks.js';
import type { Route } from './route.js';

/** A route with all that is needed to run it, prepared at start. */
export interface Handler {
  readonly route: Route;
  /** How messages name it, as in `Tasks.show`. */
  readonly where: string;
  /** The declared HTTP methods; undefined where any may come. */
  readonly methods: readonly string[] | undefined;
  readonly plan: Plan;
  /** What `static routes` says of it, for documents. */
  readonly declaration: Declaration;
  /** The method as the class has it; `call` runs it. */
  readonly method: Method;
  readonly positions: Positions;
  readonly returns: DeclaredResult | undefined;
  /** The hooks of this route alone. */
  readonly middlewares: readonly HttpMiddleware[];
  /** Whether its declaration shows that its clients are programs. */
  readonly prefersJson: boolean;
  readonly streamsBody: boolean;
  /** Whether its answers are the visitor's alone, since the session must give it something. */
  readonly isPrivate: boolean;
  /** Whether anybody can see a file that is uploaded here. */
  readonly showsFiles: boolean;
  /** The subprotocols that a socket speaks. */
  readonly protocols: readonly string[];
  call(args: readonly unknown[]): unknown;
}

// What reaches a handler that names no methods. Any other method does as well, but these are the usual ones.
const USUAL = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
// OPTIONS is answered with what is allowed. TRACE would echo what only the server should see.
const NEVER_HANDLED = new Set(['OPTIONS', 'TRACE', 'CONNECT']);

/** The methods that a declaration of these allows. RFC 9110, section 9.3.2: HEAD is GET without the content. */
export function allowedMethods(methods: readonly string[] | undefined): readonly string[] {
  if (!methods) return USUAL;
  return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods;
}

/** Of handlers that share a path, the one for a method: one that declares it, then one that declares none. */
export function handlerFor(handlers: readonly Handler[], method: string): Handler | undefined {
  return (
    handlers.find(({ methods }) => methods?.includes(method)) ??
    (method === 'HEAD' ? handlers.find(({ methods }) => methods?.includes('GET')) : undefined) ??
    (NEVER_HANDLED.has(method) ? undefined : handlers.find(({ methods }) => methods === undefined))
  );
}

/** The value of an `Allow` header for all of these handlers. */
export function allowHeader(handlers: readonly Handler[]): string {
  return [...new Set([...handlers.flatMap(({ methods }) => allowedMethods(methods)), 'OPTIONS'])].join(', ');
}

/** What `OPTIONS *` is answered with: it asks about the server, not about a path (RFC 9110, section 9.3.7). */
export const ALLOW_ANY: string = [...USUAL, 'OPTIONS'].join(', ');
