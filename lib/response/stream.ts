import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { report, toError } from '../errors.js';
import type { Context } from '../request.js';
import { whenClosed } from './closed.js';

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;
type Streamable = AnyIterator | AsyncIterable<unknown>;

/** Whether a handler returned something to stream that Koa does not know as a stream. */
export function isStreamable(value: unknown): value is Streamable {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof ReadableStream || hasMethod(value, 'pipe')) return false;
  return hasMethod(value, Symbol.asyncIterator) || (hasMethod(value, Symbol.iterator) && hasMethod(value, 'next'));
}

/**
 * Starts a generator, so that what it throws before its first chunk is an ordinary error, and makes a Node
 * stream of it.
 *
 * @returns The first chunk and the stream, which begins with it; nothing when the client left before.
 * @throws Whatever the generator throws before its first chunk.
 */
export async function start(
  source: Streamable,
  ctx: Context,
): Promise<{ chunk: unknown; stream: Readable } | undefined> {
  const iterator = toIterator(source);
  const first = await Promise.race([iterator.next(), closed(ctx)]);
  if (!first) {
    close(iterator, ctx);
    return undefined;
  }
  const stream = new IteratorStream(iterator, ctx);
  stream.accept(first);
  if (stream.errored) throw stream.errored;
  return { chunk: first.done ? '' : first.value, stream };
}

/** Ends what is not sent after all: a generator's `finally` runs, a stream's resources are freed. */
export function discard(body: unknown, ctx: Context): void {
  if (isStreamable(body)) close(toIterator(body), ctx);
  else if (body instanceof Readable) body.destroy();
  else if (body instanceof ReadableStream && !body.locked) body.cancel().catch(() => {});
}

/** Koa reports it as an error when the client leaves during a stream; that is no fault of the app. */
export function ignoreDisconnect(ctx: Context): void {
  const { onerror } = ctx;
  ctx.onerror = (error) => {
    const code: unknown = error && Reflect.get(error, 'code');
    if (!(DISCONNECTED.has(code) && !ctx.res.writableFinished && hasLeft(ctx))) onerror.call(ctx, error);
  };
}

const DISCONNECTED = new Set<unknown>(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);

class IteratorStream extends Readable {
  readonly #iterator: AnyIterator;
  readonly #ctx: Context;
  // Node asks for chunks in a context of its own; the generator is to see the one of its request.
  readonly #inContext = AsyncLocalStorage.snapshot();

  constructor(iterator: AnyIterator, ctx: Context) {
    super();
    this.#iterator = iterator;
    this.#ctx = ctx;
  }

  override async _read(): Promise<void> {
    try {
      this.accept(await this.#inContext(() => this.#iterator.next()));
    } catch (error) {
      this.destroy(toError(error));
    }
  }

  accept({ done, value }: IteratorResult<unknown>): void {
    if (this.destroyed) return;
    if (done) this.push(null);
    else if (typeof value === 'string') this.push(value);
    else if (ArrayBuffer.isView(value)) this.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    else this.destroy(new TypeError(`A stream takes strings and bytes; its generator yielded ${typeof value}`));
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#inContext(() => close(this.#iterator, this.#ctx));
    callback(error);
  }
}

/** A generator that is parked in an `await` ends when that settles; nobody waits for it. */
async function close(iterator: AnyIterator, ctx: Context): Promise<void> {
  try {
    await iterator.return?.();
  } catch (error) {
    report(error, ctx);
  }
}

function toIterator(source: Streamable): AnyIterator {
  if ('next' in source) return source;
  return source[Symbol.asyncIterator]();
}

function closed({ res }: Context): Promise<undefined> {
  return new Promise((resolve) => whenClosed(res, () => resolve(undefined)));
}

/** Whether it was the client that ended the response: a failure on this side leaves its mark on it. */
function hasLeft({ res }: Context): boolean {
  return res.destroyed && res.errored === null;
}

function hasMethod(value: object, name: string | symbol): boolean {
  return typeof Reflect.get(value, name) === 'function';
}
