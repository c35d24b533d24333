import { Transform, type TransformCallback } from 'node:stream';
import { payloadTooLarge } from '../errors.js';

const LINE_BREAK = '\r\n';
const [SPACE, TAB, CARRIAGE_RETURN] = [0x20, 0x09, 0x0d];
const MAX_PADDING = 256;
// Mail programs write a line there, which others are to pass over (RFC 2046, section 5.1.1); browsers write nothing.
const MAX_OUTSIDE = 64 * 1024;

/**
 * Counts the parts of a multipart body and strips the spaces and tabs that may follow a boundary (RFC 2046, section
 * 5.1.1); the body passes through unchanged otherwise. Needed since @fastify/busboy 3.2 takes such spaces for a part's
 * head, drops a part whose head it can't read, and ends without an error on a body that never has its boundary.
 */
export class Delimiters extends Transform {
  /** How many parts have begun. */
  parts = 0;
  /** Whether the boundary that ends the body has come. */
  isClosed = false;
  readonly #delimiter: Buffer;
  // Bytes that may be the beginning of a delimiter. The first one needs no line break before it, so one is put there.
  #held: Buffer = Buffer.from(LINE_BREAK);
  // The bytes before the first boundary and behind the last, which no other limit counts.
  #outside = 0;

  constructor(boundary: string) {
    super();
    this.#delimiter = Buffer.from(`${LINE_BREAK}--${boundary}`);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    const end = this.isClosed ? 0 : this.#pass(bytes);
    this.#held = this.isClosed ? Buffer.alloc(0) : bytes.subarray(end);
    if (this.isClosed) this.#pushOutside(bytes.subarray(end));
    done(this.#outside > MAX_OUTSIDE ? outsideTooLarge() : null);
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#held);
  }

  /** @returns Where the bytes begin that can be told only when more have come. */
  #pass(bytes: Buffer): number {
    const { length } = this.#delimiter;
    let start = 0;
    for (;;) {
      const found = bytes.indexOf(this.#delimiter, start);
      const end = found === -1 ? this.#beginningAtEnd(bytes, start) : found;
      if (this.parts === 0) this.#pushOutside(bytes.subarray(start, end));
      else this.push(bytes.subarray(start, end));
      if (found === -1) return end;
      const next = endOfPadding(bytes, found + length);
      if (next === undefined) return found;
      this.push(this.#delimiter);
      start = next;
      if (bytes.toString('latin1', next, next + 2) === '--') {
        this.isClosed = true;
        return start;
      }
      this.parts += 1;
    }
  }

  #pushOutside(bytes: Buffer): void {
    this.#outside += bytes.length;
    this.push(bytes);
  }

  /** Where the bytes at the end begin that may be the first of a delimiter; the length where there are none. */
  #beginningAtEnd(bytes: Buffer, start: number): number {
    const tail = bytes.subarray(Math.max(start, bytes.length - this.#delimiter.length + 1));
    const at = tail.lastIndexOf(CARRIAGE_RETURN);
    const isBeginning = at !== -1 && this.#delimiter.indexOf(tail.subarray(at)) === 0;
    return bytes.length - (isBeginning ? tail.length - at : 0);
  }
}

function outsideTooLarge(): Error {
  return payloadTooLarge(`More than ${MAX_OUTSIDE} bytes before the first part or behind the last`);
}

/** @returns `undefined` where more bytes are needed to tell; `start` where there is no padding. */
function endOfPadding(bytes: Buffer, start: number): number | undefined {
  let end = start;
  while (bytes[end] === SPACE || bytes[end] === TAB) end += 1;
  if (end - start > MAX_PADDING) return start;
  if (end + 1 >= bytes.length) return undefined;
  return bytes[end] === CARRIAGE_RETURN ? end : start;
}
