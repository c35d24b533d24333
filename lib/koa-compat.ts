import type { IncomingMessage } from 'node:http';
import { type Server, Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Context } from './context.js';
import { ServerResponse } from './node-http.js';
import { toError } from './thrown.js';

// Everything that relies on what Koa and Node do without documenting it. Each function has a spec in
// spec/koa-compat.spec.ts that fails when an update of either changes it.

/**
 * The path of a request. Koa 3 reads it with `url.parse`, which throws for an address such as `http://[/`, and finds
 * none in `foo://`.
 */
export function pathOf({ request }: Context): string | undefined {
  try {
    return request.path ?? undefined;
  } catch {
    return undefined;
  }
}

/** Whether the app has set a status. Koa begins with 404, and marks a status that was set: also a 404. */
export function isStatusSet({ response }: Context): boolean {
  return Reflect.get(response, '_explicitStatus') === true;
}

/**
 * Keeps errors from Koa that a function says no to. Koa calls `ctx.onerror` for each error of a response, also with
 * what is none, such as a text that a stream was destroyed with; it gets an error that it can answer with.
 */
export function filterErrors(ctx: Context, isTold: (error: Error, thrown: unknown) => boolean): void {
  const { onerror } = ctx;
  ctx.onerror = (thrown: unknown) => {
    // Koa calls it without an error whenever a response has ended.
    if (thrown === undefined || thrown === null) return;
    const error = toError(thrown);
    if (isTold(error, thrown)) onerror.call(ctx, error);
  };
}

/** Runs a function when Koa begins to pipe a stream into the response, before any byte or header is written. */
export function whenPiped(res: ServerResponse, run: () => void): void {
  res.once('pipe', run);
}

/**
 * Runs a function when all headers of a response, which has some already, are set, and none is written: behind a
 * `writeHead` with headers, and behind session middleware in front, which sets its cookie within `writeHead`
 * (express-session 1.19, cookie-session 2.1).
 */
export function beforeHead(res: ServerResponse, run: () => void): void {
  const store: unknown = Reflect.get(res, '_storeHeader');
  if (typeof store !== 'function') beforeHttp2Head(res, run);
  else
    Reflect.set(res, '_storeHeader', (...head: unknown[]) => {
      run();
      return Reflect.apply(store, res, head);
    });
}

/** HTTP/2 has no place as late as that: it runs once more for each cookie that is set within `writeHead`. */
function beforeHttp2Head(res: ServerResponse, run: () => void): void {
  const { writeHead } = res;
  res.writeHead = (...head: unknown[]) => {
    run();
    const { setHeader } = res;
    res.setHeader = (name, value) => {
      setHeader.call(res, name, value);
      if (name.toLowerCase() === 'set-cookie') run();
      return res;
    };
    try {
      return Reflect.apply(writeHead, res, head);
    } finally {
      res.setHeader = setHeader;
    }
  };
}

/**
 * Runs a function when the answer is out, before Node's own 'finish' listener, which reads and drops whatever is
 * left of the request's body, however long, unless somebody has begun to read it.
 */
export function beforeBodyIsDropped(res: Writable, run: () => void): void {
  res.prependOnceListener('finish', run);
}

/** Whether the response is over, sent or not. One of HTTP/2 has neither `closed` nor `destroyed`, only its stream has. */
export function isClosed(res: ServerResponse): boolean {
  return res.closed || res.destroyed || Reflect.get(res, 'stream')?.closed === true;
}

/**
 * Whether all of the response has been handed to the system. One of HTTP/2 is `writableFinished` when its client
 * has cancelled it, too, and from the beginning for HEAD.
 */
export function isSent(res: ServerResponse): boolean {
  return res.writableEnded && res.writableFinished;
}

/** Runs a function once the response is over, sent or not; at once where it is already. */
export function whenClosed(res: ServerResponse, run: () => void): void {
  if (isClosed(res)) run();
  else res.once('close', run);
}

const waiting = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * Closes a response that waits behind others on its connection when that breaks. Node before 24 closes only the first
 * of them: generators, files and handlers of the others would wait for ever.
 */
export function closeWithConnection(res: ServerResponse): void {
  const { socket } = res.req;
  if (res.socket || !socket || isClosed(res)) return;
  const queue = waiting.get(socket) ?? queueOf(socket);
  queue.add(res);
  res.once('finish', () => queue.delete(res));
  if (socket.destroyed) closeQueued(res);
}

function queueOf(socket: Socket): Set<ServerResponse> {
  const queue = new Set<ServerResponse>();
  waiting.set(socket, queue);
  socket.once('close', () => queue.forEach(closeQueued));
  return queue;
}

function closeQueued(res: ServerResponse): void {
  // Once it has the socket, Node closes it by itself.
  if (!res.socket && !res.writableFinished) closeDetached(res);
}

/** Closes a response that has no connection, at once: Node does not before 24, and since then a tick later. */
export function closeDetached(res: ServerResponse): void {
  if (res.destroyed) return;
  // It would tell of the end once more.
  Reflect.set(res, '_closed', true);
  res.destroy();
  res.emit('close');
}

// What Koa gives each context by itself, and what this package puts on it for one response.
const OF_ONE_CONTEXT = new Set(['app', 'req', 'res', 'request', 'response', 'state', 'onerror']);

/**
 * A second context of a request, with what middleware in front has put on the first one and a response of its own,
 * which is never sent: what is set on it shows nowhere else.
 */
export function contextBeside(ctx: Context): Context {
  const beside = ctx.app.createContext(ctx.req, new ServerResponse(ctx.req));
  for (const [name, value] of Object.entries(ctx)) if (!OF_ONE_CONTEXT.has(name)) Reflect.set(beside, name, value);
  beside.state = { ...ctx.state };
  return beside;
}

/** Ends a response that is never sent, for all who wait for its end. */
export function endUnsent(res: ServerResponse): void {
  res.emit('finish');
  closeDetached(res);
}

/** The response that is under way on a connection. */
export function responseOn(socket: Socket): ServerResponse | undefined {
  const res: unknown = Reflect.get(socket, '_httpMessage');
  return res instanceof ServerResponse ? res : undefined;
}

/** The bytes that the system has not yet taken of what is being written. Node itself asks for them in this way. */
export function unwritten(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  return typeof handle === 'object' && handle !== null ? Number(Reflect.get(handle, 'writeQueueSize')) : 0;
}

/** The server that a request came to; undefined where it came by none. */
export function serverOf({ socket }: IncomingMessage): object | undefined {
  const server: unknown = socket instanceof Socket ? Reflect.get(socket, 'server') : undefined;
  return typeof server === 'object' && server !== null ? server : undefined;
}

/**
 * Has a server take only these requests for upgrades, and the rest for ordinary ones, unless others listen as well.
 * Node 20 has no `shouldUpgradeCallback`: there all requests are upgrades that say so.
 *
 * @returns What restores it.
 */
export function upgradesOnly(server: Server, isUpgrade: (req: IncomingMessage) => boolean): () => void {
  const before: unknown = Reflect.get(server, 'shouldUpgradeCallback');
  if (typeof before !== 'function') return () => {};
  const callback = (req: IncomingMessage) =>
    isUpgrade(req) || (server.listenerCount('upgrade') > 1 && before.call(server, req));
  Reflect.set(server, 'shouldUpgradeCallback', callback);
  return () => Reflect.set(server, 'shouldUpgradeCallback', before);
}

/**
 * Resets the connection of an answer that broke off and had neither chunks nor a length, as for HTTP/1.0: it ends
 * with the connection, so that clients and proxies (nginx speaks HTTP/1.0 to its upstreams by default) would take
 * what they have for the whole.
 */
export function resetIfUnframed(res: ServerResponse): void {
  const { socket } = res;
  const isFramed = res.chunkedEncoding || res.hasHeader('Content-Length') || res.req.httpVersionMajor > 1;
  if (isFramed || !res.headersSent || res.writableEnded || !(socket instanceof Socket)) return;
  // A TLS socket can't be reset itself, only the TCP socket beneath it; a Unix socket not at all.
  const tcp: unknown = Reflect.get(socket, '_parent') ?? socket;
  if (tcp instanceof Socket && socket.remoteAddress !== undefined) tcp.resetAndDestroy();
  socket.destroy();
}
