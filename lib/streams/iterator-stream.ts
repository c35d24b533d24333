import { AsyncResource } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { setImmediate as nextRound } from 'node:timers/promises';
import type { Context } from '../context.js';
import { toError } from '../thrown.js';
import { type AnyIterator, closeIterator } from './iterators.js';

type Result = IteratorResult<unknown, unknown>;

// In milliseconds. How long a generator that never waits may keep the event loop to itself.
const SLICE = 3;

/** A stream of what an iterator gives, in the context in which the stream is made. */
export class IteratorStream extends Readable {
  readonly #iterator: AnyIterator;
  readonly #ctx: Context;
  // Node asks for chunks in a context of its own; the generator is to see the one of its request.
  readonly #context = new AsyncResource('IteratorStream');
  #isFilling = false;
  #isOver = false;

  constructor(iterator: AnyIterator, ctx: Context) {
    super();
    this.#iterator = iterator;
    this.#ctx = ctx;
  }

  override _read(): void {
    if (this.#isFilling) return;
    this.#isFilling = true;
    // Not at once: a client that takes all chunks as they come would let the event loop never go on.
    this.#context.runInAsyncScope(() => setImmediate(() => this.#fill()));
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

  /** Fills the buffer, without a promise as far as the iterator gives none. */
  async #fill(): Promise<void> {
    try {
      let end = performance.now() + SLICE;
      for (let hasRoom = true; hasRoom && !this.destroyed; ) {
        if (performance.now() > end) {
          await nextRound();
          end = performance.now() + SLICE;
          continue;
        }
        const next = this.#iterator.next();
        hasRoom = this.accept('then' in next ? await next : next);
      }
      this.#isFilling = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#isFilling = false;
    this.#isOver = true;
    this.destroy(toError(error));
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#isOver) this.#context.runInAsyncScope(() => closeIterator(this.#iterator, this.#ctx));
    callback(error);
  }
}
