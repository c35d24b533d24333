import { Readable } from 'node:stream';
import type { Context } from '../context.js';
import { filterErrors, isClosed, isSent, resetIfUnframed, whenClosed } from '../koa-compat.js';
import { report } from '../thrown.js';
import { closeIterator, hasMethod, isStreamable } from './iterators.js';

// A body's lifetime: whatever a handler or a hook makes that is more than data is owned from then on. Its errors are
// held, and when the response is over, sent or not, it is closed unless something else has taken it over.

const BODIES = Symbol('bodies');

/** Owns a body: from now on its errors can't end the process, and it is closed when the response is over at the latest. */
export function own(body: unknown, ctx: Context): void {
  if (needsClosing(body)) bodiesOf(ctx).own(body);
}

/** Leaves the closing of a body to what is made of it. */
export function release(body: unknown, ctx: Context): void {
  bodiesOf(ctx).release(body);
}

/** Closes a body that is not sent after all: a generator's `finally` runs, a stream's resources are freed. */
export function close(body: unknown, ctx: Context): void {
  if (needsClosing(body)) bodiesOf(ctx).close(body);
}

/** Resolves when the response is over; of each response it is one promise, since Node warns of many listeners. */
export function untilClosed(ctx: Context): Promise<undefined> {
  return bodiesOf(ctx).closed;
}

/** Watches the stream that is sent: whether it breaks while its client is still there. */
export function watch(stream: Readable, ctx: Context): void {
  bodiesOf(ctx).watch(stream);
}

/** Also streams of packages that bring a class of their own; not data of a client with members of these names. */
export function isNodeStream(body: unknown): body is Readable {
  if (body instanceof Readable) return true;
  if (typeof body !== 'object' || body === null) return false;
  return hasMethod(body, 'pipe') && hasMethod(body, 'on') && hasMethod(body, 'destroy');
}

function needsClosing(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return isStreamable(body) || isNodeStream(body) || body instanceof ReadableStream || body instanceof Response;
}

function bodiesOf(ctx: Context): Bodies {
  // On the context, since a WeakMap would keep each request until the next full garbage collection.
  const known: Bodies | undefined = ctx[BODIES];
  if (known) return known;
  const bodies = new Bodies(ctx);
  ctx[BODIES] = bodies;
  return bodies;
}

const DISCONNECTED = new Set<unknown>(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);

/** The bodies of one request, and what the app is to hear of their failures. */
class Bodies {
  readonly closed: Promise<undefined>;
  readonly #ctx: Context;
  readonly #owned = new Set<unknown>();
  readonly #told = new Set<unknown>();
  #isBroken = false;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    filterErrors(ctx, (error, thrown) => this.#isNews(error, thrown));
    this.closed = new Promise((resolve) => whenClosed(ctx.res, () => resolve(this.#closeAll())));
  }

  own(body: unknown): void {
    if (this.#owned.has(body)) return;
    // Koa, which pipes it later, gets to see the error nevertheless.
    if (isNodeStream(body)) body.on('error', () => {});
    this.#owned.add(body);
    if (isClosed(this.#ctx.res)) this.close(body);
  }

  #closeAll(): undefined {
    for (const body of this.#owned)
      try {
        this.close(body);
      } catch (error) {
        report(error, this.#ctx);
      }
  }

  release(body: unknown): void {
    this.#owned.delete(body);
  }

  close(body: unknown): void {
    this.release(body);
    if (isStreamable(body)) closeIterator(body, this.#ctx);
    else if (isNodeStream(body)) body.destroy();
    else if (body instanceof Response) this.close(body.body);
    else if (body instanceof ReadableStream && !body.locked) body.cancel().catch((error) => report(error, this.#ctx));
  }

  watch(stream: Readable): void {
    this.own(stream);
    const note = () => this.#noteEnd(stream);
    stream.on('error', note).on('close', note);
  }

  #noteEnd(stream: Readable): void {
    const { req, res } = this.#ctx;
    if (stream.readableEnded || isClosed(res) || req.socket?.destroyed) return;
    this.#isBroken = true;
    resetIfUnframed(res);
  }

  /**
   * Koa tells the app of a failed response twice, and also when it is the client that left, which is no fault of the
   * app. The error's code alone does not tell: a stream that the app reads from elsewhere breaks with the same.
   */
  #isNews(error: Error, thrown: unknown): boolean {
    const isDisconnect = DISCONNECTED.has(Reflect.get(error, 'code')) && !isSent(this.#ctx.res) && !this.#isBroken;
    if (isDisconnect || this.#told.has(thrown)) return false;
    this.#told.add(thrown);
    return true;
  }
}
