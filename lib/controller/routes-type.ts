import type { HttpMiddleware } from '../hooks.js';
import type { Controller } from './controller.js';

/** What `static routes` may say of one method; a text stands for its `path`. */
export interface RouteDeclaration {
  /** `'GET /:id'`, `'/:id'` for any method, `'POST'` for the automatic path, or several methods `'GET,PUT /:id'`. */
  readonly path?: string;
  /** For the parameters that a client gives, in order: a name, a type, or a pair of both. */
  readonly params?: readonly unknown[];
  /** A schema of the last such parameter, which takes the whole query or body. */
  readonly input?: unknown;
  /** A schema of the result, or one for each status. */
  readonly returns?: unknown;
  /** `'body'` binds names from the body alone. */
  readonly from?: 'body';
  /** Names of parameters that only the session may give; these come last. */
  readonly session?: readonly string[];
  /** `'stream'` leaves the request's body unread for the handler. */
  readonly body?: 'stream';
  /** Hooks of this route alone. */
  readonly middlewares?: readonly HttpMiddleware[];
  /** One line for the documentation. */
  readonly summary?: string;
  /** Further text for the documentation. */
  readonly description?: string;
  /** Merged over the operation in the OpenAPI document. */
  readonly openapi?: Readonly<Record<string, unknown>>;
  /** Whether MCP clients are offered it as a tool. */
  readonly tool?: boolean;
  /** The subprotocols that a socket speaks. */
  readonly protocols?: readonly string[];
}

/** The names of the methods that a controller of type `T` may serve. */
export type RouteName<T> = {
  [K in keyof T & string]: K extends `_${string}` | 'then' | Reserved<T>
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
 *   static routes = { save: 'POST' } satisfies Routes<Root>;
 * }
 */
export type Routes<T> = { readonly [K in RouteName<T>]?: string | RouteDeclaration };

/** Holds the names, keys and values in a class's `static routes` against its methods. */
export type CheckedRoutes<C, T> = C extends { routes: infer R }
  ? {
      routes: R extends object ? { [K in keyof R]: K extends RouteName<T> ? CheckedDeclaration<R[K]> : never } : object;
    }
  : unknown;

/** Of `{ body: 'stream' }` in a plain `static routes`, the compiler keeps no more than that it is a string. */
type CheckedDeclaration<D> = D extends string
  ? string
  : {
      [K in keyof D]: K extends 'body' | 'from'
        ? string
        : K extends keyof RouteDeclaration
          ? RouteDeclaration[K]
          : never;
    };
