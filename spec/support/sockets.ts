import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Middleware } from 'koa';
import { WebSocket } from 'ws';
import type { ServeOptions, Serving } from '../../lib/index.js';
import { portOf, withService } from './serving.js';
import { RawClient, type RawResponse } from './socket.js';

/** What a handshake by `ws` may say besides its path. */
interface Told {
  readonly headers?: Readonly<Record<string, string>>;
  readonly origin?: string;
  readonly protocols?: readonly string[];
}

/** How a socket was closed. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A real client, which keeps what comes. */
export class SocketClient {
  readonly ws: WebSocket;
  readonly messages: (string | Buffer)[] = [];
  readonly closed: Promise<Closed>;
  /** The headers of the 101. */
  headers: IncomingMessage['headers'] = {};
  #wake = () => {};

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('upgrade', ({ headers }) => {
      this.headers = headers;
    });
    ws.on('message', (data, isBinary) => {
      this.messages.push(isBinary ? (data as Buffer) : String(data));
      this.#wake();
    });
    ws.on('error', () => {});
    this.closed = once(ws, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
    this.closed.then(() => this.#wake());
  }

  send(...messages: (string | Uint8Array)[]): void {
    for (const message of messages) this.ws.send(message);
  }

  /** The first messages, when so many have come; fewer where the connection is closed before. */
  async received(count: number): Promise<(string | Buffer)[]> {
    while (this.messages.length < count && this.ws.readyState !== WebSocket.CLOSED)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.messages.slice(0, count);
  }

  async next(): Promise<string | Buffer | undefined> {
    await this.received(1);
    return this.messages.shift();
  }

  /** Closes it, and waits for the other side. */
  leave(code?: number, reason?: string): Promise<Closed> {
    this.ws.close(code, reason);
    return this.closed;
  }
}

type Place = Pick<Serving, 'url'>;

function clientOf({ url }: Place, path: string, { protocols = [], ...options }: Told = {}): SocketClient {
  const address = `${url.replace(/^http/, 'ws')}${path}`;
  return new SocketClient(new WebSocket(address, [...protocols], { ...options, rejectUnauthorized: false }));
}

/** Opens a socket; rejects with `Unexpected server response: 404` and the like where it is refused. */
export async function open(place: Place, path: string, told?: Told): Promise<SocketClient> {
  const client = clientOf(place, path, told);
  await once(client.ws, 'open');
  return client;
}

/** The answer by which a handshake is refused. */
export async function refused(
  place: Place,
  path: string,
  told?: Told,
): Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }> {
  const { ws } = clientOf(place, path, told);
  const [request, response] = await Promise.race([
    once(ws, 'unexpected-response'),
    once(ws, 'open').then(() => Promise.reject(new Error('The handshake was not refused'))),
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  request.destroy();
  return { status: response.statusCode, text: String(Buffer.concat(chunks)), headers: response.headers };
}

/** Serves middleware for the time of a test, with sockets closed soon at its end. */
export function withSockets<T>(
  middleware: Middleware | readonly Middleware[],
  use: (service: Serving) => Promise<T>,
  options: ServeOptions = {},
): Promise<T> {
  return withService(middleware, options, use);
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** The head of a handshake, with lines changed, added, or left out where they are undefined. */
export function handshake(
  path: string,
  changes: Readonly<Record<string, string | undefined>> = {},
  line = `GET ${path} HTTP/1.1`,
): string {
  const headers = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...changes,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return `${[line, ...lines].join('\r\n')}\r\n\r\n`;
}

interface FrameOptions {
  readonly opcode?: number;
  readonly fin?: boolean;
  readonly masked?: boolean;
  readonly reserved?: number;
}

/** A frame as a client sends it. */
export function frame(payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { opcode = 1, fin = true, masked = true, reserved = 0 } = options;
  const bytes = Buffer.from(payload as string);
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  const head = headOf(first, mask, bytes.length);
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), bytes]);
}

function headOf(first: number, mask: number, length: number): Buffer {
  if (length < 126) return Buffer.from([first, mask | length]);
  if (length < 65_536) return Buffer.from([first, mask | 126, length >> 8, length & 255]);
  const head = Buffer.alloc(10);
  head.set([first, mask | 127]);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** A frame that came from the server. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The frames that bytes consist of; what is not whole is left out. */
export function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const opcode = (bytes[at] ?? 0) & 15;
    const short = (bytes[at + 1] ?? 0) & 127;
    const start = at + (short === 126 ? 4 : short === 127 ? 10 : 2);
    if (start > bytes.length) break;
    const length =
      short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
    if (start + length > bytes.length) break;
    frames.push({ opcode, payload: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return frames;
}

/** Sends bytes as one client, and later others, and reads until the server ends the connection. */
export async function rawTalk(place: Place, bytes: Uint8Array, ...later: readonly Uint8Array[]): Promise<Buffer> {
  const socket = connect(portOf(place), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  for (const more of later) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.write(more);
  }
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return Buffer.concat(chunks);
}

/** The frames that come after the 101, until the server ends the connection. */
export async function rawFrames(place: Place, path: string, ...frames: readonly Uint8Array[]): Promise<Frame[]> {
  const bytes = await rawTalk(place, Buffer.concat([Buffer.from(handshake(path)), ...frames]));
  return framesOf(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4));
}

/** The code of the frame that closes a connection. */
export function closeCode(frames: readonly Frame[]): number | undefined {
  const last = frames.findLast(({ opcode }) => opcode === 8);
  return last && last.payload.length >= 2 ? last.payload.readUInt16BE(0) : undefined;
}

/** The answer to a raw handshake; only its head where it is accepted. */
export async function rawAnswer(place: Place, head: string, isAccepted = false): Promise<RawResponse> {
  const client = await RawClient.open(portOf(place));
  try {
    await client.send(head);
    return await client.response({ head: isAccepted });
  } finally {
    client.socket.destroy();
  }
}
