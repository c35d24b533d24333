import type { ServerResponse } from 'node:http';

/** Runs a function once the response is over, sent or not; at once where it is already. */
export function whenClosed(res: ServerResponse, run: () => void): void {
  if (res.closed) run();
  else res.once('close', run);
}

/** A signal that aborts when the client leaves before the response is whole. */
export function signalOf(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  // The request's own 'close' has fired long before: when its body was read.
  whenClosed(res, () => {
    if (!res.writableFinished) controller.abort(new DOMException('The client has left', 'AbortError'));
  });
  return controller.signal;
}
