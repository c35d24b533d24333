import { HttpMiddleware, runAfter, runBefore, runBeforeCall, runOnError } from '../hooks.js';
import type { Request } from '../request.js';
import { type HeaderPairs, Reply, reply } from '../response/reply.js';

// A mount's hooks in two parts. Each is one hook that asks the mount's list, to which users may push at any time.

/** What runs once for a POST, in front of all that it asks for. */
export class PostHooks extends HttpMiddleware {
  readonly #hooks: readonly HttpMiddleware[];

  constructor(hooks: readonly HttpMiddleware[]) {
    super();
    this.#hooks = hooks;
  }

  override beforeRequest(request: Request) {
    return runBefore(this.#hooks, request);
  }

  override onError(request: Request, error: Error) {
    return runOnError(this.#hooks, request, error);
  }
}

/** What runs for each call of a tool. */
export class CallHooks extends HttpMiddleware {
  readonly #hooks: readonly HttpMiddleware[];

  constructor(hooks: readonly HttpMiddleware[]) {
    super();
    this.#hooks = hooks;
  }

  override beforeCall(request: Request, args: Readonly<Record<string, unknown>>) {
    return runBeforeCall(this.#hooks, request, () => args);
  }

  override afterRequest(request: Request, statusCode: number, responseBody: unknown, extraHeaders: HeaderPairs) {
    return runAfter(this.#hooks, request, new Reply(statusCode, responseBody, extraHeaders));
  }

  override onError(request: Request, error: Error) {
    return runOnError(this.#hooks, request, error);
  }
}

/** Clients of the older revisions begin with a GET, and take a 405 for an answer: the app need not hear of it. */
export const METHOD_HOOK: HttpMiddleware = {
  onError(_request, error) {
    if (Reflect.get(error, 'status') !== 405) return undefined;
    return reply(405, 'Method Not Allowed', { Allow: 'POST, OPTIONS' });
  },
};
