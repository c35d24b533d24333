/** One option: what its value must be, in words and as a check, and the value where none is given. */
export interface OptionRow<T> {
  readonly must: string;
  allows(value: unknown): boolean;
  readonly fallback: T;
}

/** The values of options when all fallbacks are filled in. */
export type Settled<Rows> = { readonly [K in keyof Rows]: Rows[K] extends OptionRow<infer T> ? T : never };

/** An option that is a number of things or bytes. */
export function countRow(fallback: number): OptionRow<number> {
  return {
    must: 'be a whole number above 0',
    allows: (value) => Number.isSafeInteger(value) && Number(value) > 0,
    fallback,
  };
}

/** An option that is a text, with none as its fallback. */
export function textRow(): OptionRow<string | undefined> {
  return {
    must: 'be a text that is not empty',
    allows: (value) => typeof value === 'string' && value !== '',
    fallback: undefined,
  };
}

/** The fallbacks of all options. */
export function fallbacksOf<Rows extends Readonly<Record<string, OptionRow<unknown>>>>(rows: Rows): Settled<Rows> {
  return Object.assign({}, ...Object.entries(rows).map(([name, { fallback }]) => ({ [name]: fallback })));
}
