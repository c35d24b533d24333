import type { ServerResponse } from 'node:http';

// Events of a response. They go with it, so that nobody has to take listeners off a signal that lives as long as
// the service; and a response that is served in another way never has them.
const CLOSING = Symbol('closing');
const OVERDUE = Symbol('overdue');

const announced = { [CLOSING]: new WeakSet<ServerResponse>(), [OVERDUE]: new WeakSet<ServerResponse>() };

/** Whether the service that answers is closing. */
export function isClosing(res: ServerResponse): boolean {
  return announced[CLOSING].has(res);
}

/** Runs a function when the service that answers begins to close; at once where it has already. */
export function whenClosing(res: ServerResponse, run: () => void): void {
  listen(res, CLOSING, run);
}

/** Runs a function when the closing service waits no longer for this answer; at once where it does not already. */
export function whenOverdue(res: ServerResponse, run: () => void): void {
  listen(res, OVERDUE, run);
}

export function announceClosing(res: ServerResponse): void {
  announce(res, CLOSING);
}

export function announceOverdue(res: ServerResponse): void {
  announce(res, OVERDUE);
}

/** Why a signal aborts when it is the service that ends; a handler that fails with it answers 503. */
export function closingError(): DOMException {
  return Object.assign(new DOMException('The server is closing', 'AbortError'), { status: 503 });
}

function listen(res: ServerResponse, event: keyof typeof announced, run: () => void): void {
  if (announced[event].has(res)) run();
  else res.once(event, run);
}

function announce(res: ServerResponse, event: keyof typeof announced): void {
  if (announced[event].has(res)) return;
  announced[event].add(res);
  res.emit(event);
}
