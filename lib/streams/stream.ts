import type { Readable } from 'node:stream';
import type { Context } from '../context.js';
import { toError } from '../thrown.js';
import { IteratorStream } from './iterator-stream.js';
import { type AnyIterator, closeIterator, type Streamable, toIterator } from './iterators.js';
import { isNodeStream, own, release, untilClosed } from './lifetime.js';
import { endWithService } from './sse.js';

/**
 * Starts a generator, so that what it throws before its first chunk is an ordinary error, and makes a Node
 * stream of it.
 *
 * @returns The first chunk and the stream, which begins with it; nothing when the client left before.
 * @throws Whatever the generator throws before its first chunk, as an Error.
 */
export async function startGenerator(
  source: Streamable,
  ctx: Context,
): Promise<{ chunk: unknown; stream: Readable } | undefined> {
  release(source, ctx);
  const iterator = toIterator(source);
  endWithService(iterator, ctx);
  const first = await Promise.race([firstOf(iterator), untilClosed(ctx)]);
  if (!first) {
    closeIterator(iterator, ctx);
    return undefined;
  }
  const stream = ownStreamOf(iterator, ctx);
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
  if (body instanceof ReadableStream) return ownStreamOf(readerOf(body), ctx);
  if (isNodeStream(body) && body.readableObjectMode) return ownStreamOf(objectsOf(body), ctx);
  return body;
}

function ownStreamOf(iterator: AnyIterator, ctx: Context): IteratorStream {
  const stream = new IteratorStream(iterator, ctx);
  own(stream, ctx);
  return stream;
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
