import type { AnySchema } from '../binding/standard-schema.js';
import type { HttpMiddleware } from '../hooks.js';
import type { Reply } from '../response/reply.js';
import type { RouteDeclaration, RouteName } from './routes-type.js';

/**
 * Holds the names, keys and results in a class's `static routes` against its methods: what is right maps to
 * `unknown`, so that the compiler has nothing to compare.
 */
export type CheckedRoutes<C, T> = C extends { routes: infer R }
  ? { routes: R extends object ? { [K in keyof R]: Fault<T, K, R[K]> } : object }
  : unknown;

type Fault<T, K, D> =
  K extends RouteName<T>
    ? D extends string | undefined
      ? unknown
      : DeclarationFault<K, D, T[K]>
    : `${K & string} is no method that can be served`;

type DeclarationFault<K extends string, D, M> = [UnknownKey<D>] extends [never]
  ? D extends PlainDeclaration
    ? D extends { readonly returns: infer S }
      ? ReturnsFault<K, S, M>
      : unknown
    : PlainDeclaration
  : { [Key in UnknownKey<D>]: `${K} is declared with a key that is unknown` };

type UnknownKey<D> = Exclude<keyof D, keyof RouteDeclaration>;

/** What the compiler keeps of a declaration without `satisfies`. To compare schemas once more would cost much. */
interface PlainDeclaration {
  readonly path?: string;
  readonly params?: readonly unknown[];
  readonly input?: unknown;
  readonly returns?: unknown;
  readonly from?: string;
  readonly session?: readonly string[];
  readonly body?: string;
  readonly middlewares?: readonly HttpMiddleware[];
  readonly summary?: string;
  readonly description?: string;
  readonly openapi?: object;
  readonly tool?: boolean;
}

type ReturnsFault<K extends string, S, M> = M extends (...args: never) => infer Result
  ? [Misfit<S, Awaited<Result>>] extends [never]
    ? unknown
    : { returns: { [Key in `${K}() returns what its schema refuses`]: Misfit<S, Awaited<Result>> } }
  : never;

/** The results that a schema does not take; the usual case, in which it takes them all, is asked for first. */
type Misfit<S, Result> = S extends AnySchema
  ? Result extends Nothing | Taken<S>
    ? never
    : MisfitOf<Result, Taken<S>, S>
  : MisfitOf<Result, Taken<S[Extract<keyof S, SuccessStatus>]>, S>;

/** What a schema takes; unknown where it does not state its types. */
type Taken<S> = S extends AnySchema ? Member<NonNullable<Member<S['~standard'], 'types'>>, 'input'> : never;

type Member<T, K extends string> = K extends keyof T ? T[K] : unknown;

type Nothing = null | undefined | void;

/** Where a handler may have set the status by hand, so that no reply tells it. */
type SuccessStatus = 200 | 201 | 202 | 203 | 206;

/** Those of a method's results that no schema takes; one of unknown type is left to the run time. */
type MisfitOf<Result, Input, S> = unknown extends Result
  ? never
  : Result extends Nothing
    ? never
    : Result extends Reply<infer Body, infer Status>
      ? Body extends Nothing | OrFrozen<TakenWith<S, Status>>
        ? never
        : Result
      : Result extends OrFrozen<Input>
        ? never
        : Result;

/** What may be answered with a status: a failure without a schema of its own is not looked at. */
type TakenWith<S, Status extends number> = S extends AnySchema
  ? `${Status}` extends `2${string}`
    ? Taken<S>
    : unknown
  : Status extends keyof S
    ? Taken<S[Status]>
    : `${Status}` extends `2${string}`
      ? never
      : unknown;

/** Schemas say `Tag[]` where a handler may well give a `readonly Tag[]`. */
type OrFrozen<T> = T | Frozen<T>;
type Frozen<T> = { readonly [K in keyof T]: Frozen<T[K]> };
