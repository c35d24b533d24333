import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closingError, whenOverdue } from '../serve/closing.js';

/** Runs a function once the response is over, sent or not; at once where it is already. */
export function whenClosed(res: ServerResponse, run: () => void): void {
  if (res.closed || res.destroyed) run();
  else res.once('close', run);
}

/**
 * A signal that aborts when the client leaves before the response is whole, or when the service closes and waits
 * no longer; the reason tells which.
 */
export function signalOf(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  whenOverdue(res, () => controller.abort(closingError()));
  // The request's own 'close' has fired long before: when its body was read.
  whenClosed(res, () => {
    if (!res.writableFinished) controller.abort(new DOMException('The client has left', 'AbortError'));
  });
  return controller.signal;
}

const waiting = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * Closes a response that waits behind others on its connection when that breaks. Node closes only the first
 * of them: generators, files and handlers of the others would wait for ever.
 */
export function closeWithConnection(res: ServerResponse): void {
  const { socket } = res.req;
  if (res.socket || !socket) return;
  const queue = waiting.get(socket) ?? queueOf(socket);
  queue.add(res);
  res.once('finish', () => queue.delete(res));
  if (socket.destroyed) close(res);
}

function queueOf(socket: Socket): Set<ServerResponse> {
  const queue = new Set<ServerResponse>();
  waiting.set(socket, queue);
  socket.once('close', () => queue.forEach(close));
  return queue;
}

function close(res: ServerResponse): void {
  // One whose turn has come is Node's.
  if (res.socket || res.writableFinished) return;
  res.destroy();
  res.emit('close');
}
