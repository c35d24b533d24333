/**
 * A list that values enter at its end and leave at its beginning. An array's own `shift` moves all that follow once
 * there are some 50,000, so that a subscriber far behind would hold up the process.
 */
export class Queue<T> {
  readonly #values: T[] = [];
  // The place of the first that is still there.
  #first = 0;

  get length(): number {
    return this.#values.length - this.#first;
  }

  push(value: T): void {
    this.#values.push(value);
  }

  /** Takes the first value off; undefined where there is none. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const value = this.#values[this.#first];
    this.#first += 1;
    // What is moved is never more than what was taken.
    if (this.#first >= this.length) this.#compact();
    return value;
  }

  /** All values, the first in front. */
  toArray(): T[] {
    return this.#values.slice(this.#first);
  }

  clear(): void {
    this.#values.length = 0;
    this.#first = 0;
  }

  #compact(): void {
    this.#values.splice(0, this.#first);
    this.#first = 0;
  }
}
