import { Transform, type TransformCallback } from 'node:stream';

const LINE_BREAK = '\r\n';
const [SPACE, TAB, CARRIAGE_RETURN] = [0x20, 0x09, 0x0d];
const MAX_PADDING = 256;

/**
 * Passes a multipart body on to its parser, without the spaces and tabs that may follow a boundary (RFC 2046,
 * section 5.1.1), which the parser would take for a header. Counts the parts, since the parser says nothing of
 * one that it can't read, nor of a body that never names its boundary.
 */
export class Delimiters extends Transform {
  /** How many parts have begun. */
  parts = 0;
  /** Whether the boundary that ends the body has come. */
  isClosed = false;
  readonly #delimiter: Buffer;
  // The first boundary needs no line break before it.
  #held: Buffer = Buffer.from(LINE_BREAK);

  /** @param contentType - The header, which names the boundary. */
  constructor(contentType: string) {
    super();
    const [, quoted, bare = ''] = /;\s*boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(contentType) ?? [];
    this.#delimiter = Buffer.from(`${LINE_BREAK}--${quoted ?? bare}`);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    const end = this.isClosed ? 0 : this.#pass(bytes);
    this.#held = this.isClosed ? Buffer.alloc(0) : bytes.subarray(end);
    if (this.isClosed) this.push(bytes.subarray(end));
    done();
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#held);
  }

  /** @returns Where that begins of which only the next bytes will tell what it is. */
  #pass(bytes: Buffer): number {
    const { length } = this.#delimiter;
    let start = 0;
    for (;;) {
      const found = bytes.indexOf(this.#delimiter, start);
      const end = found === -1 ? this.#beginningAtEnd(bytes, start) : found;
      this.push(bytes.subarray(start, end));
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

  /** Where the last bytes begin that may be those of a delimiter. */
  #beginningAtEnd(bytes: Buffer, start: number): number {
    const tail = bytes.subarray(Math.max(start, bytes.length - this.#delimiter.length + 1));
    const at = tail.lastIndexOf(CARRIAGE_RETURN);
    const isBeginning = at !== -1 && this.#delimiter.indexOf(tail.subarray(at)) === 0;
    return bytes.length - (isBeginning ? tail.length - at : 0);
  }
}

/** @returns undefined where the bytes do not tell yet; the beginning where what follows is no padding. */
function endOfPadding(bytes: Buffer, start: number): number | undefined {
  let end = start;
  while (bytes[end] === SPACE || bytes[end] === TAB) end += 1;
  if (end - start > MAX_PADDING) return start;
  if (end + 1 >= bytes.length) return undefined;
  return bytes[end] === CARRIAGE_RETURN ? end : start;
}
