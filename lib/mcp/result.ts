import type { Readable } from 'node:stream';
import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Context } from '../context.js';
import { STATUS_CODES } from '../node-http.js';
import { isNodeStream } from '../streams/lifetime.js';

type Content = CallToolResult['content'][number];

// In bytes. What a stream gives beyond that is not waited for: it may have no end, and models read less.
const MAX_STREAM = 1024 ** 2;

export function errorResult(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

/**
 * The result of a tool, of the answer that a context has got.
 *
 * @param promisesData - Whether clients were told of an output schema: they refuse a result without data then.
 * @param hasData - Whether the result went through `returns`, so that its data are what was declared.
 */
export async function resultOf(ctx: Context, promisesData: boolean, hasData: boolean): Promise<CallToolResult> {
  const { status, body } = ctx;
  const isEmpty = body === undefined || body === null;
  if (isEmpty && promisesData && status < 400) return errorResult('There is no result');
  const content = isEmpty ? textOf('') : await contentOf(body, ctx);
  if (status >= 400) return errorResult(describe(status, content));
  if (status >= 300) return { content: textOf(describe(status, textOf(String(ctx.response.get('Location'))))) };
  const isData = hasData && !isEmpty && !isBinary(body);
  return { content, ...(isData && { structuredContent: JSON.parse(JSON.stringify(body)) }) };
}

function textOf(text: string): Content[] {
  return [{ type: 'text', text }];
}

/** As errors are told over HTTP: `404 Not Found: There is no such task`. */
function describe(status: number, [first]: readonly Content[]): string {
  const title = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  const text = first?.type === 'text' ? first.text : '';
  return text === '' || text === STATUS_CODES[status] ? title : `${title}: ${text}`;
}

function isBinary(body: unknown): body is Buffer | Blob | Readable {
  return Buffer.isBuffer(body) || body instanceof Blob || isNodeStream(body);
}

async function contentOf(body: unknown, { type }: Context): Promise<Content[]> {
  if (typeof body === 'string') return textOf(body);
  if (!isBinary(body)) return textOf(JSON.stringify(body));
  const kind = /^(image|audio)\/(?!svg)/.exec(type)?.[1];
  const read = await bytesOf(body);
  if (kind !== 'image' && kind !== 'audio') return textOf(decode(read, type));
  if (read.isCut) throw new RangeError(`A tool's stream of ${type} has more than ${MAX_STREAM} bytes: return it whole`);
  return [{ type: kind, data: read.bytes.toString('base64'), mimeType: type }];
}

/** What is cut off ends between two characters. */
function decode({ bytes, isCut }: Bytes, type: string): string {
  try {
    const kept = isCut ? bytes.subarray(0, MAX_STREAM) : bytes;
    const text = new TextDecoder('utf-8', { fatal: true }).decode(kept, { stream: isCut });
    return isCut ? `${text}\n[cut off after ${MAX_STREAM} bytes]` : text;
  } catch (cause) {
    const message = `A tool's result can be text, an image or a sound, not ${type || 'bytes'}: answer with one of these`;
    throw new TypeError(message, { cause });
  }
}

interface Bytes {
  readonly bytes: Buffer;
  readonly isCut: boolean;
}

async function bytesOf(body: Buffer | Blob | Readable): Promise<Bytes> {
  if (isNodeStream(body)) return join(body);
  return { bytes: body instanceof Blob ? Buffer.from(await body.arrayBuffer()) : body, isCut: false };
}

async function join(stream: Readable): Promise<Bytes> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    chunks.push(bytes);
    // Leaving the loop closes the stream, and so the generator behind it.
    if (size > MAX_STREAM) break;
  }
  return { bytes: Buffer.concat(chunks), isCut: size > MAX_STREAM };
}
