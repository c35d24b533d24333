import type { Connection } from './connection.js';
import type { Message } from './message.js';

/**
 * A WebSocket as its handler sees it: iterate over it for the messages of the client, texts and bytes.
 *
 * @example
 * async ws_echo(socket: Socket) {
 *   for await (const message of socket) await socket.send(message);
 * }
 */
export class Socket implements AsyncIterable<Message> {
  readonly #connection: Connection;

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The subprotocol that was negotiated; empty for none. */
  get protocol(): string {
    return this.#connection.protocol;
  }

  /**
   * Sends a message: text and bytes as they are, anything else as JSON.
   *
   * @returns true when it is on its way, false when the client is gone; a client that does not read is cut off when
   * 16 MiB wait for it.
   * @throws TypeError for what is no data, such as a function.
   */
  send(value: unknown): Promise<boolean> {
    return this.#connection.send(value);
  }

  /**
   * Closes the connection; the iteration ends.
   *
   * @param code - 1000 for an ordinary end, 1001 to 1014, or one of your own from 3000 to 4999.
   * @param reason - A text for the client, cut at 123 bytes.
   * @throws TypeError for a code that can't be sent.
   */
  close(code = 1000, reason = ''): void {
    if (!isCode(code))
      throw new TypeError(`${code} is not a code to close a socket with; use 1000, or one from 3000 to 4999`);
    this.#connection.close(code, reason);
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    // Without `return`: whoever leaves a loop may begin another.
    return { next: () => this.#connection.next() };
  }
}

/** RFC 6455, section 7.4, and the registry of its codes; some may only be reported, never sent. */
function isCode(code: unknown): boolean {
  if (typeof code !== 'number' || !Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
}
