/** Values on their way to whoever iterates over them, first in, first out. */
export class Inbox<T> {
  readonly #values: T[] = [];
  readonly #takers: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #isOver = false;

  /** How many values wait. */
  get length(): number {
    return this.#values.length;
  }

  /** @returns Whether the value has to wait. */
  put(value: T): boolean {
    if (this.#isOver) return false;
    const take = this.#takers.shift();
    if (!take) this.#values.push(value);
    else take({ done: false, value });
    return take === undefined;
  }

  /** The value that waits longest, if any. */
  take(): T | undefined {
    return this.#values.shift();
  }

  /** The value that comes next. */
  next(): Promise<IteratorResult<T, undefined>> {
    const value = this.take();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Nothing comes any more; what waits can still be taken. */
  end(): void {
    this.#isOver = true;
    for (const take of this.#takers.splice(0)) take({ done: true, value: undefined });
  }

  /** Ends it and drops what waits. */
  clear(): void {
    this.end();
    this.#values.length = 0;
  }
}
