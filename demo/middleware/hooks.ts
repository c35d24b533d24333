import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpError } from 'http-errors';
import { type HeaderPairs, HttpMiddleware, type Request, reply } from '../../lib/index.js';

/** Writes a line for every answer of a method and every error. */
export class Logging extends HttpMiddleware {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    super();
    this.#write = write;
  }

  override afterRequest({ method, ctx }: Request, statusCode: number) {
    this.#write(`${method} ${ctx.path} ${statusCode}`);
  }

  /** Returns nothing, so that the next hook gets the error. */
  override onError({ method, ctx }: Request, error: Error) {
    this.#write(`${method} ${ctx.path} failed: ${error.message}`);
  }
}

/** Tells the client how long the handler took. */
export class Timing extends HttpMiddleware {
  readonly #started = new WeakMap<Request, number>();

  override beforeRequest(request: Request) {
    this.#started.set(request, performance.now());
  }

  override afterRequest(request: Request, _status: number, _body: unknown, extraHeaders: HeaderPairs) {
    const took = performance.now() - (this.#started.get(request) ?? 0);
    extraHeaders.push(['Server-Timing', `handler;dur=${took.toFixed(1)}`]);
  }
}

/** Lets nobody without the password reach the routes named. An answer from a before hook is the answer. */
export class AccessCheck extends HttpMiddleware {
  readonly #routes: readonly string[];
  readonly #expected: Buffer;

  constructor(routes: readonly string[], user: string, password: string) {
    super();
    this.#routes = routes;
    this.#expected = digest(`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  }

  override beforeRequest({ route, headers }: Request) {
    if (!route || !this.#routes.includes(route.name)) return undefined;
    // Digests are of equal length, so that the time of the comparison tells nothing.
    if (timingSafeEqual(digest(headers.authorization ?? ''), this.#expected)) return undefined;
    return reply(401, { error: 'Who are you?' }, { 'WWW-Authenticate': 'Basic realm="demo"' });
  }
}

/** Answers errors with JSON. */
export class JsonErrors extends HttpMiddleware {
  override onError({ ctx }: Request, error: Partial<HttpError>) {
    const { status = 500, expose, message, headers } = error;
    // What is answered here does not reach Koa: tell the app of it, or nobody will ever know.
    if (status >= 500) ctx.app.emit('error', error, ctx);
    return reply(status, { error: expose ? message : 'Something went wrong' }, headers);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
