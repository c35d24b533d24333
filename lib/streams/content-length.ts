import { pipeline, type Readable, Transform } from 'node:stream';

/**
 * Holds a stream to the length that its response has announced. Bytes beyond that would be read as the
 * beginning of the next response on the connection, and where some are missing, the next one would fill in.
 *
 * @returns A stream that ends with an error where the length is not met.
 */
export function holdToLength(stream: Readable, length: number): Readable {
  let left = length;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length;
      done(left < 0 ? mismatch(length) : null, chunk);
    },
    flush(done) {
      done(left > 0 ? mismatch(length) : null);
    },
  });
  return pipeline(stream, check, () => {});
}

function mismatch(length: number): RangeError {
  return new RangeError(`The stream is not of the ${length} bytes that its Content-Length announced`);
}
