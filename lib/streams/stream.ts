import { Readable } from 'node:stream';
import type { Context } from '../context.js';
import { report, toError } from '../errors.js';
import { type AnyIterator, close, IteratorStream } from './iterator-stream.js';
import { whenClosed } from './lifetime.js';
import { endWithService } from './sse.js';
import { holdErrors, tameErrors } from './stream-errors.js';

export type Streamable = AnyIterator | AsyncIterable<unknown>;

/** Whether a handler returned something to stream that Koa does not know as a stream. */
export function isStreamable(value: unknown): value is Streamable {
  if (typeof value !== 'object' || value === null) return false;
  // Nearly all data is told apart here, without asking for its members.
  if (!(Symbol.asyncIterator in value || Symbol.iterator in value)) return false;
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
  endWithService(iterator, ctx);
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

/** Ends what is not sent after all: a generator's `finally` runs, a stream's resources are freed. */
export function discard(body: unknown, ctx: Context): void {
  if (isStreamable(body)) close(toIterator(body), ctx);
  else if (body instanceof Readable) body.destroy();
  else if (body instanceof ReadableStream && !body.locked) body.cancel().catch((error) => report(error, ctx));
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
