import { isSendable, report } from '../errors.js';
import type { Context } from '../request.js';
import { type HeaderPairs, Reply } from './reply.js';
import { discard, ignoreDisconnect, isStreamable, start } from './stream.js';

const WITHOUT_BODY = new Set([204, 205, 304]);
// How long the message is, is for the server to say: another word on it would garble the connection.
const FRAMING = new Set(['content-length', 'transfer-encoding']);

/** What a handler returned as a status, a body and headers. */
export function toReply(result: unknown, ctx: Context): Reply {
  // A copy, since hooks push to its headers and the handler may keep it for other requests.
  if (result instanceof Reply) return new Reply(result.statusCode, result.body, [...result.headers]);
  const isStatusSet = Reflect.get(ctx.response, '_explicitStatus') === true;
  if (result !== undefined && result !== null) return new Reply(isStatusSet ? ctx.status : 200, result, []);
  const isHandled = isStatusSet || (ctx.body !== undefined && ctx.body !== null);
  return isHandled ? new Reply(ctx.status, ctx.body, []) : new Reply(204, null, []);
}

/**
 * Hands a reply to Koa, which answers with it.
 *
 * @returns Whether the body is a stream that runs from now on.
 * @throws Whatever a generator throws before its first chunk; TypeError for a body that can't be sent.
 */
export async function send(reply: Reply, ctx: Context): Promise<boolean> {
  if (ctx.respond === false) return false;
  const isStream = isStreamable(reply.body);
  if (isStream) await setStream(reply, ctx);
  else if (reply.body !== undefined && reply.body !== ctx.body) ctx.body = toBody(reply.body);
  if (ctx.status !== reply.statusCode) ctx.status = reply.statusCode;
  setHeaders(reply.headers, ctx);
  return isStream;
}

async function setStream({ body, statusCode }: Reply, ctx: Context): Promise<void> {
  if (ctx.method === 'HEAD' || WITHOUT_BODY.has(statusCode)) {
    discard(body, ctx);
    ctx.body = null;
    return;
  }
  if (!isStreamable(body)) return;
  const started = await start(body, ctx);
  if (!started) return;
  if (typeof started.chunk === 'string' && !ctx.response.get('Content-Type'))
    ctx.type = /^\s*</.test(started.chunk) ? 'html' : 'text';
  ctx.body = started.stream;
  ignoreDisconnect(ctx);
}

function toBody(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`A ${typeof value} can't be sent`);
  return value;
}

function setHeaders(headers: HeaderPairs, ctx: Context): void {
  const set = new Set<string>();
  for (const [name, value] of headers) {
    const key = String(name).toLowerCase();
    const problem = problemOf(key, value, ctx);
    if (problem) report(new TypeError(`The header ${JSON.stringify(name)} was left out: ${problem}`), ctx);
    else if (set.has(key) || key === 'set-cookie') ctx.append(name, value);
    else ctx.set(name, value);
    set.add(key);
  }
}

function problemOf(key: string, value: string, ctx: Context): string | undefined {
  if (!isSendable(key, value)) return 'its name or value holds a character that HTTP does not allow';
  const isFixed = ctx.response.length !== undefined && ctx.method !== 'HEAD';
  return isFixed && FRAMING.has(key) ? 'the body is sent with its own length' : undefined;
}
