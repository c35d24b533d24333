import type { Context } from '../context.js';
import { report } from '../thrown.js';

export type AnyIterator = Iterator<unknown, unknown> | AsyncIterator<unknown, unknown>;
export type Streamable = AnyIterator | AsyncIterable<unknown>;

/** Whether a handler returned something to stream that Koa does not know as a stream. */
export function isStreamable(value: unknown): value is Streamable {
  if (typeof value !== 'object' || value === null) return false;
  // Nearly all data is told apart here, without asking for its members.
  if (!(Symbol.asyncIterator in value || Symbol.iterator in value)) return false;
  if (value instanceof ReadableStream || hasMethod(value, 'pipe')) return false;
  return hasMethod(value, Symbol.asyncIterator) || (hasMethod(value, Symbol.iterator) && hasMethod(value, 'next'));
}

export function toIterator(source: Streamable): AnyIterator {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source;
}

/** Ends an iterator. A generator that is parked in an `await` ends when that settles; nobody waits for it. */
export async function closeIterator(source: Streamable, ctx: Context): Promise<void> {
  try {
    await toIterator(source).return?.();
  } catch (error) {
    report(error, ctx);
  }
}

export function hasMethod(value: object, name: string | symbol): boolean {
  return typeof Reflect.get(value, name) === 'function';
}
