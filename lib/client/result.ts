import type { Reply } from '../response/reply.js';
import type { EventIn } from '../streams/sse.js';

/** What a call of a method that streams gives: awaited, the whole; iterated, what comes bit by bit. */
export interface Call<Whole, Chunk> extends Promise<Whole>, AsyncIterable<Chunk> {}

/** What a client gets of a result of type `R`. */
export type ResultOf<R, D> = D extends { readonly returns: infer S }
  ? Promise<Filtered<R, S>>
  : [ChunkOf<R>] extends [never]
    ? Promise<WholeOf<R>>
    : unknown extends R
      ? Promise<R>
      : Call<WholeOf<R>, ChunkOf<R>>;

interface Iterates {
  next(...args: never): unknown;
}

interface Reads {
  getReader(): unknown;
}

interface Pipes {
  pipe(...args: never): unknown;
}

type Bytes = ArrayBufferView | ArrayBuffer | Blob;
type Nothing = null | undefined | void;
type Failure = `4${string}` | `5${string}`;

/** Replies that reject a call are not among its results. */
type WholeOf<R> = unknown extends R
  ? R
  : R extends Reply<infer Body, infer Status>
    ? `${Status}` extends Failure
      ? never
      : WholeOf<Body>
    : R extends Nothing
      ? undefined
      : R extends Iterates
        ? TextOrBytes<R>
        : R extends Bytes | Reads | Pipes
          ? Uint8Array
          : R extends Response
            ? unknown
            : Json<R>;

type TextOrBytes<R> = [EventIn<R>] extends [never] ? ItemOf<R> : string;

/** What comes bit by bit; `never` where it comes at once. */
type ChunkOf<R> =
  R extends Reply<infer Body, infer Status>
    ? `${Status}` extends Failure
      ? never
      : ChunkOf<Body>
    : R extends Iterates
      ? [EventIn<R>] extends [never]
        ? ItemOf<R>
        : EventOf<EventIn<R>>
      : R extends Reads | Pipes
        ? Uint8Array
        : never;

type ItemOf<R> = R extends AsyncIterator<infer Item> | Iterator<infer Item>
  ? Item extends string
    ? string
    : Uint8Array
  : never;

type EventOf<E> = E extends { readonly data: infer Data }
  ? { readonly data: Json<Data>; readonly event: NameOf<E>; readonly id: string }
  : { readonly data: string; readonly event: 'message'; readonly id: string };

type NameOf<E> = E extends { readonly event: infer Name extends string }
  ? Name
  : E extends { readonly event?: infer Name }
    ? unknown extends Name
      ? 'message'
      : Exclude<Name, undefined> | 'message'
    : 'message';

/** What a declared schema lets through. */
type Filtered<R, S> =
  | NothingIn<R>
  | Json<S extends { readonly '~standard': unknown } ? Output<S> : Output<S[SuccessIn<S>]>>;

type SuccessIn<S> = { [K in keyof S]: K extends number ? (`${K}` extends `2${string}` ? K : never) : never }[keyof S];

type Output<S> = S extends { readonly '~standard': { readonly types?: { readonly output: infer Made } | undefined } }
  ? Made
  : unknown;

type NothingIn<R> =
  R extends Reply<infer Body, infer Status>
    ? `${Status}` extends Failure
      ? never
      : NothingIn<Body>
    : R extends Nothing
      ? undefined
      : never;

/** What is left of a value that goes through JSON. */
export type Json<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null
    ? T
    : T extends { toJSON(...args: never): infer J }
      ? Json<J>
      : T extends Unsent | bigint
        ? never
        : T extends readonly unknown[]
          ? { [I in keyof T]: Json<Exclude<T[I], Unsent>> | (Extract<T[I], Unsent> extends never ? never : null) }
          : [LostIn<T>] extends [never]
            ? { [K in keyof T]: Json<T[K]> }
            : JsonMembers<T>;

type Unsent = undefined | void | symbol | ((...args: never) => unknown);

/** The members that are never sent, or perhaps not. */
type LostIn<T> = {
  [K in keyof T]-?: K extends symbol ? K : Extract<Required<T>[K], Unsent> extends never ? never : K;
}[keyof T];

type JsonMembers<T> = Flat<
  { [K in keyof T as K extends LostIn<T> ? never : K]: Json<T[K]> } & {
    [K in keyof T as K extends symbol | Exclude<keyof T, LostIn<T>>
      ? never
      : [Exclude<T[K], Unsent>] extends [never]
        ? never
        : K]?: Json<Exclude<T[K], Unsent>>;
  }
>;

type Flat<T> = { [K in keyof T]: T[K] };
