import { Queue } from './queue.js';

type Take<T> = (result: IteratorResult<T, undefined>) => void;

/** Values on their way to whoever iterates over them, first in, first out. */
export class Inbox<T> {
  readonly #values = new Queue<T>();
  // Hardly ever more than one waits; a list for it would be allocated anew each time.
  #take: Take<T> | undefined;
  #others: Take<T>[] | undefined;
  #isOver = false;

  /** How many values wait. */
  get length(): number {
    return this.#values.length;
  }

  /** @returns Whether the value has to wait. */
  put(value: T): boolean {
    const take = this.#take;
    if (take) {
      this.#take = this.#others?.shift();
      take({ done: false, value });
    } else if (!this.#isOver) this.#values.push(value);
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
    return new Promise((resolve) => this.#wait(resolve));
  }

  /** Nothing comes any more; what waits can still be taken. */
  end(): void {
    this.#isOver = true;
    for (const take of [this.#take, ...(this.#others ?? [])]) take?.({ done: true, value: undefined });
    this.#take = undefined;
    this.#others = undefined;
  }

  /** Ends it and drops what waits. */
  clear(): void {
    this.end();
    this.#values.clear();
  }

  #wait(take: Take<T>): void {
    if (!this.#take) this.#take = take;
    else this.#others = [...(this.#others ?? []), take];
  }
}
