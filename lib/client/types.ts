import type { ClassOf } from '../controller/nested.js';
import type { ArgumentsOf, Given } from '../controller/routes-type.js';
import type { Carried, GivenTo } from './arguments.js';
import type { Demanded, Demands, HttpName, NestedName, PathOf } from './demanded.js';
import type { ResultOf } from './result.js';

/** What may be said of single calls, as in `api({ signal }).slow()`. */
export interface CallOptions {
  /** Sends the requests, in place of the global `fetch`. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Headers of every request. */
  readonly headers?: RequestInit['headers'] | undefined;
  /** Ends the requests, and what is being read of their answers, when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of `client`. */
export interface ClientOptions extends CallOptions {
  /** The `path` of each method that a POST to its name does not reach, as the class declares it. */
  readonly routes?: object | undefined;
}

/** The options of `client`, with the paths that a class demands. */
export type OptionsOf<C> =
  true extends Demands<C>
    ? [options: CallOptions & { readonly routes: Demanded<C> }]
    : [options?: CallOptions & { readonly routes?: { readonly [name: string]: never } }];

/**
 * The client of a controller's class: its methods with the types that a client gives and gets, and the controllers
 * nested in it. Called itself, it is the same client with other options.
 */
export type Client<C> = ((options: CallOptions) => Client<C>) & Methods<C>;

type Methods<C> = C extends { readonly routes: infer R }
  ? MethodsOf<InstanceOf<C>, R>
  : MethodsOf<InstanceOf<C>, unknown>;

/** What a class makes; of an instance that is nested without its class, the methods alone are known. */
export type InstanceOf<C> = C extends abstract new (...args: never) => infer T ? T : C;

type MethodsOf<T, R> = {
  readonly [K in HttpName<T>]: Method<T[K], K extends keyof R ? R[K] : unknown>;
} & {
  readonly [K in NestedName<T>]: Methods<ClassOf<T[K]>>;
};

type Method<M, D> = M extends (...args: never) => infer R
  ? Signature<GivenTo<Given<ArgumentsOf<M>>, D>, ResultOf<Awaited<R>, D>, PathOf<D>>
  : never;

type Signature<A extends readonly unknown[], R, P extends string> = [Carried<A, P>] extends [never]
  ? never
  : (...args: Carried<A, P>) => R;
