import type { ServerResponse } from 'node:http';
import { isSent, whenClosed } from '../koa-compat.js';
import { closingError, whenOverdue } from '../serve/closing.js';

/**
 * A signal that aborts when the client leaves before the response is whole, or when the service closes and waits
 * no longer; the reason tells which.
 */
export function signalOf(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  whenOverdue(res, () => controller.abort(closingError()));
  // The request's own 'close' has fired long before: when its body was read.
  whenClosed(res, () => {
    if (!isSent(res)) controller.abort(new DOMException('The client has left', 'AbortError'));
  });
  return controller.signal;
}
