/** True for the same type only: assignability both ways, or `any`, is not enough. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles for `true` only. */
export type Assert<T extends true> = T;

/** Compiles where the value has exactly the type. */
export function typed<Expected>() {
  return <Given>(_value: Given, ..._same: Equal<Given, Expected> extends true ? [] : [never]): void => {};
}
