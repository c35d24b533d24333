import { isRecord } from './values.js';

/** One option: what its value must be, and what stands for it where it is not given. */
export interface Row<T> {
  readonly fallback: T;
  /** Completes the sentence "options.name must ...". */
  readonly must: string;
  allows(value: unknown): boolean;
}

export type Rows<T> = { readonly [K in keyof T]-?: Row<T[K]> };

/** The values of a group of options, each given or its fallback. */
export type Settled<R> = { readonly [K in keyof R]: R[K] extends Row<infer T> ? T : never };

/** A group of options with its defaults filled in. */
export type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

export function booleanRow<T extends boolean | undefined>(fallback: T): Row<boolean | T> {
  return { fallback, must: 'be true or false', allows: (value) => typeof value === 'boolean' };
}

/** A number of things, bytes or seconds. */
export function countRow(fallback: number): Row<number> {
  return {
    fallback,
    must: 'be a whole number above 0',
    allows: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  };
}

export function textRow<T extends string | undefined>(fallback: T): Row<string | T> {
  return {
    fallback,
    must: 'be a text that is not empty',
    allows: (value) => typeof value === 'string' && value !== '',
  };
}

/** A group of options, or `false` to turn off what they are about. */
export function groupRow<T extends object>(): Row<T | Record<string, never> | false> {
  return { fallback: {}, must: 'be an object or false', allows: (value) => value === false || isRecord(value) };
}

/**
 * Checks a group of options and fills in what is not given; what was given is not changed.
 *
 * @param where - How the caller writes the group, such as `micropie: options.session`.
 * @throws TypeError that names the option that is unknown or wrong.
 */
export function settleRows<T extends object>(given: unknown, rows: Rows<T>, where: string): T {
  if (!isRecord(given)) throw new TypeError(`${where} must be an object`);
  for (const name of Object.keys(given))
    if (!Object.hasOwn(rows, name))
      throw new TypeError(`${where}.${name} is unknown; there are ${Object.keys(rows).join(', ')}`);
  const settled: Partial<T> = {};
  for (const name in rows) {
    const { fallback, must, allows } = rows[name];
    // JavaScript callers write `{ timeout: undefined }` for a default.
    const value: unknown = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value !== undefined && !allows(value)) throw new TypeError(`${where}.${name} must ${must}`);
    // The row's own check says that it is of the type.
    settled[name] = value === undefined ? fallback : (value as T[typeof name]);
  }
  return settled as T;
}
