import type { AnySchema, SchemaOf } from '../binding/standard-schema.js';
import type { HttpMiddleware } from '../hooks.js';
import type { UploadedFile } from '../uploads/uploaded-file.js';
import type { Controller } from './controller.js';

/** `'GET /:id'`, `'/:id'` for any method, `'POST'` for the automatic path, or several methods `'GET,PUT /:id'`. */
// The names are for editors; `string & {}` leaves every other text as the literal that it is.
export type RoutePath = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | `/${string}` | (string & {});

/**
 * What `static routes` may say of one method; a text stands for its `path`.
 *
 * @typeParam Method - The method's name, which the compiler's messages show.
 * @typeParam Given - The types of the parameters that a client or the session gives.
 * @typeParam Input - The schemas for the parameter that takes the whole query or body.
 * @typeParam Session - The names that only the session may give.
 */
export interface RouteDeclaration<
  Method extends string = string,
  // biome-ignore lint/suspicious/noExplicitAny: what is declared of any method at all.
  Given extends readonly unknown[] = readonly any[],
  Input = AnySchema,
  Session extends readonly string[] = readonly string[],
> {
  /** Where it is served: see `RoutePath`. */
  readonly path?: RoutePath;
  /** For the parameters that a client gives, in order: a name, a type, or a pair of both. */
  readonly params?: ParametersOf<Method, Given>;
  /** A schema of the last such parameter, which takes the whole query or body. */
  readonly input?: Input;
  /** A schema of the result, or one for each status. */
  readonly returns?: AnySchema | { readonly [status: number]: AnySchema };
  /** `'body'` binds names from the body alone. */
  readonly from?: 'body';
  /** Names of parameters that only the session may give; these come last. */
  readonly session?: Session;
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

/**
 * A declaration of a method whose last parameters come from the session. Of a choice the compiler's messages tell one:
 * TypeScript 7 that whose name is the last one, TypeScript 5 that which was made last. It must be `RouteDeclaration`.
 */
interface DeclarationWithSession<
  Method extends string,
  Given extends readonly unknown[],
  Input,
  Session extends readonly string[],
> extends RouteDeclaration<Method, Given, Input, Session> {
  readonly session: Session;
}

/** What `params` may say of parameters of the types `Given`; what is too much shall be told by name, too. */
type ParametersOf<Method extends string, Given extends readonly unknown[]> = number extends Given['length']
  ? Elements<Method, Given>
  : readonly [...Elements<Method, Given>, ...`${Method}() has no further parameter`[]];

type Elements<Method, Given extends readonly unknown[]> = {
  readonly [I in keyof Given]?: ParameterOf<Method, Given[I]>;
};

/** What `params` may say of a parameter of type `P`: its name, its type, or a pair of both. */
export type ParameterOf<_Method, P> = string | TypeOf<P> | readonly [name: string, type: TypeOf<P>];

/** What `input` may be for a parameter of type `P`. */
export interface InputOf<_Method, P> extends SchemaOf<P> {}

type TypeOf<P> = PlainType<P> | SchemaOf<P>;

/** The plain types, and lists of one, whose values fit a parameter. */
type PlainType<P, S extends Scalar = Scalar> = S extends readonly [infer Value, infer Type]
  ? ([Value] extends [P] ? Type : never) | (Value[] extends P ? readonly [Type] : never)
  : never;

type Scalar =
  | readonly [string, StringConstructor]
  | readonly [number, NumberConstructor]
  | readonly [boolean, BooleanConstructor]
  | readonly [bigint, BigIntConstructor]
  | readonly [UploadedFile, typeof UploadedFile];

/** The names of the methods that a controller of type `T` may serve. */
export type RouteName<T> = {
  [K in keyof T & string]: K extends `_${string}` | 'then' | Reserved<T>
    ? never
    : T[K] extends (...args: never) => void
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
export type Routes<T> = {
  readonly [K in RouteName<T>]?: RoutePath | Declarations<K, Given<ArgumentsOf<T[K]>>, SessionName<T>>;
};

/** Not `Parameters`: to ask for the result's type too would go round in a circle where that depends on the routes. */
export type ArgumentsOf<M> = M extends (...args: infer A) => void ? A : never;

/** The parameters that a client or the session gives: without Koa's context and the request at either end. */
export type Given<A extends readonly unknown[]> = A extends readonly [infer First, ...infer Rest]
  ? IsInjected<First> extends true
    ? Given<Rest>
    : WithoutInjectedEnd<A>
  : A;

type WithoutInjectedEnd<A extends readonly unknown[]> = A extends readonly [...infer Rest, infer Last]
  ? IsInjected<Last> extends true
    ? WithoutInjectedEnd<Rest>
    : A
  : A;

/** By shape, so that any type of a context counts. */
type IsInjected<P> = unknown extends P ? false : [P] extends [ContextShape | RequestShape] ? true : false;

interface ContextShape {
  readonly req: unknown;
  readonly res: unknown;
  readonly app: unknown;
}

interface RequestShape {
  readonly ctx: unknown;
  readonly pathParams: unknown;
}

type SessionName<T> = (T extends { session: infer S } ? keyof S & string : never) | (string & {});

/** One for each number of session parameters, which come last: `input` is for the last one before them. */
type Declarations<Method extends string, A extends readonly unknown[], Name extends string> = number extends A['length']
  ? RouteDeclaration<Method, A, InputOf<Method, never>, readonly Name[]> // A rest parameter can't take an input.
  : A extends readonly []
    ? RouteDeclaration<Method, A, InputOf<Method, never>, readonly Name[]>
    : Declared<Method, A, A, Name>;

type Declared<
  Method extends string,
  A extends readonly unknown[],
  Rest extends readonly unknown[],
  Name extends string,
> = Rest extends readonly [unknown?, ...infer Behind]
  ? Behind extends readonly []
    ? RouteDeclaration<Method, A, InputOf<Method, Rest[0]>, readonly [] | readonly Name[]>
    :
        | DeclarationWithSession<Method, A, InputOf<Method, Rest[0]>, { readonly [I in keyof Behind]-?: Name }>
        | Declared<Method, A, Behind, Name>
  : never;
