import type { StandardSchema } from '../binding/standard-schema.js';
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
  ? D extends Widened
    ? D extends { readonly returns: infer S }
      ? ReturnsFault<K, S, M>
      : unknown
    : Widened
  : { [Key in UnknownKey<D>]: `${K} is declared with a key that is unknown` };

type UnknownKey<D> = Exclude<keyof D, keyof Widened>;

/** What the compiler keeps of a declaration in a plain `static routes`, without `satisfies`. */
interface Widened extends Omit<RouteDeclaration, 'params' | 'from' | 'body'> {
  readonly params?: readonly unknown[];
  readonly from?: string;
  readonly body?: string;
}

type ReturnsFault<K extends string, S, M> = M extends (...args: never) => infer Result
  ? [Misfit<S, Awaited<Result>>] extends [never]
    ? unknown
    : { returns: { [Key in `${K}() returns what its schema refuses`]: Misfit<S, Awaited<Result>> } }
  : never;

/** Those of a method's results that no schema takes; one of unknown type is left to the run time. */
type Misfit<S, Result> = unknown extends Result
  ? never
  : Result extends null | undefined | void
    ? never
    : Result extends Reply<infer Body, infer Status>
      ? Body extends null | undefined | TakenOf<S, Status>
        ? never
        : Result
      : Result extends TakenOf<S, Success<S>>
        ? never
        : Result;

/** A handler may also have set the status by hand. */
type Success<S> = S extends StandardSchema ? 200 : Extract<keyof S, 200 | 201 | 202 | 203 | 206>;

/** What may be answered with a status: a failure without a schema of its own is not looked at. */
type TakenOf<S, Status> = Status extends number
  ? S extends StandardSchema
    ? `${Status}` extends `2${string}`
      ? Taken<S>
      : unknown
    : Status extends keyof S
      ? Taken<S[Status]>
      : `${Status}` extends `2${string}`
        ? never
        : unknown
  : never;

type Taken<S> = S extends StandardSchema ? OrFrozen<NonNullable<S['~standard']['types']>['input']> : unknown;

/** Schemas say `Tag[]` where a handler may well give a `readonly Tag[]`. */
type OrFrozen<T> = T | Frozen<T>;
type Frozen<T> = { readonly [K in keyof T]: Frozen<T[K]> };
