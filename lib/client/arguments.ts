import type { UploadedFile } from '../uploads/uploaded-file.js';
import type { IsPosted } from './demanded.js';

/** What a client gives to a method: its parameters without those of the session, as they are sent. */
export type GivenTo<A extends readonly unknown[], D> = D extends { readonly body: 'stream' }
  ? [...Sent<WithoutSession<A, D>>, form: FormData]
  : D extends { readonly input: unknown } | { readonly params: unknown }
    ? SentTo<WithoutSession<A, D>, D>
    : Sent<WithoutSession<A, D>>;

type WithoutSession<A extends readonly unknown[], D> = D extends {
  readonly session: readonly [unknown, ...infer More];
}
  ? WithoutSession<A extends readonly [...infer Rest, unknown?] ? Rest : A, { readonly session: More }>
  : A;

/** Keeps the labels of the parameters. */
type Sent<A extends readonly unknown[]> = { [I in keyof A]: Wire<A[I]> };

/** What a schema takes may be something else than what it makes of it, which is what the method takes. */
type SentTo<A extends readonly unknown[], D> = {
  [I in keyof A]: Wire<
    D extends { readonly input: infer S }
      ? I extends LastOf<A>
        ? Input<S, A[I]>
        : InParams<D, I, A[I]>
      : InParams<D, I, A[I]>
  >;
};

type LastOf<A extends readonly unknown[]> =
  Required<A> extends readonly [unknown, ...infer Rest] ? `${Rest['length']}` : never;

type InParams<D, I, P> = D extends { readonly params: infer S }
  ? I extends keyof S
    ? S[I] extends readonly [string, infer Type]
      ? Input<Type, P>
      : Input<S[I], P>
    : P
  : P;

type Input<S, P> = S extends { readonly '~standard': { readonly types?: { readonly input: infer I } | undefined } }
  ? I
  : P;

/** A value as JSON or a form carries it. */
type Wire<P> = unknown extends P
  ? P
  : P extends string | number | boolean | null | undefined
    ? P
    : P extends bigint
      ? number | string
      : P extends UploadedFile
        ? Blob
        : P extends Date
          ? Date | string
          : P extends readonly unknown[] | object
            ? { [K in keyof P]: Wire<P[K]> }
            : never;

type Scalar = string | number | boolean | Date | undefined;

/** Whether a method's declared path carries all of its arguments. */
type IsCarried<A extends readonly unknown[], P extends string> =
  IsPosted<P> extends true ? true : FitsPath<Required<A>, P>;

/** The arguments that a call can carry: without those at the end that may be left out and have no place in the path. */
export type Carried<A extends readonly unknown[], P extends string> =
  IsCarried<A, P> extends true
    ? A
    : number extends A['length']
      ? never
      : A extends readonly [...infer Rest, unknown?]
        ? Rest['length'] extends A['length']
          ? Carried<Rest, P>
          : never
        : never;

type FitsPath<A extends readonly unknown[], P extends string> = P extends `${infer Methods}/${infer Path}`
  ? Fits<A, Path, HasContent<Methods>>
  : HasContent<P> extends true
    ? true
    : FitsSegments<A>;

/** Of several methods the client uses the first. */
type HasContent<Methods extends string> = Methods extends `${'GET' | 'HEAD' | 'DELETE'}${string}` ? false : true;

/** Segment by segment; then nothing or one object, where there is no body. */
type Fits<A extends readonly unknown[], Path extends string, Content> = Path extends `${infer S}/${infer More}`
  ? FitsOne<A, S, Content, More>
  : FitsOne<A, Path, Content, ''>;

type FitsOne<A extends readonly unknown[], S extends string, Content, More extends string> = S extends ''
  ? Content extends true
    ? true
    : IsQuery<A>
  : S extends `*${string}`
    ? AreScalars<A>
    : S extends `:${string}`
      ? A extends readonly [infer First, ...infer Rest]
        ? IsScalar<First> extends true
          ? Fits<Rest, More, Content>
          : false
        : false
      : Fits<A, More, Content>;

/** An automatic path: scalars, then perhaps one object. */
type FitsSegments<A extends readonly unknown[]> = A extends readonly [infer First, ...infer Rest]
  ? IsScalar<First> extends true
    ? FitsSegments<Rest>
    : IsQuery<A>
  : AreScalars<A>;

type IsScalar<P> = unknown extends P ? true : [P] extends [Scalar] ? true : false;

type AreScalars<A extends readonly unknown[]> = A extends readonly Scalar[] ? true : false;

type IsQuery<A extends readonly unknown[]> = A extends readonly []
  ? true
  : A extends readonly [infer Only]
    ? unknown extends Only
      ? true
      : [Only] extends [readonly unknown[] | Scalar | null]
        ? false
        : [Only] extends [object | undefined]
          ? true
          : false
    : false;
