import { expect } from 'chai';
import { chunked, type RawClient, type RawResponse } from '../../support/socket.js';
import type { TortureServer } from './torture.js';

/** A request, as it goes over the wire. */
export interface Sent {
  readonly method?: string;
  readonly target: string;
  /** Header lines, each as a name and a value of single-byte characters. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  /** Where to cut the body into chunks, instead of declaring its length. */
  readonly cuts?: readonly number[] | 'everywhere';
}

export interface Answered extends RawResponse {
  /** The handlers that ran for it. */
  readonly ran: readonly string[];
}

const PATIENCE = 5000;

/** A connection on which requests go out without waiting; each must get exactly one answer, its own. */
export class Line {
  /** How many requests were answered. */
  count = 0;
  readonly #server: () => TortureServer;
  #client: RawClient | undefined;
  #serial = 0;

  constructor(server: () => TortureServer) {
    this.#server = server;
  }

  /** Sends requests at once, and reads an answer to each. A connection that fails is not used again. */
  async exchange(requests: readonly Sent[]): Promise<Answered[]> {
    this.#client ??= await this.#server().connect();
    const client = this.#client;
    const first = this.count;
    try {
      await client.send(Buffer.concat(requests.map((request, index) => bytesOf(request, first + index))));
      const answers: Answered[] = [];
      for (const { method } of requests) {
        const response = await inTime(client.response({ head: method === 'HEAD' }));
        answers.push(this.#check(response, this.count));
        this.count += 1;
      }
      return answers;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#client?.socket.destroy();
    this.#client = undefined;
  }

  #check(response: RawResponse, index: number): Answered {
    const { 'x-case': name, 'x-ran': ran = '', 'x-serial': serial } = response.headers;
    expect(name, `the request that is answered with ${response.status} ${response.body}`).to.equal(String(index));
    expect(Number(serial), 'the number of the answer').to.be.above(this.#serial);
    this.#serial = Number(serial);
    return { ...response, ran: ran === '' ? [] : ran.split(' ') };
  }
}

/** The bytes of a request that bears a number. */
export function bytesOf({ method = 'GET', target, headers = [], body, cuts }: Sent, index: number): Buffer {
  const framing = cuts ? 'Transfer-Encoding: chunked' : `Content-Length: ${body?.length}`;
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    `X-Case: ${index}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body ? [framing] : []),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return Buffer.concat([head, body ? framed(body, cuts) : Buffer.alloc(0)]);
}

function framed(body: Uint8Array, cuts: Sent['cuts']): Uint8Array {
  if (!cuts) return body;
  if (cuts === 'everywhere') return chunked(body, 1);
  const pieces = [0, ...cuts].map((cut, index) => chunked(body.subarray(cut, cuts[index])).subarray(0, -END.length));
  return Buffer.concat([...pieces, END]);
}

const END = Buffer.from('0\r\n\r\n');

/** @throws Error when an answer does not come, so that a hanging server is told from a slow test. */
export async function inTime<T>(promise: Promise<T>, milliseconds = PATIENCE): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
