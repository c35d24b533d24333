import { METHODS } from 'node:http';
import { isRecord } from '../values.js';
import type { Controller } from './controller.js';

/** What `static routes` may say of one method. */
export interface RouteDeclaration {
  /** The HTTP method or methods that reach the handler; any, where this is not given. */
  readonly method?: string | readonly string[];
  /** The names of the parameters, in order, where the source can't be trusted to keep them. */
  readonly params?: readonly string[];
  /** Names of parameters that only the session may give. */
  readonly session?: readonly string[];
  /** `'stream'` leaves the request's body unread for the handler. */
  readonly body?: 'stream';
}

/** The names of the methods that a controller of type `T` may serve. */
export type RouteName<T> = {
  [K in keyof T & string]: K extends `_${string}` | `ws_${string}` | 'then' | Reserved<T>
    ? never
    : T[K] extends (...args: never) => unknown
      ? K
      : never;
}[keyof T & string];

type Reserved<T> = T extends Pick<Controller, 'render' | 'redirect'> ? keyof Controller : never;

/**
 * The type of `static routes` for a controller of type `T`.
 *
 * @example
 * class Root {
 *   save(title: string) { return title; }
 *   static routes = { save: { method: 'POST' } } satisfies Routes<Root>;
 * }
 */
export type Routes<T> = { readonly [K in RouteName<T>]?: RouteDeclaration };

/** Holds the names, keys and values in a class's `static routes` against its methods. */
export type CheckedRoutes<C, T> = C extends { routes: infer R }
  ? {
      routes: R extends object ? { [K in keyof R]: K extends RouteName<T> ? CheckedDeclaration<R[K]> : never } : object;
    }
  : unknown;

/** Of `{ body: 'stream' }` in a plain `static routes`, the compiler keeps no more than that it is a string. */
type CheckedDeclaration<D> = {
  [K in keyof D]: K extends 'body' ? string : K extends keyof RouteDeclaration ? RouteDeclaration[K] : never;
};

/** A declaration that was checked, with its lists settled. */
export interface Declaration {
  readonly methods: readonly string[] | undefined;
  readonly params: readonly string[] | undefined;
  readonly session: ReadonlySet<string>;
  readonly streamsBody: boolean;
}

const KEYS = new Set(['method', 'params', 'session', 'body']);
const NEVER_ROUTED = new Set(['CONNECT', 'TRACE']);

/**
 * Collects `static routes` of a class and the classes it extends; the nearest wins.
 *
 * @throws TypeError for whatever is not a declaration.
 */
export function readDeclarations(controller: object, className: string): Map<string, Declaration> {
  const declarations = new Map<string, Declaration>();
  for (let level: object | null = controller; level; level = Object.getPrototypeOf(level)) {
    const property = Object.getOwnPropertyDescriptor(level, 'routes');
    if (property?.get) throw new TypeError(`${className}.routes must be a static field, not a getter`);
    const routes: unknown = property?.value;
    if (routes === undefined) continue;
    if (!isRecord(routes)) throw new TypeError(`${className}.routes must be an object of { method name: declaration }`);
    for (const [name, value] of Object.entries(routes))
      if (!declarations.has(name)) declarations.set(name, check(value, `${className}.routes.${name}`));
  }
  return declarations;
}

function check(value: unknown, where: string): Declaration {
  if (!isRecord(value)) throw new TypeError(`${where} must be an object such as { method: 'POST' }`);
  for (const key of Object.keys(value))
    if (!KEYS.has(key)) throw new TypeError(`${where}.${key} is unknown; it takes ${[...KEYS].join(', ')}`);
  const { method, params, session, body } = value;
  if (body !== undefined && body !== 'stream') throw new TypeError(`${where}.body must be 'stream' or left out`);
  return {
    methods: method === undefined ? undefined : httpMethods(method, `${where}.method`),
    params: params === undefined ? undefined : names(params, `${where}.params`),
    session: new Set(session === undefined ? [] : names(session, `${where}.session`)),
    streamsBody: body === 'stream',
  };
}

function httpMethods(value: unknown, where: string): string[] {
  const methods = names(typeof value === 'string' ? [value] : value, where);
  for (const method of methods)
    if (!METHODS.includes(method) || NEVER_ROUTED.has(method))
      throw new TypeError(
        `${where}: '${method}' is not an HTTP method that can be routed; write it in capitals, as in 'POST'`,
      );
  if (methods.length === 0) throw new TypeError(`${where} must name at least one HTTP method`);
  // RFC 9110, section 9.3.2: HEAD is GET without the content.
  return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods;
}

function names(value: unknown, where: string): string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')) return value;
  throw new TypeError(`${where} must be a list of names`);
}
