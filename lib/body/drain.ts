import type { IncomingMessage } from 'node:http';
import type { Context } from '../context.js';
import { beforeBodyIsDropped } from '../koa-compat.js';

const MAX_BYTES = 16 * 1024 * 1024;
// In milliseconds. What ends the connection takes away an answer that the client has not read by then.
const GRACE = 500;

/** RFC 9112, section 6: either header announces it. Whether it is complete shows only after the request's first turn. */
export function hasContent({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/**
 * Lets a client finish sending what nobody reads any more, so that it gets to see the answer and can use the
 * connection again; one that sends very much more is cut off.
 */
export function drain({ req, res }: Context): void {
  if (req.complete || req.destroyed || !hasContent(req)) return;
  beforeBodyIsDropped(res, () => {
    let bytes = 0;
    // A parser that gave up would still hold the request back.
    req.unpipe();
    req.read();
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BYTES) return;
      req.pause();
      setTimeout(() => req.destroy(), GRACE).unref();
    });
    req.resume();
  });
}
