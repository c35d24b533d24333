import { AsyncLocalStorage } from 'node:async_hooks';
import type { DefaultState } from 'koa';
import type { Request } from '../request.js';
import type { SessionData } from '../sessions/backend.js';

const storage = new AsyncLocalStorage<object>();

/**
 * Gives the request that is being handled, from any function that a `Controller`'s handler or hook calls.
 *
 * @typeParam Session - What the session holds.
 * @typeParam State - What `ctx.state` holds.
 * @returns The current request.
 * @throws Error outside of a request, and below a controller that does not extend `Controller`.
 *
 * @example
 * const log = (text: string) => console.log(currentRequest().ctx.ip, text);
 */
export function currentRequest<Session extends object = SessionData, State extends object = DefaultState>(): Request<
  Session,
  State
> {
  const request = storage.getStore();
  // The caller alone knows what the sessions of its app hold, and what its hooks hand over.
  if (request) return request as Request<Session, State>;
  throw new Error(
    'There is no current request here: call this while a request is handled by a class that extends Controller, or pass the request on as an argument',
  );
}

/** Runs a function, and all that it starts, with a current request. */
export function withRequest<T>(request: object, run: () => T): T {
  return storage.run(request, run);
}
