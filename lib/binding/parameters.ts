import type { StandardSchema } from './standard-schema.js';

/** A type that `params` names, or that a literal default shows. */
export type ScalarType = 'bigint' | 'boolean' | 'file' | 'number' | 'string';

/** What a parameter takes: `list` is one of texts, or of whatever JSON has there; `any` is passed as it came. */
export type ParameterType = 'any' | 'list' | ScalarType | `${ScalarType}[]`;

/** Where a value may come from, in the order in which it is looked for. */
export type Source = 'path' | 'query' | 'body' | 'file' | 'session';

/** A parameter, or a key of an object pattern, that is bound by its name. */
export interface NamedParameter {
  readonly name: string;
  readonly type: ParameterType;
  /** Whether the request is refused where nothing gives it. */
  readonly required: boolean;
  readonly sources: readonly Source[];
}

/** Parameters of these names are given Koa's context and the request, and nothing of a client's. */
export const INJECTED: ReadonlySet<string> = new Set(['ctx', 'request']);

/** One entry of a method's parameter list. `input` takes the whole query or body. */
export type Parameter =
  | ({ readonly kind: 'positional' } & NamedParameter)
  | { readonly kind: 'pattern'; readonly keys: readonly NamedParameter[] }
  | { readonly kind: 'rest'; readonly name: string; readonly sources: readonly Source[] }
  | ({ readonly kind: 'input' } & NamedParameter);

/** What `params` says of one parameter. */
export interface DeclaredParameter {
  readonly name?: string;
  readonly type?: ScalarType;
  /** Whether it takes a list of the type. */
  readonly isList?: boolean;
  readonly schema?: StandardSchema;
}

/** What a declaration says of a method's parameters. */
export interface ParameterDeclaration {
  readonly params: readonly DeclaredParameter[];
  /** The schema of the last parameter, which takes the whole query or body. */
  readonly input: StandardSchema | undefined;
  /** Whether names are bound from the body alone. */
  readonly fromBody: boolean;
  /** Whether it is of a socket, whose handshake has no body. */
  readonly isSocket: boolean;
  /** The names that only the session may give. */
  readonly session: ReadonlySet<string>;
}
