/** What a literal default says of a parameter's type; `any` where there is none. */
export type DefaultType = 'any' | 'bigint' | 'boolean' | 'list' | 'number' | 'string';

/** A parameter, or a key of an object pattern, as the source writes it. */
export interface WrittenName {
  readonly name: string;
  readonly type: DefaultType;
  readonly hasDefault: boolean;
  /** Whether there is a default whose type can't be read, as in `page = DEFAULT_PAGE`. */
  readonly hidesType: boolean;
}

/** One entry of a parameter list, as the source writes it. */
export type WrittenParameter =
  | ({ readonly kind: 'positional' } & WrittenName)
  | { readonly kind: 'pattern'; readonly keys: readonly WrittenName[]; readonly hasDefault: boolean }
  | { readonly kind: 'rest'; readonly name: string };
