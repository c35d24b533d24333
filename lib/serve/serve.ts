import type { RequestListener, Server } from 'node:http';
import { Lifecycle } from './lifecycle.js';
import { type ServeOptions, settle } from './options.js';
import { type App, type HttpServer, toServer, urlOf } from './server.js';

/** What `serve` gives. */
export interface Serving<S extends HttpServer = Server> {
  /** The server that listens. */
  readonly server: S;
  /** Where it is found from its own machine, such as `http://localhost:3000`. */
  readonly url: string;
  /** Aborts when `close()` is called or a signal comes: a health route so sends load balancers elsewhere. */
  readonly signal: AbortSignal;
  /**
   * Ends the service without losing a request: answers that have not begun are the last of their connections,
   * `sse` streams end, others go on until `deadline`; then the shutdown handlers run. Called again, it gives the
   * same promise.
   *
   * @throws What failed in the shutdown handlers; an AggregateError where several did.
   */
  close(): Promise<void>;
}

/**
 * Has an app listen when its start-up handlers have run, and closes it without losing a request.
 *
 * @param target - A Koa app, a request listener, or a server of `node:http`, `node:https` or `node:http2`, which
 * may listen already.
 * @param options - See `ServeOptions`; times are in milliseconds.
 * @throws TypeError for a wrong target or option; what a start-up handler throws; an Error where it can't listen.
 *
 * @example
 * const { url } = await serve(app, { port: 3000, signals: ['SIGTERM'] });
 * console.log(`Open ${url}`);
 */
export function serve(target: App | RequestListener, options?: ServeOptions): Promise<Serving>;
export function serve<S extends HttpServer>(server: S, options?: ServeOptions): Promise<Serving<S>>;
export async function serve(target: unknown, options: ServeOptions = {}): Promise<Serving<HttpServer>> {
  const settings = settle(options);
  const server = toServer(target);
  const service = new Lifecycle(server, settings);
  const { signal } = service;
  await service.start();
  // A signal came meanwhile: the process ends when all is closed, and what follows the start shall not run.
  if (signal.aborted) await new Promise(() => {});
  return { server, url: urlOf(server), signal, close: () => service.close() };
}
