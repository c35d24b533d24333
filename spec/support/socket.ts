import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A response as it came over the wire; a header that came several times is joined with `, `. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One connection to a server on this machine, for tests in which bytes or connections matter. */
export class RawClient {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;
  #wake = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    for (const event of ['end', 'error', 'close'])
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Sends bytes; resolves when they are on their way, or can't be any more. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** Reads one response, decoding chunked bodies; what follows it stays for the next call. */
  async response({ head = false } = {}): Promise<RawResponse> {
    const [statusLine = '', ...lines] = (await this.#until('\r\n\r\n')).toString('latin1').split('\r\n');
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      const key = name.toLowerCase();
      headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
    }
    const status = Number(statusLine.split(' ')[1]);
    if (status === 100) return this.response({ head });
    const hasBody = !head && status !== 204 && status !== 304;
    return { status, headers, body: hasBody ? await this.#body(headers) : Buffer.alloc(0) };
  }

  /** Sends a request and reads its response. */
  async exchange(bytes: string | Uint8Array): Promise<RawResponse> {
    await this.send(bytes);
    return this.response();
  }

  /** Says that nothing more is sent, while answers may still come. */
  halfClose(): void {
    this.socket.end();
  }

  /** Ends the connection with a TCP reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  async #body(headers: Readonly<Record<string, string>>): Promise<Buffer> {
    if (headers['transfer-encoding'] === 'chunked') return this.#chunks();
    const { 'content-length': length } = headers;
    return length === undefined ? this.#rest() : this.#take(Number(length));
  }

  async #chunks(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await this.#until('\r\n')).toString('latin1'), 16);
      chunks.push(await this.#take(size));
      await this.#until('\r\n');
      if (size === 0) return Buffer.concat(chunks);
    }
  }

  async #until(mark: string): Promise<Buffer> {
    await this.#when(() => this.#received.includes(mark));
    const bytes = await this.#take(this.#received.indexOf(mark) + mark.length);
    return bytes.subarray(0, -mark.length);
  }

  async #take(length: number): Promise<Buffer> {
    await this.#when(() => this.#received.length >= length);
    const bytes = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return bytes;
  }

  async #rest(): Promise<Buffer> {
    await this.#when(() => this.#ended);
    return this.#take(this.#received.length);
  }

  async #when(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (this.#ended) throw new Error(`The server closed the connection after: ${this.#received.toString('latin1')}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Opens a connection for the time of its use. */
export async function withSocket<T>(port: number, use: (client: RawClient) => Promise<T>): Promise<T> {
  const client = await RawClient.open(port);
  try {
    return await use(client);
  } finally {
    client.socket.destroy();
  }
}

/** The head of a POST with a body; with a `length` of 'chunked' the body has to be sent in chunks. */
export function post(path: string, type: string, length: number | 'chunked', headers = ''): string {
  const framing = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n${framing}\r\n${headers}\r\n`;
}

/** Bytes as chunks of the given size, for a body without a declared length. */
export function chunked(bytes: Uint8Array, size = Math.max(1, bytes.length)): Buffer {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]);
}

/** Waits until something holds, and fails when it does not within two seconds. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  milliseconds = 2000,
): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`It never came true that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
