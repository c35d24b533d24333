import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RawData, WebSocket } from 'ws';
import { closeDetached, unwritten } from '../koa-compat.js';
import { Inbox } from '../streams/inbox.js';
import type { Message } from './message.js';

// What may wait for the handler until the client is paused.
const MOST_MESSAGES = 64;
const MOST_LENGTH = 64 * 1024;
// In bytes. A client for which more waits than this does not read, and is cut off.
const MOST_UNSENT = 16 * 1024 * 1024;
// After so many messages, counted over all sockets, every sender waits for the next turn of the event loop. Messages that
// the system takes at once never wait for the network, so that a loop of sends to a fast client would hold up all else.
const MOST_IN_TURN = 64;
// RFC 6455, section 5.5: of the 125 bytes of a control frame the code takes two.
const MOST_REASON = 123;

const SENT = Promise.resolve(true);

const OPEN = 1;
const CLOSED = 3;

const CONNECTION = Symbol('connection');

interface OwnedWebSocket extends WebSocket {
  [CONNECTION]?: Connection;
}

// Shared by all connections, since each listener of its own would cost every idle socket some 100 bytes.
const LISTENERS = {
  message(this: OwnedWebSocket, data: RawData, isBinary: boolean): void {
    this[CONNECTION]?.receive(data, isBinary);
  },
  /** A client that sends pings and never reads would fill the memory with answers; since 8.23 ws cuts it off itself. */
  ping(this: OwnedWebSocket): void {
    this[CONNECTION]?.cutOffFull();
  },
  close(this: OwnedWebSocket): void {
    this[CONNECTION]?.end();
  },
  /** What is wrong with its frames is the client's fault; ws closes the connection with the right code. */
  error(): void {},
};

let sends = 0;
let turn = SENT;

/** Counts a message. @returns What its sender waits for, besides the network: the next turn after many, mostly nothing. */
function pace(): Promise<boolean> {
  sends += 1;
  if (sends === MOST_IN_TURN)
    turn = nextTurn().then(() => {
      sends = 0;
      return true;
    });
  return sends < MOST_IN_TURN ? SENT : turn;
}

/** A connection that is a WebSocket now, with back-pressure in both directions. */
export class Connection {
  readonly #ws: WebSocket;
  readonly #res: ServerResponse;
  readonly #inbox = new Inbox<Message>();
  readonly #forget: (connection: Connection) => void;
  // No listeners of ws: a second one of an event doubles what it costs to close thousands at once.
  readonly #whenClosed: (() => void)[] = [];
  // Of the messages that wait. Texts count by characters: nobody needs it more exactly.
  #length = 0;
  // Whether the system has not taken the last message at once.
  #isSlow = false;
  // As the last beat found them.
  #bytesRead = 0;
  #unwritten = 0;

  /**
   * @param ws - The connection.
   * @param res - The response to its handshake, which is over when the connection is.
   * @param forget - Called when it is closed.
   */
  constructor(ws: OwnedWebSocket, res: ServerResponse, forget: (connection: Connection) => void) {
    this.#ws = ws;
    this.#res = res;
    this.#forget = forget;
    ws[CONNECTION] = this;
    for (const [event, listener] of Object.entries(LISTENERS)) ws.on(event, listener);
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  /** Whether no message can be sent any more. */
  get isOver(): boolean {
    return this.#ws.readyState !== OPEN;
  }

  send(value: unknown): Promise<boolean> {
    const data = toData(value);
    // Not at once: a loop that does not look at the result would hold up the process for ever.
    if (this.isOver || this.cutOffFull()) return nextTurn(false);
    return this.#isSlow ? this.#sendAndWait(data, pace()) : this.#sendAtOnce(data, pace());
  }

  /** A callback for each message would cost a tenth of an echo, and mostly the system has taken all bytes by now. */
  #sendAtOnce(data: Data, paced: Promise<boolean>): Promise<boolean> {
    const { socket } = this.#res.req;
    this.#ws.send(data);
    if (this.#ws.bufferedAmount === 0 && !socket.errored) return paced;
    this.#isSlow = true;
    // The sender must not change the bytes yet: an empty write is called back when all before it are through.
    return new Promise((resolve) => socket.write('', (error) => resolve(error ? false : paced)));
  }

  /** By TLS nothing is ever taken at once, and an empty write for each message would cost a fifth. */
  #sendAndWait(data: Data, paced: Promise<boolean>): Promise<boolean> {
    return new Promise((resolve) => {
      this.#ws.send(data, (error) => resolve(error ? false : paced));
      this.#isSlow = this.#ws.bufferedAmount > 0;
    });
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const value = this.#inbox.take();
    if (value === undefined) return this.#inbox.next();
    this.#length -= value.length;
    this.#resume();
    return Promise.resolve({ done: false, value });
  }

  /** Closes the connection; what the client still sends is dropped. */
  close(code: number, reason: string): void {
    if (this.isOver) return;
    const bytes = Buffer.alloc(MOST_REASON);
    this.#ws.close(code, bytes.subarray(0, new TextEncoder().encodeInto(reason, bytes).written));
    this.#inbox.clear();
    // The client's own close would not be seen.
    this.#ws.resume();
  }

  /** Runs a function when the connection is closed; at once where it is already. */
  whenClosed(run: () => void): void {
    if (this.#ws.readyState === CLOSED) run();
    else this.#whenClosed.push(run);
  }

  /** Ends the connection if its client has shown no life since the last time, and asks for a sign of it. */
  beat(): void {
    // While it is paused the client may well have answered.
    if (!this.#hasMoved() && !this.#ws.isPaused) this.#ws.terminate();
    if (!this.isOver) this.#ws.ping();
  }

  /**
   * Bytes count, not messages: a large one on a slow line takes longer than a beat, and no pong overtakes it. What
   * goes out is a sign only where something was stuck before, since the system takes a lot for a dead client as well.
   */
  #hasMoved(): boolean {
    const { socket } = this.#res.req;
    const { bytesRead } = socket;
    const left = unwritten(socket);
    const hasMoved = bytesRead !== this.#bytesRead || (this.#unwritten > 0 && left !== this.#unwritten);
    this.#bytesRead = bytesRead;
    this.#unwritten = left;
    return hasMoved;
  }

  receive(data: RawData, isBinary: boolean): void {
    // As ws is set up here, it gives nothing but buffers. What comes behind a close is dropped, and must not pause the
    // connection: the client's own close would never be seen.
    if (!Buffer.isBuffer(data) || this.isOver) return;
    const message = isBinary ? data : data.toString();
    if (!this.#inbox.put(message)) return;
    this.#length += message.length;
    if (this.#inbox.length >= MOST_MESSAGES || this.#length >= MOST_LENGTH) this.#ws.pause();
  }

  end(): void {
    this.#inbox.end();
    closeDetached(this.#res);
    this.#forget(this);
    for (const run of this.#whenClosed) run();
  }

  #resume(): void {
    if (this.#ws.isPaused && this.#inbox.length <= MOST_MESSAGES / 2 && this.#length <= MOST_LENGTH / 2)
      this.#ws.resume();
  }

  cutOffFull(): boolean {
    const isFull = this.#ws.bufferedAmount > MOST_UNSENT;
    if (isFull) this.#ws.terminate();
    return isFull;
  }
}

type Data = string | ArrayBufferView | ArrayBuffer;

function toData(value: unknown): Data {
  if (typeof value === 'string' || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value;
  const json = typeof value === 'function' ? undefined : JSON.stringify(value ?? null);
  if (json === undefined)
    throw new TypeError(`A ${typeof value} can't be sent through a socket; send text, bytes or data`);
  return json;
}
