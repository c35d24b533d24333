import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from '../context.js';
import { report, toError } from '../errors.js';

type Result = IteratorResult<unknown, unknown>;
export type AnyIterator = Iterator<unknown, unknown> | AsyncIterator<unknown, unknown>;

// How long streams may go on, in milliseconds, before the server sees to everything else.
const TURN = 5;

// When streams began with the present turn of the event loop; 0 where none has yet.
let turnBegan = 0;

function isTurnOver(): boolean {
  if (turnBegan > 0) return performance.now() - turnBegan > TURN;
  turnBegan = performance.now();
  setImmediate(() => {
    turnBegan = 0;
  });
  return false;
}

// Where the iterator was not asked yet.
const NOTHING: Result = { value: undefined };

/** A stream of what an iterator gives, in the context in which the stream is made. */
export class IteratorStream extends Readable {
  readonly #iterator: AnyIterator;
  readonly #ctx: Context;
  // Node asks for chunks in a context of its own; the generator is to see the one of its request.
  readonly #inContext = AsyncLocalStorage.snapshot();
  #isReading = false;
  #isOver = false;

  constructor(iterator: AnyIterator, ctx: Context) {
    super();
    this.#iterator = iterator;
    this.#ctx = ctx;
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#inContext(() => this.#fill(NOTHING, 0));
  }

  /** @returns Whether there is room for more. */
  accept({ done, value }: Result): boolean {
    if (done) this.#isOver = true;
    if (this.destroyed) return false;
    if (done) return this.push(null);
    if (typeof value === 'string') return this.push(value);
    if (ArrayBuffer.isView(value)) return this.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    this.destroy(new TypeError(`A stream takes strings and bytes; its generator yielded ${typeof value}`));
    return false;
  }

  /**
   * Fills the buffer, at once as far as there is no promise to wait for.
   *
   * @param until - Until when it need not care whose turn it is.
   */
  #fill(result: Result, until: number): void {
    try {
      let hasRoom = result === NOTHING ? !this.destroyed : this.accept(result);
      let event: Promise<Result> | undefined;
      while (hasRoom && !event) {
        // A generator that never waits for anything would let nobody else have a turn.
        const mustWait = performance.now() > until && isTurnOver();
        const next = mustWait ? nextTurn(NOTHING) : this.#iterator.next();
        if ('then' in next) event = next;
        else hasRoom = this.accept(next);
      }
      if (event) this.#fillAfter(event, until);
      else this.#isReading = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  /** After a turn it may fill its buffer, or else many streams would get on by one chunk each. */
  #fillAfter(event: Promise<Result>, until: number): void {
    event.then(
      (result) => this.#fill(result, result === NOTHING ? performance.now() + TURN : until),
      (error) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.#isReading = false;
    this.#isOver = true;
    this.destroy(toError(error));
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#isOver) this.#inContext(() => close(this.#iterator, this.#ctx));
    callback(error);
  }
}

/** A generator that is parked in an `await` ends when that settles; nobody waits for it. */
export async function close(iterator: AnyIterator, ctx: Context): Promise<void> {
  try {
    await iterator.return?.();
  } catch (error) {
    report(error, ctx);
  }
}
