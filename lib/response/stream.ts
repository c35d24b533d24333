import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { report, toError } from '../errors.js';
import type { Context } from '../request.js';
import { whenClosed } from './closed.js';

type AnyIterator = Iterator<unknown, unknown> | AsyncIterator<unknown, unknown>;
export type Streamable = AnyIterator | AsyncIterable<unknown>;

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
 * @throws Whatever the generator throws before its first chunk, as an Error.
 */
export async function start(
  source: Streamable,
  ctx: Context,
): Promise<{ chunk: unknown; stream: Readable } | undefined> {
  tameErrors(ctx);
  const iterator = toIterator(source);
  const first = await Promise.race([firstOf(iterator), closed(ctx)]);
  if (!first) {
    close(iterator, ctx);
    return undefined;
  }
  const stream = new IteratorStream(iterator, ctx);
  holdErrors(stream);
  stream.accept(first);
  if (stream.errored) throw stream.errored;
  return { chunk: first.done ? '' : first.value, stream };
}

async function firstOf(iterator: AnyIterator): Promise<IteratorResult<unknown, unknown>> {
  try {
    return await iterator.next();
  } catch (error) {
    throw toError(error);
  }
}

/**
 * Makes Node streams of web streams, and byte streams of streams of objects: Node would end the process over
 * a chunk that is neither text nor bytes. All else stays what it is.
 */
export function toNodeStream(body: unknown, ctx: Context): unknown {
  if (body instanceof ReadableStream) return new IteratorStream(readerOf(body), ctx);
  if (body instanceof Readable && body.readableObjectMode) return new IteratorStream(objectsOf(body), ctx);
  return body;
}

/** Unlike the stream's own iterator, it can be ended while it waits for a chunk. */
function readerOf(stream: ReadableStream<unknown>): AnyIterator {
  const reader = stream.getReader();
  return {
    async next() {
      const { done, value } = await reader.read();
      return { done, value };
    },
    async return() {
      await reader.cancel();
      return OVER;
    },
  };
}

function objectsOf(stream: Readable): AnyIterator {
  const iterator: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    async return() {
      stream.destroy();
      return OVER;
    },
  };
}

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Keeps a stream's error from ending the process until Koa pipes the stream, which comes later: after the hooks,
 * and after the session is stored. Koa gets to see the error nevertheless.
 */
export function holdErrors(body: unknown): void {
  if (body instanceof Readable) body.on('error', () => {});
}

/** Ends what is not sent after all: a generator's `finally` runs, a stream's resources are freed. */
export function discard(body: unknown, ctx: Context): void {
  if (isStreamable(body)) close(toIterator(body), ctx);
  else if (body instanceof Readable) body.destroy();
  else if (body instanceof ReadableStream && !body.locked) body.cancel().catch((error) => report(error, ctx));
}

/**
 * Lets the app hear once of a response that fails: Koa would tell it twice, and also when it is the client that
 * left, which is no fault of the app.
 */
export function tameErrors(ctx: Context): void {
  const { onerror } = ctx;
  const told = new Set<unknown>();
  ctx.onerror = (error) => {
    if (told.has(error) || isDisconnect(error, ctx)) return;
    told.add(error);
    onerror.call(ctx, error);
  };
}

const DISCONNECTED = new Set<unknown>(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);
const failed = new WeakSet<object>();

/** The codes alone do not tell: a stream that the app reads from elsewhere breaks with the same. */
function isDisconnect(error: Error, { body, res }: Context): boolean {
  const code: unknown = error && Reflect.get(error, 'code');
  return DISCONNECTED.has(code) && !res.writableFinished && !(body instanceof Readable && failed.has(body));
}

/** Notes that a stream breaks while the client is still there. */
export function watch(stream: Readable, { req, res }: Context): void {
  const note = () => {
    if (!stream.readableEnded && !res.destroyed && !req.socket.destroyed) failed.add(stream);
  };
  stream.once('error', note).once('close', note);
}

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

class IteratorStream extends Readable {
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
    this.#inContext(() => this.#fill());
  }

  /** @returns Whether there is room for more. */
  accept({ done, value }: IteratorResult<unknown, unknown>): boolean {
    if (done) this.#isOver = true;
    if (this.destroyed) return false;
    if (done) return this.push(null);
    if (typeof value === 'string') return this.push(value);
    if (ArrayBuffer.isView(value)) return this.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    this.destroy(new TypeError(`A stream takes strings and bytes; its generator yielded ${typeof value}`));
    return false;
  }

  async #fill(): Promise<void> {
    try {
      for (let hasRoom = true; hasRoom; ) {
        // A generator that never waits for anything would let nobody else have a turn.
        if (isTurnOver()) await nextTurn();
        if (this.destroyed) return;
        const result = this.#iterator.next();
        hasRoom = this.accept('then' in result ? await result : result);
      }
    } catch (error) {
      this.#isOver = true;
      this.destroy(toError(error));
    } finally {
      this.#isReading = false;
    }
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#isOver) this.#inContext(() => close(this.#iterator, this.#ctx));
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
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source;
}

function closed({ res }: Context): Promise<undefined> {
  return new Promise((resolve) => whenClosed(res, () => resolve(undefined)));
}

function hasMethod(value: object, name: string | symbol): boolean {
  return typeof Reflect.get(value, name) === 'function';
}
