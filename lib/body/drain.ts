import type { IncomingMessage } from 'node:http';
import type { Context } from '../context.js';
import { beforeBodyIsDropped } from '../koa-compat.js';
import { hasContent, http2StreamOf } from './content.js';

const MAX_BYTES = 16 * 1024 * 1024;
// In milliseconds. Ending the connection discards an answer that the client has not yet read.
const GRACE = 500;

/**
 * Lets a client finish sending what nobody reads any more, so that it sees the answer and can use the connection
 * again. A client that sends more than 16 MiB is cut off.
 */
export function drain({ req, res }: Context): void {
  if (req.complete || req.destroyed || !hasContent(req)) return;
  // A response of HTTP/2 finishes only when its stream has closed, for which the client would have to end its part first.
  beforeBodyIsDropped(http2StreamOf(req) ?? res, () => {
    let bytes = 0;
    // A parser that gave up would still apply back-pressure.
    req.unpipe();
    req.read();
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BYTES) return;
      req.pause();
      setTimeout(() => cutOff(req), GRACE).unref();
    });
    req.resume();
  });
}

/** HTTP/2 ends the stream alone, since other requests share the connection. */
function cutOff(req: IncomingMessage): void {
  const stream = http2StreamOf(req);
  if (stream) stream.close();
  else req.destroy();
}
