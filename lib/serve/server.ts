import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import { createServer } from '../node-http.js';
import type { ServeSettings } from './options.js';

/** A server of `node:http`, `node:https` or `node:http2`. */
export type HttpServer = Server | HttpsServer | Http2Server | Http2SecureServer;

/** A Koa app. */
export interface App {
  callback(): RequestListener;
}

/**
 * Makes a server of an app or a listener; a server is taken as it is.
 *
 * @throws TypeError for anything else; it says what was likely meant.
 */
export function toServer(target: unknown): HttpServer {
  if (isHttpServer(target)) return target;
  if (isApp(target)) return createServer(target.callback());
  if (isListener(target)) return createServer(target);
  throw new TypeError(`serve: ${wrong(target)}`);
}

/** A server without a listener of requests would let every client wait for ever. */
function isHttpServer(target: unknown): target is HttpServer {
  return target instanceof NetServer && target.listenerCount('request') > 0;
}

function isApp(target: unknown): target is App {
  return typeof target === 'object' && target !== null && typeof Reflect.get(target, 'callback') === 'function';
}

function isListener(target: unknown): target is RequestListener {
  return typeof target === 'function' && !isClass(target) && !isMiddleware(target);
}

function isClass(target: unknown): boolean {
  return typeof target === 'function' && Object.getOwnPropertyDescriptor(target, 'prototype')?.writable === false;
}

/** What `micropie` makes is a function as well. */
function isMiddleware(target: object): boolean {
  return 'middlewares' in target && 'routes' in target;
}

function wrong(target: unknown): string {
  if (target instanceof NetServer)
    return "the server has no 'request' listener; make it with createServer(app.callback()) of node:http";
  if (isClass(target) || (typeof target === 'function' && isMiddleware(target)))
    return 'a controller is served by a Koa app: app.use(micropie(Root)), then serve(app)';
  return 'its first argument must be a Koa app, a request listener, or a server of node:http, node:https or node:http2';
}

/**
 * Has a server listen, unless it does already.
 *
 * @throws Error that says why it can't, and what to do.
 */
export async function listen(server: NetServer, { port, host }: ServeSettings): Promise<void> {
  if (server.listening) return;
  server.listen(host === undefined ? { port } : { port, host });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw explained(error, port, host ?? 'all addresses');
  }
}

function explained(cause: unknown, port: number, host: string): unknown {
  const code: unknown = cause instanceof Error && Reflect.get(cause, 'code');
  const text = explain(code, port, host);
  return text ? Object.assign(new Error(`serve: ${text} (${code})`, { cause }), { code }) : cause;
}

function explain(code: unknown, port: number, host: string): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is taken: end the process that listens there, or choose another options.port`;
    case 'EACCES':
      return `this process has no right to listen on port ${port} of ${host}: choose an options.port above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `options.host '${host}' is no address of this machine: choose one of its own, or none for all of them`;
    default:
      return undefined;
  }
}

/** Where a listening server can be found from its own machine. */
export function urlOf(server: NetServer): string {
  const address = server.address();
  // Only a server of TLS has it; node:tls itself would have to be loaded at every start.
  const scheme = 'setSecureContext' in server ? 'https' : 'http';
  // nginx writes sockets of the file system in this way.
  if (typeof address === 'string') return `${scheme}://unix:${address}`;
  const { address: host, port } = address ?? { address: '::', port: 0 };
  if (host === '::' || host === '0.0.0.0') return `${scheme}://localhost:${port}`;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
