/** One option: what its value must be, and what stands for it where it is not given. */
export interface Row<T> {
  readonly fallback: T;
  /** Completes the sentence "options.name must ...". */
  readonly must: string;
  allows(value: unknown): boolean;
}

export type Rows<T> = { readonly [K in keyof T]-?: Row<T[K]> };

/**
 * Checks a group of options and fills in what is not given; what was given is not changed.
 *
 * @param where - How the caller writes the group, such as `micropie: options.session`.
 * @throws TypeError that names the option that is unknown or wrong.
 */
export function settleRows<T extends object>(given: object, rows: Rows<T>, where: string): T {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(rows, name))
      throw new TypeError(`${where}.${name} is unknown; there are ${Object.keys(rows).join(', ')}`);
  const settled: Partial<T> = {};
  for (const name in rows) {
    const { fallback, must, allows } = rows[name];
    // JavaScript callers write `{ timeout: undefined }` for a default.
    const value: unknown = Object.hasOwn(given, name) ? Reflect.get(given, name) : undefined;
    if (value !== undefined && !allows(value)) throw new TypeError(`${where}.${name} must ${must}`);
    settled[name] = value === undefined ? fallback : (value as T[typeof name]);
  }
  return settled as T;
}
