import type { IncomingMessage } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import type { BusboyFileStream } from '@fastify/busboy';
import createError from 'http-errors';
import { Delimiters } from './delimiters.js';
import type { UploadLimits } from './limits.js';

/** A field of a multipart form. */
export interface FieldPart {
  readonly kind: 'field';
  readonly name: string;
  readonly value: string;
}

/** A file of a multipart form, to be read before the next part is asked for. */
export interface FilePart {
  readonly kind: 'file';
  readonly name: string;
  /** The name that the client gave, without folders: never use it as a path. */
  readonly filename: string;
  /** The type that the client gave; not checked. */
  readonly contentType: string;
  /** The bytes; it fails when the file is larger than allowed or the client leaves. */
  readonly stream: Readable;
}

/** A part of a multipart body. */
export type Part = FieldPart | FilePart;

const MAX_NAME = 200;
const MAX_FILENAME = 255;
// More than may be under way between the count of bytes and the parser.
const FIELD_SLACK = 256 * 1024;
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/g;

const taken = new WeakSet<IncomingMessage>();

/**
 * Reads the parts of a multipart body one after another, as fast as they are taken.
 *
 * @throws 400 for a malformed or incomplete body, 413 for one beyond the limits; Error for a body that was read before.
 */
export async function* readParts(req: IncomingMessage, limits: UploadLimits): AsyncGenerator<Part, void, undefined> {
  if (taken.has(req) || req.readableDidRead || req.readableEnded)
    throw new Error("The body was read already: parts() works once, in a method declared with { body: 'stream' }");
  taken.add(req);
  const parts = await parse(req, limits);
  for await (const part of parts) {
    yield part;
    // What the caller left unread would hold up the parts behind it.
    if (part.kind === 'file') part.stream.resume();
  }
}

async function parse(req: IncomingMessage, limits: UploadLimits): Promise<AsyncIterable<Part>> {
  let bytes = 0;
  // How many of them had come when the field began that is being read.
  let fieldStart = Number.POSITIVE_INFINITY;
  const parser = await createParser(req, limits, (isFile) => {
    fieldStart = isFile ? Number.POSITIVE_INFINITY : bytes;
  });
  const delimiters = new Delimiters(req.headers['content-type'] ?? '');
  const parts = new Readable({ objectMode: true, read() {} });
  const open = new Set<Readable>();
  let count = 0;

  const fail = (error: Error) => {
    parts.destroy(error);
    for (const stream of open) stream.destroy(error);
  };
  const push = (part: Part) => {
    count += 1;
    if (part.name === undefined || part.name.length > MAX_NAME)
      fail(malformed('A part has no name, or a very long one'));
    else parts.push(part);
  };
  parser
    .on('field', (name, value, _nameCut, isCut) => {
      fieldStart = Number.POSITIVE_INFINITY;
      if (isCut) fail(fieldTooLarge(limits));
      else push({ kind: 'field', name, value });
    })
    .on('file', (name, source, filename, _encoding, contentType) => {
      source.once('limit', () => fail(tooLarge(`A file exceeds ${limits.maxFileSize} bytes`)));
      push({
        kind: 'file',
        name,
        filename: baseName(filename),
        contentType: contentType.trim(),
        stream: detach(source, open),
      });
    })
    .on('filesLimit', () => fail(tooLarge(`More than ${limits.maxFiles} files`)))
    .on('fieldsLimit', () => fail(tooLarge(`More than ${limits.maxFields} fields`)))
    .on('partsLimit', () => fail(tooLarge(`More than ${limits.maxParts} parts`)))
    .on('error', (cause: Error) => fail(malformed('Bad multipart body', cause)))
    .on('finish', () => {
      if (delimiters.isClosed && delimiters.parts === count) parts.push(null);
      else fail(malformed('Bad multipart body'));
    });
  const onClose = () => req.readableEnded || fail(malformed('Request aborted'));
  parts.once('close', () => {
    req.off('close', onClose).unpipe(delimiters);
    if (!parts.readableEnded)
      for (const stream of open) stream.destroy(new Error('Read a file before leaving parts()'));
  });
  req.once('close', onClose).on('data', (chunk: Buffer) => {
    // The parser itself tells of a field that is too large only when it has come to its end.
    if (bytes - fieldStart > limits.maxFieldSize + FIELD_SLACK) fail(fieldTooLarge(limits));
    bytes += chunk.length;
  });
  if (req.destroyed) onClose();
  req.pipe(delimiters).pipe(parser);
  return parts;
}

async function createParser(req: IncomingMessage, limits: UploadLimits, onPart: (isFile: boolean) => void) {
  // Loaded late: only uploads need it.
  const { Busboy } = await import('@fastify/busboy');
  try {
    return new Busboy({
      headers: { ...req.headers, 'content-type': req.headers['content-type'] ?? '' },
      isPartAFile: (_name, _type, filename) => {
        onPart(filename !== undefined);
        return filename !== undefined;
      },
      limits: {
        files: limits.maxFiles,
        fileSize: limits.maxFileSize,
        fields: limits.maxFields,
        fieldSize: limits.maxFieldSize,
        parts: limits.maxParts,
      },
    });
  } catch (cause) {
    throw malformed('Missing boundary', cause);
  }
}

/** The parser waits until its stream was read to the end; the one made here may be left at any time. */
function detach(source: BusboyFileStream, open: Set<Readable>): Readable {
  const stream = new PassThrough();
  open.add(stream);
  // The parser itself reports what goes wrong with its streams.
  source.on('error', () => {}).pipe(stream);
  // Whoever reads the stream hears of its errors; without a reader nobody needs to.
  return stream
    .on('error', () => {})
    .once('close', () => {
      open.delete(stream);
      source.resume();
    });
}

function baseName(filename: string): string {
  const name = filename.replace(CONTROL_CHARACTERS, '').slice(0, MAX_FILENAME);
  return name === '.' || name === '..' ? '' : name;
}

function malformed(message: string, cause?: unknown): Error {
  return createError(400, `${message}`, { cause });
}

function fieldTooLarge({ maxFieldSize }: UploadLimits): Error {
  return tooLarge(`A field exceeds ${maxFieldSize} bytes`);
}

function tooLarge(message: string): Error {
  return createError(413, `${message}`);
}
