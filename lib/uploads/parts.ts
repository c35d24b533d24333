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
  const queue = new PartQueue();
  const field = new FieldMeter(limits.maxFieldSize);
  const delimiters = new Delimiters(boundary);
  const parser = await createParser(boundary, limits, (isFile) => (isFile ? field.end() : field.begin()));
  parser
    .on('field', (name, value, _nameCut, isCut) => {
      field.end();
      if (isCut) queue.fail(fieldTooLarge(limits));
      else queue.push({ kind: 'field', name, value });
    })
    .on('file', (name, source, filename, _encoding, contentType) => {
      source.once('limit', () => queue.fail(payloadTooLarge(`A file exceeds ${limits.maxFileSize} bytes`)));
      const stream = queue.open(source);
      queue.push({ kind: 'file', name, filename: baseName(filename), contentType: contentType.trim(), stream });
    })
    .on('filesLimit', () => queue.fail(payloadTooLarge(`More than ${limits.maxFiles} files`)))
    .on('fieldsLimit', () => queue.fail(payloadTooLarge(`More than ${limits.maxFields} fields`)))
    .on('partsLimit', () => queue.fail(payloadTooLarge(`More than ${limits.maxParts} parts`)))
    .on('error', (cause: Error) => queue.fail(badRequest('Bad multipart body', cause)))
    .on('finish', () => queue.end(delimiters));
  delimiters.once('error', (error) => queue.fail(error));
  const onClose = () => req.readableEnded || queue.fail(badRequest('Request aborted'));
  queue.parts.once('close', () => req.off('close', onClose).unpipe(delimiters));
  req.once('close', onClose).on('data', (chunk: Buffer) => {
    if (field.isTooLarge()) queue.fail(fieldTooLarge(limits));
    field.add(chunk);
  });
  if (req.destroyed) onClose();
  req.pipe(delimiters).pipe(parser);
  return queue.parts;
}

/** The parts that have come and are not taken yet, and the streams of files that are not read to their end. */
class PartQueue {
  readonly parts = new Readable({ objectMode: true, read() {} });
  readonly #open = new Set<Readable>();
  #count = 0;

  constructor() {
    this.parts.once('close', () => {
      if (!this.parts.readableEnded) this.#closeFiles(new Error('Read a file before leaving parts()'));
    });
  }

  push(part: Part): void {
    this.#count += 1;
    if (part.name === undefined || part.name.length > MAX_NAME)
      this.fail(badRequest('A part has no name, or a very long one'));
    else this.parts.push(part);
  }

  /** Ends the queue, unless parts were announced that the parser has dropped. */
  end({ isClosed, parts }: Delimiters): void {
    if (isClosed && parts === this.#count) this.parts.push(null);
    else this.fail(badRequest('Bad multipart body'));
  }

  fail(error: Error): void {
    this.parts.destroy(error);
    this.#closeFiles(error);
  }

  /** The parser waits for ever for a file that is not read to its end; the stream made here may be left at any time. */
  open(source: BusboyFileStream): Readable {
    const stream = new PassThrough();
    this.#open.add(stream);
    // The parser emits the same error on itself, where it is handled.
    source.on('error', () => {}).pipe(stream);
    // A reader gets errors by its own listeners; without a reader they must not end the process.
    return stream
      .on('error', () => {})
      .once('close', () => {
        this.#open.delete(stream);
        source.resume();
      });
  }

  #closeFiles(error: Error): void {
    for (const stream of this.#open) stream.destroy(error);
  }
}

/** Counts the bytes of a field while they come: the parser reports one that is too large only when it ends. */
class FieldMeter {
  readonly #most: number;
  #bytes = 0;
  // The count when the field that is being read began.
  #start = Number.POSITIVE_INFINITY;

  constructor(maxSize: number) {
    this.#most = maxSize + FIELD_SLACK;
  }

  begin(): void {
    this.#start = this.#bytes;
  }

  end(): void {
    this.#start = Number.POSITIVE_INFINITY;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
  }

  isTooLarge(): boolean {
    return this.#bytes - this.#start > this.#most;
  }
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

function baseName(filename: string): string {
  const name = filename.replace(CONTROL_CHARACTERS, '').slice(0, MAX_FILENAME);
  return name === '.' || name === '..' ? '' : name;
}

function fieldTooLarge({ maxFieldSize }: UploadSettings): Error {
  return payloadTooLarge(`A field exceeds ${maxFieldSize} bytes`);
}
