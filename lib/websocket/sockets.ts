import type { IncomingMessage } from 'node:http';
import type { WebSocket, WebSocketServer } from 'ws';
import { closeDetached } from '../koa-compat.js';
import { Connection } from './connection.js';
import type { WebSocketSettings } from './options.js';
import { upgradeOf } from './upgrade.js';

// In milliseconds. A client that does not answer a close is cut off then.
const CLOSE_WAIT = 10_000;
// What the handshake itself says, and what describes a body that it has not.
const OF_HTTP = /^(connection|upgrade|sec-websocket-.*|content-.*|transfer-encoding|keep-alive|date)$/;

/** The sockets of one mount. */
export class Sockets {
  readonly origins: readonly string[];
  readonly #settings: WebSocketSettings;
  readonly #connections = new Set<Connection>();
  readonly #forget = (connection: Connection) => {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  };
  #server: Promise<WebSocketServer> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: WebSocketSettings) {
    this.origins = settings.origins;
    this.#settings = settings;
  }

  /**
   * Answers a handshake with 101.
   *
   * @param protocols - The subprotocols to choose from.
   * @returns undefined where the client has left.
   * @throws Error when ws is not installed.
   */
  async accept(req: IncomingMessage, protocols: readonly string[]): Promise<Connection | undefined> {
    this.#server ??= loadServer(this.#settings);
    const server = await this.#server;
    const upgrade = upgradeOf(req);
    if (!upgrade || upgrade.socket.destroyed) return undefined;
    let opened: WebSocket | undefined;
    upgrade.protocols = protocols;
    upgrade.take();
    server.handleUpgrade(req, upgrade.socket, upgrade.head, (ws) => {
      opened = ws;
    });
    if (!opened) {
      // ws has destroyed what somebody had ended.
      closeDetached(upgrade.res);
      return undefined;
    }
    upgrade.res.statusCode = 101;
    upgrade.finish();
    return this.#keep(new Connection(opened, upgrade.res, this.#forget));
  }

  #keep(connection: Connection): Connection {
    this.#connections.add(connection);
    this.#timer ??= setInterval(() => this.#beat(), this.#settings.heartbeat * 1000).unref();
    return connection;
  }

  #beat(): void {
    for (const connection of this.#connections) connection.beat();
  }
}

async function loadServer({ maxPayload }: WebSocketSettings): Promise<WebSocketServer> {
  const { WebSocketServer } = await loadWs();
  const options = {
    noServer: true,
    clientTracking: false,
    // A compressor would cost each socket some 300 KiB.
    perMessageDeflate: false,
    maxPayload,
    closeTimeout: CLOSE_WAIT,
    handleProtocols: (offered: ReadonlySet<string>, req: IncomingMessage) =>
      choose(offered, upgradeOf(req)?.protocols ?? []),
  };
  return new WebSocketServer(options).on('headers', (lines, req) => lines.push(...headerLines(req)));
}

async function loadWs(): Promise<typeof import('ws')> {
  try {
    return await import('ws');
  } catch (cause) {
    throw new Error("Methods with ws_ need the package ws: install it with 'npm install ws'", { cause });
  }
}

/** The client's order counts. Without a choice ws would take whatever stands first. */
function choose(offered: ReadonlySet<string>, spoken: readonly string[]): string | false {
  return [...offered].find((name) => spoken.includes(name)) ?? false;
}

/** What was set on the response, such as the session's cookie. */
function headerLines(req: IncomingMessage): string[] {
  const headers = Object.entries(upgradeOf(req)?.res.getHeaders() ?? {});
  return headers.flatMap(([name, value]) =>
    OF_HTTP.test(name) ? [] : [value ?? []].flat().map((one) => `${name}: ${one}`),
  );
}
