import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { closeDetached, responseOn, upgradesOnly } from '../koa-compat.js';
import { ServerResponse } from '../node-http.js';
import type { HttpServer } from '../serve/server.js';

const UPGRADE = Symbol('upgrade');

interface Marked {
  [UPGRADE]?: Upgrade | undefined;
}

/** The upgrade that a request asks for; undefined for an ordinary request. */
export function upgradeOf(req: IncomingMessage & Marked): Upgrade | undefined {
  return req[UPGRADE];
}

// In milliseconds. engine.io, below Socket.IO, waits as long for others before it ends a connection.
const OTHERS_WAIT = 1000;

const servers = new WeakSet<object>();

/** Whether a server lets WebSockets through. */
export function acceptsUpgrades(server: object): boolean {
  return servers.has(server);
}

/**
 * Lets the handshakes of WebSockets go the way of every other request, through whatever listens to the server's
 * requests. Other listeners of upgrades are asked before.
 *
 * @returns What ends that.
 */
export function acceptUpgrades(server: HttpServer): () => void {
  const listener = (req: IncomingMessage, duplex: Duplex, head: Buffer) => {
    // Newer versions of Node wrap the socket of a request that has a body.
    const socket = duplex instanceof Socket ? duplex : req.socket;
    // Node has taken its own listener off, so that a reset would end the process.
    socket.on('error', ignore);
    const written = socket.bytesWritten;
    setImmediate(() => {
      if (!responseOn(socket) && isTaken(socket, written)) socket.off('error', ignore);
      else begin(server, req, socket, head);
    });
  };
  server.prependListener('upgrade', listener);
  const restore = upgradesOnly(server, isWebSocket);
  servers.add(server);
  return () => {
    server.off('upgrade', listener);
    restore();
    servers.delete(server);
  };
}

function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

function isTaken(socket: Socket, written: number): boolean {
  return socket.destroyed || socket.writableEnded || socket.bytesWritten !== written;
}

function ignore(): void {}

function begin(server: HttpServer, req: IncomingMessage, socket: Socket, head: Buffer): void {
  if (socket.destroyed) return;
  // Answers to what the client has sent in advance go first.
  const before = responseOn(socket);
  if (before) before.once('close', () => setImmediate(() => begin(server, req, socket, head)));
  else if (isWebSocket(req)) serveUpgrade(server, req, socket, head);
  else serveAsRequest(server, req, socket, head);
}

function serveUpgrade(server: HttpServer, req: IncomingMessage & Marked, socket: Socket, head: Buffer): void {
  const upgrade = new Upgrade(req, socket, head);
  req[UPGRADE] = upgrade;
  // Frames follow, and no body that somebody could wait for.
  if (!req.complete) req.push(null);
  if (server.listenerCount('upgrade') === 1) upgrade.claim();
  else upgrade.claimLater();
  server.emit('request', req, upgrade.res);
}

/** Hands an upgrade to something else, such as h2c, back to Node without it: HTTP lets servers ignore upgrades. */
function serveAsRequest(server: HttpServer, req: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${req.method} ${req.url} HTTP/${req.httpVersion}`];
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = req.rawHeaders.slice(at, at + 2);
    if (/^connection$/i.test(name)) lines.push(...withoutUpgrade(value));
    else if (!/^(upgrade|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  socket.off('error', ignore);
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
}

function withoutUpgrade(connection: string): string[] {
  const tokens = connection.split(',').map((token) => token.trim());
  const kept = tokens.filter((token) => !/^(upgrade|http2-settings|)$/i.test(token));
  return kept.length > 0 ? [`Connection: ${kept.join(', ')}`] : [];
}

/**
 * A connection that asks to become a WebSocket, and the response to it. As long as the response has not got the
 * connection it holds back what is written to it, and another listener may still take the connection.
 *
 * Its listeners are shared functions, since it lives as long as its socket, and there may be very many.
 */
export class Upgrade {
  readonly req: IncomingMessage & Marked;
  readonly res: ServerResponse;
  readonly head: Buffer;
  readonly socket: Socket;
  /** The subprotocols to choose from. */
  protocols: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(req: IncomingMessage, socket: Socket, head: Buffer) {
    this.req = req;
    this.socket = socket;
    this.head = head;
    this.res = new ServerResponse(req);
    this.res.shouldKeepAlive = false;
    this.res.on('finish', endConnection);
  }

  /** Gives the response the connection. */
  claim(): void {
    clearTimeout(this.#timer);
    const { res, socket } = this;
    if (res.socket || socket.destroyed) return;
    socket.setTimeout(0);
    socket.on('drain', forwardDrain);
    res.assignSocket(socket);
  }

  /** Claims the connection when nobody else has answered. */
  claimLater(): void {
    const { socket } = this;
    const written = socket.bytesWritten;
    this.#timer = setTimeout(() => {
      if (isTaken(socket, written)) this.#drop();
      else this.claim();
    }, OTHERS_WAIT);
    // With the connection at hand Node does it itself.
    socket.once('close', () => {
      if (!this.res.socket) this.#drop();
    });
  }

  /** Takes the connection for a WebSocket: from now on nothing that is written to the response goes out. */
  take(): void {
    const { res, socket } = this;
    socket.off('error', ignore);
    socket.off('drain', forwardDrain);
    res.detachSocket(socket);
    // So that Koa and Express try no answer to what is thrown later.
    Object.defineProperty(res, 'headersSent', { value: true });
  }

  /** Tells those who wait for it that the response is finished, which for on-finished frees a KiB of listeners. */
  finish(): void {
    this.req[UPGRADE] = undefined;
    this.res.off('finish', endConnection);
    this.res.emit('finish');
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.socket.off('error', ignore);
    closeDetached(this.res);
  }
}

function endConnection(this: ServerResponse): void {
  this.req.socket.destroySoon();
}

/** Node has taken its own listener off, and a large answer would come to a halt. */
function forwardDrain(this: Socket): void {
  responseOn(this)?.emit('drain');
}
