import type { IncomingMessage } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import type { BusboyFileStream } from '@fastify/busboy';
import { boundaryOf, MULTIPART, mediaTypeOf, readTypes } from '../body/content.js';
import { badRequest, payloadTooLarge, unsupportedMediaType } from '../errors.js';
import { Delimiters } from './delimiters.js';
import type { UploadSettings } from './options.js';

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
// Bytes that were counted, but have not reached the parser: more than the buffers in between hold.
const FIELD_SLACK = 256 * 1024;
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/g;

const begun = new WeakSet<IncomingMessage>();

/**
 * Reads the parts of a multipart body one after another, as fast as they are taken.
 *
 * @param settings - The limits; `false` where multipart bodies are not accepted.
 * @throws 400 for a malformed or incomplete body, 413 for one beyond the limits, 415 where none is accepted; Error for
 *   a body that was read before.
 */
export async function* readParts(
  req: IncomingMessage,
  settings: UploadSettings | false,
): AsyncGenerator<Part, void, undefined> {
  if (!settings) throw unsupportedMediaType(`Uploads are not accepted here; a body is read as ${readTypes(false)}`);
  if (begun.has(req) || req.readableDidRead || req.readableEnded)
    throw new Error("The body was read already: parts() works once, in a method declared with { body: 'stream' }");
  begun.add(req);
  if (mediaTypeOf(req) !== MULTIPART) throw badRequest('The body is not a multipart form');
  const boundary = boundaryOf(req);
  if (boundary === undefined) throw badRequest('Missing boundary');
  const parts = await parse(req, boundary, settings);
  for await (const part of parts) {
    yield part;
    // A file that the caller did not read would block the parts behind it.
    if (part.kind === 'file') part.stream.resume();
  }
}

async function parse(req: IncomingMessage, boundary: string, limits: UploadSettings): Promise<AsyncIterable<Part>> {
  let bytes = 0;
  // The value of `bytes` when the field that is being read began.
  let fieldStart = Number.POSITIVE_INFINITY;
  const parser = await createParser(boundary, limits, (isFile) => {
    fieldStart = isFile ? Number.POSITIVE_INFINITY : bytes;
  });
  const delimiters = new Delimiters(boundary);
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
      fail(badRequest('A part has no name, or a very long one'));
    else parts.push(part);
  };
  parser
    .on('field', (name, value, _nameCut, isCut) => {
      fieldStart = Number.POSITIVE_INFINITY;
      if (isCut) fail(fieldTooLarge(limits));
      else push({ kind: 'field', name, value });
    })
    .on('file', (name, source, filename, _encoding, contentType) => {
      source.once('limit', () => fail(payloadTooLarge(`A file exceeds ${limits.maxFileSize} bytes`)));
      push({
        kind: 'file',
        name,
        filename: baseName(filename),
        contentType: contentType.trim(),
        stream: detach(source, open),
      });
    })
    .on('filesLimit', () => fail(payloadTooLarge(`More than ${limits.maxFiles} files`)))
    .on('fieldsLimit', () => fail(payloadTooLarge(`More than ${limits.maxFields} fields`)))
    .on('partsLimit', () => fail(payloadTooLarge(`More than ${limits.maxParts} parts`)))
    .on('error', (cause: Error) => fail(badRequest('Bad multipart body', cause)))
    .on('finish', () => {
      if (delimiters.isClosed && delimiters.parts === count) parts.push(null);
      else fail(badRequest('Bad multipart body'));
    });
  const onClose = () => req.readableEnded || fail(badRequest('Request aborted'));
  parts.once('close', () => {
    req.off('close', onClose).unpipe(delimiters);
    if (!parts.readableEnded)
      for (const stream of open) stream.destroy(new Error('Read a file before leaving parts()'));
  });
  req.once('close', onClose).on('data', (chunk: Buffer) => {
    // The parser reports a field that is too large only when the field ends.
    if (bytes - fieldStart > limits.maxFieldSize + FIELD_SLACK) fail(fieldTooLarge(limits));
    bytes += chunk.length;
  });
  if (req.destroyed) onClose();
  req.pipe(delimiters).pipe(parser);
  return parts;
}

async function createParser(boundary: string, limits: UploadSettings, onPart: (isFile: boolean) => void) {
  // Loaded at first use: only uploads need it.
  const { Busboy } = await import('@fastify/busboy');
  return new Busboy({
    // Not the client's header, of which the parser could read another boundary.
    headers: { 'content-type': `${MULTIPART}; boundary="${boundary}"` },
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
}

/** The parser waits for ever for a file stream that is not read to its end; the stream made here may be left at any time. */
function detach(source: BusboyFileStream, open: Set<Readable>): Readable {
  const stream = new PassThrough();
  open.add(stream);
  // The parser emits the same error on itself, where it is handled.
  source.on('error', () => {}).pipe(stream);
  // A reader gets errors by its own listeners; without a reader they must not end the process.
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

function fieldTooLarge({ maxFieldSize }: UploadSettings): Error {
  return payloadTooLarge(`A field exceeds ${maxFieldSize} bytes`);
}
