import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse, ServerHttp2Session } from 'node:http2';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { announceClosing, announceOverdue } from './closing.js';

// RFC 9113, section 7. The constant of node:http2 would have every start load that module.
const HTTP2_INTERNAL_ERROR = 2;
// How long a connection must be idle to be ended: its next request may be on the way. In milliseconds.
const LINGER = 500;

/** All kinds of HTTP servers, of which only those of HTTP/1 know what their connections do. */
interface Closable extends NetServer {
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
}

/** The connections of a server and the answers under way on them; how to end them and lose nothing. */
export class Connections {
  readonly #server: Closable;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #answers = new Set<ServerResponse>();
  // The last answer of each connection, once the service closes.
  readonly #last = new WeakMap<Socket, ServerResponse>();
  readonly #listeners = {
    connection: (socket: Socket) => {
      this.#accepted += 1;
      this.#addTo(this.#sockets, socket);
    },
    secureConnection: (socket: Socket) => this.#addTo(this.#sockets, socket),
    session: (session: ServerHttp2Session) => this.#addTo(this.#sessions, session),
    request: (_req: unknown, res: ServerResponse) => this.#begin(res),
  };
  #accepted = 0;
  #isClosing = false;
  // When the server stopped, or later a connection became idle that its client believes to be kept.
  #idleSince = Number.POSITIVE_INFINITY;

  constructor(server: Closable) {
    this.#server = server;
    // Before the app's own: what it does with an answer comes later.
    for (const [event, listener] of Object.entries(this.#listeners)) server.prependListener(event, listener);
  }

  /** Has every answer that has not begun, and all that come, be the last of its connection. */
  announce(): void {
    this.#isClosing = true;
    for (const res of this.#answers) this.#makeLast(res);
  }

  /** Takes no new connections; resolves when those that there are have ended. */
  async stop(): Promise<void> {
    await this.#acceptAll();
    this.#idleSince = performance.now();
    const closed = once(this.#server, 'close');
    stopListening(this.#server);
    // As RFC 9113, 6.8 has it: an id that no stream has says that it ends, and refuses none that is on the way.
    for (const session of this.#sessions) session.goaway(0, 2 ** 31 - 1);
    await closed;
  }

  /** Ends the connections on which nothing happens, once no request can be on its way any more. */
  async endIdle(): Promise<void> {
    if (performance.now() - this.#idleSince < LINGER) return;
    // Timers come before the network: where the process was held up, requests may have waited here all the time.
    await networkTurn();
    this.#server.closeIdleConnections?.();
    // Node counts a connection that never sent anything as busy.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    for (const session of this.#sessions) if (!session.closed) session.close();
  }

  /** Tells the answers under way that nobody waits for them any more. */
  abort(): void {
    for (const res of this.#answers) announceOverdue(res);
  }

  /** Ends all connections, so that no client takes what it has of an answer for whole. */
  async destroy(): Promise<void> {
    for (const res of this.#answers) breakOff(res);
    // HTTP/2 sends that a turn later.
    if (this.#sessions.size > 0) await networkTurn();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections?.();
  }

  /** Leaves the server to itself. */
  release(): void {
    for (const [event, listener] of Object.entries(this.#listeners)) this.#server.off(event, listener);
  }

  /** Takes in the connections that the system has established already, of which Node accepts one a turn. */
  async #acceptAll(): Promise<void> {
    const end = performance.now() + LINGER;
    for (let before = -1; this.#accepted > before && performance.now() < end; ) {
      before = this.#accepted;
      await networkTurn();
    }
  }

  #addTo<T extends Socket | ServerHttp2Session>(set: Set<T>, one: T): void {
    // A connection is told of again where an upgrade on it was none of ours and goes back to Node.
    if (set.has(one)) return;
    set.add(one);
    one.once('close', () => set.delete(one));
  }

  #begin(res: ServerResponse): void {
    this.#answers.add(res);
    // Koa, this library and Node have ten on a stream already; at eleven Node warns.
    res.setMaxListeners(res.getMaxListeners() + 1);
    res.once('close', () => this.#end(res));
    if (this.#isClosing) this.#makeLast(res);
  }

  #end(res: ServerResponse): void {
    this.#answers.delete(res);
    if (this.#isClosing && res.shouldKeepAlive) this.#idleSince = performance.now();
  }

  /** Not by a header, which Koa drops where it answers an error. */
  #makeLast(res: ServerResponse): void {
    const { socket } = res.req;
    const before = this.#last.get(socket);
    // Where the client has sent requests in advance, only the last of the answers may end the connection.
    if (before && this.#answers.has(before)) before.shouldKeepAlive = true;
    if (!res.headersSent) res.shouldKeepAlive = false;
    this.#last.set(socket, res);
    announceClosing(res);
  }
}

/** A whole turn of the event loop: the present one may have looked at the network already; one more to be sure. */
async function networkTurn(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn();
}

/**
 * Closes a server but for its idle connections, which the `close` of HTTP/1 ends at once, and with them the requests
 * that are on their way (nodejs/node#60617). It also ends a timer, and so can't be left out.
 */
function stopListening(server: Closable): void {
  // That of HTTP/2 has neither idle connections nor such a timer, and since Node 24 it ends all sessions.
  if (!server.closeAllConnections) return void NetServer.prototype.close.call(server);
  server.closeIdleConnections = () => {};
  server.close();
  delete server.closeIdleConnections;
}

/** Where the end of a connection is nothing unusual, as for HTTP/1.0, it has to be broken in another way. */
function breakOff(res: ServerResponse | Http2ServerResponse): void {
  if (isHttp2(res)) {
    res.stream.close(HTTP2_INTERNAL_ERROR);
    return;
  }
  const { socket } = res;
  const isFramed = !res.headersSent || res.chunkedEncoding || res.hasHeader('Content-Length');
  // TLS tells of its own end; only TCP has a reset.
  if (socket?.remoteAddress && !isFramed && !('encrypted' in socket)) socket.resetAndDestroy();
}

function isHttp2(res: ServerResponse | Http2ServerResponse): res is Http2ServerResponse {
  return 'stream' in res;
}
