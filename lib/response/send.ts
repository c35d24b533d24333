import { ReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Context } from '../context.js';
import { isStatusSet, whenPiped } from '../koa-compat.js';
import type { Request } from '../request.js';
import { holdToLength } from '../streams/content-length.js';
import { isStreamable, type Streamable } from '../streams/iterators.js';
import { close, isNodeStream, own, watch } from '../streams/lifetime.js';
import { startGenerator, toNodeStream } from '../streams/stream.js';
import { isSendable } from '../thrown.js';
import { checkHead, forwarded, NOT_ALLOWED, reportHeader } from './head.js';
import { type HeaderPairs, Reply } from './reply.js';

const WITHOUT_BODY = new Set([204, 205, 304]);

/** What a handler returned as a status, a body and headers. */
export function toReply(result: unknown, { ctx, route }: Request): Reply {
  const reply = replyOf(result, ctx);
  if (typeof result === 'string') return reply;
  if (Array.isArray(result)) warnOfTuple(result, route?.path ?? ctx.path);
  own(ctx.body, ctx);
  own(reply.body, ctx);
  return reply;
}

function replyOf(result: unknown, ctx: Context): Reply {
  // A copy, since hooks push to its headers and the handler may keep it for other requests.
  if (result instanceof Reply) return new Reply(result.statusCode, result.body, [...result.headers]);
  const isSet = isStatusSet(ctx);
  if (result instanceof Response) return new Reply(isSet ? ctx.status : result.status, result, []);
  if (result !== undefined && result !== null) return new Reply(isSet ? ctx.status : 200, result, []);
  const isHandled = isSet || (ctx.body !== undefined && ctx.body !== null);
  return isHandled ? new Reply(ctx.status, ctx.body, []) : new Reply(204, null, []);
}

const warned = new Set<string>();

/** An array is JSON: data that a client sent could choose the status otherwise. Who knows MicroPie expects a tuple. */
function warnOfTuple([status, body, headers]: readonly unknown[], path: string): void {
  if (process.env.NODE_ENV === 'production' || warned.has(path)) return;
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599;
  if (!isStatus || body === undefined || typeof body === 'number' || typeof (headers ?? {}) !== 'object') return;
  warned.add(path);
  process.emitWarning(
    `${path} returned an array that looks like [status, body]. It was sent as JSON: return reply(status, body) instead`,
    { code: 'KOA_MICROPIE_TUPLE' },
  );
}

/**
 * Hands a reply to Koa, which answers with it.
 *
 * @returns A promise where the body is a generator, which runs when its first chunk is there, or a file to open.
 * @throws Whatever a generator throws before its first chunk; the error of a file that does not open; TypeError or
 *   RangeError for a body that can't be sent.
 */
export function send(reply: Reply, ctx: Context): Promise<void> | undefined {
  if (ctx.respond === false) return undefined;
  const { body } = reply;
  if (typeof body === 'string') {
    setData(body, ctx);
    setHead(reply, ctx);
    return undefined;
  }
  if (isStreamable(body)) return sendGenerator(body, reply, ctx);
  if (body instanceof Response) setResponse(body, ctx);
  else if (body !== undefined) setBody(body, ctx);
  setHead(reply, ctx);
  if (isNodeStream(ctx.body)) prepareStream(ctx.body, ctx);
  return body instanceof ReadStream && body.pending && !body.destroyed ? requireOpen(body) : undefined;
}

/** Koa would close the connection without an answer where there is no such file. */
async function requireOpen(file: ReadStream): Promise<void> {
  await new Promise((resolve) => {
    for (const event of ['open', 'error', 'close']) file.once(event, resolve);
  });
  if (file.errored) throw file.errored;
}

async function sendGenerator(source: Streamable, reply: Reply, ctx: Context): Promise<void> {
  await setGenerator(source, reply.statusCode, ctx);
  setHead(reply, ctx);
  if (isNodeStream(ctx.body)) prepareStream(ctx.body, ctx);
}

/**
 * For after the session is stored: Koa would close the connection without an answer.
 *
 * @throws The error by which the body has failed in the meantime.
 */
export function requireReadable({ body }: Context): void {
  if (isNodeStream(body) && body.errored) throw body.errored;
}

function setHead({ statusCode, headers }: Reply, ctx: Context): void {
  const { response } = ctx;
  if (response.status !== statusCode) response.status = statusCode;
  setHeaders(headers, ctx);
  checkHead(ctx);
}

async function setGenerator(body: Streamable, statusCode: number, ctx: Context): Promise<void> {
  if (ctx.method === 'HEAD' || WITHOUT_BODY.has(statusCode)) {
    close(body, ctx);
    if (ctx.body === body) ctx.body = null;
    return;
  }
  const started = await startGenerator(body, ctx);
  if (!started) return;
  // Koa took a generator in ctx.body for JSON.
  if (ctx.body === body && ctx.type === 'application/json') ctx.remove('Content-Type');
  if (typeof started.chunk === 'string' && !ctx.response.get('Content-Type'))
    ctx.type = /^\s*</.test(started.chunk) ? 'html' : 'text';
  ctx.body = started.stream;
}

function setBody(value: unknown, ctx: Context): void {
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`A ${typeof value} can't be sent`);
  if (isLostInJson(value)) throw new TypeError(`${value.constructor.name}: JSON would hold nothing of it`);
  const body = toNodeStream(toBytes(value), ctx);
  if (isNodeStream(body) && body.errored) throw body.errored;
  requireJson(body, ctx);
  setData(body, ctx);
}

/** JSON makes an empty object of it, which would look like an answer. */
function isLostInJson(value: unknown): value is object {
  if (!(value instanceof Map || value instanceof Set || value instanceof Error)) return false;
  return !('toJSON' in value) && Object.keys(value).length === 0;
}

/**
 * Fails for what JSON can't carry, such as a client's JSON of great depth, while hooks are asked and before the session
 * is stored. Koa stringifies it later, when middleware in front has seen it; so reads, which change nothing and whose
 * answers are the large ones, are not stringified twice.
 */
function requireJson(body: unknown, { method }: Context): void {
  if (method === 'GET' || method === 'HEAD' || typeof body === 'string') return;
  if (!(Buffer.isBuffer(body) || body instanceof Blob || isNodeStream(body))) JSON.stringify(body);
}

function setData(body: unknown, { response }: Context): void {
  if (body !== response.body) response.body = body;
}

/** Koa takes over its headers, but joins its cookies, and would let a chunk that is no bytes end the process. */
function setResponse(response: Response, ctx: Context): void {
  ctx.body = response.url ? forwarded(response) : response;
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) ctx.set('Set-Cookie', cookies);
  ctx.body = response.body ? toNodeStream(response.body, ctx) : '';
}

function toBytes(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? Buffer.from(value) : value;
}

function setHeaders(headers: HeaderPairs, ctx: Context): void {
  if (headers.length === 0) return;
  const set = new Set<string>();
  for (const [name, value] of headers) {
    const key = String(name).toLowerCase();
    const problem = problemOf(key, value, ctx);
    if (problem) reportHeader(name, problem, ctx);
    else if (key === 'set-cookie' || (set.has(key) && key !== 'content-type')) ctx.append(name, value);
    else ctx.set(name, value);
    set.add(key);
  }
}

function problemOf(key: string, value: string, ctx: Context): string | undefined {
  if (!isSendable(key, value)) return NOT_ALLOWED;
  if (key !== 'content-length') return undefined;
  const isOpen = isNodeStream(ctx.body) || ctx.method === 'HEAD';
  return isOpen && /^\d+$/.test(value) ? undefined : 'the body is sent with its own length';
}

function prepareStream(body: Readable, ctx: Context): void {
  const { length } = ctx.response;
  const stream = length === undefined || ctx.method === 'HEAD' ? body : holdToLength(body, length);
  watch(stream, ctx);
  // Also for headers that are set until then, such as by the app's middleware in front.
  whenPiped(ctx.res, () => checkHead(ctx));
  if (stream === body) return;
  ctx.body = stream;
  ctx.length = length;
}
