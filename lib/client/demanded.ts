import type { ClassOf } from '../controller/nested.js';
import type { RouteName } from '../controller/routes-type.js';

/** The names of the methods that answer requests; sockets do not, and loggers call every `toJSON`. */
export type HttpName<T> = Exclude<RouteName<T>, `ws_${string}` | 'toJSON'>;

/** The names of the fields that hold nested controllers. */
export type NestedName<T> = { [K in keyof T & string]: [ClassOf<T[K]>] extends [never] ? never : K }[keyof T & string];

/** The path that a method is declared with; `POST`, by which it is called, where none is, or none that is known. */
export type PathOf<D> = D extends string
  ? Known<D>
  : D extends { readonly path: infer P extends string }
    ? Known<P>
    : 'POST';

type Known<P extends string> = string extends P ? 'POST' : P;

/** The paths that a client must be told: those of its methods that a POST to their name does not reach. */
export type Demanded<C> = C extends abstract new (
  ...args: never
) => infer T
  ? Of<T, C extends { readonly routes: infer R } ? R : unknown>
  : Of<C, unknown>;

type Of<T, R> = {
  readonly [K in HttpName<T> & keyof R as IsPosted<PathOf<R[K]>> extends true ? never : K]: PathOf<R[K]>;
} & {
  readonly [K in NestedName<T> as true extends Demands<ClassOf<T[K]>> ? K : never]: Demanded<ClassOf<T[K]>>;
};

/** `true` among others where a class, or one nested in it, has such a method. */
export type Demands<C> = C extends abstract new (
  ...args: never
) => infer T
  ? C extends { readonly routes: infer R }
    ? DemandsOf<T, R>
    : DemandsOf<T, unknown>
  : DemandsOf<C, unknown>;

type DemandsOf<T, R> =
  | { [K in HttpName<T> & keyof R]: IsPosted<PathOf<R[K]>> extends true ? false : true }[HttpName<T> & keyof R]
  | { [K in NestedName<T>]: Demands<ClassOf<T[K]>> }[NestedName<T>];

/** Whether a POST to a method's name reaches it. */
export type IsPosted<P extends string> = P extends `${string}/${string}`
  ? false
  : P extends 'POST' | `POST,${string}` | `${string},POST` | `${string},POST,${string}`
    ? true
    : false;
