import { Readable } from 'node:stream';
import type { Context } from '../context.js';

/**
 * Keeps a stream's error from ending the process until Koa pipes the stream, which comes later: after the hooks,
 * and after the session is stored. Koa gets to see the error nevertheless.
 */
export function holdErrors(body: unknown): void {
  if (body instanceof Readable) body.on('error', () => {});
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
