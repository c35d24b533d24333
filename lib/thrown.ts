import { inspect, types } from 'node:util';
import type { Context } from './context.js';
import { STATUS_CODES, validateHeaderName, validateHeaderValue } from './node-http.js';
import { Reply } from './response/reply.js';

/**
 * Makes of anything that was thrown an error that Koa can answer with. Errors that it can, pass unchanged.
 * Of the others Koa would hang (null and undefined), or end the process while it answers: it writes to the
 * error, measures its message and sets its headers.
 */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Reply) return new TypeError('A reply was thrown: return it instead', { cause: thrown });
    if (!isError(thrown)) return new Error(`Not an error was thrown: ${textOf(thrown)}`, { cause: thrown });
    return isAnswerable(thrown) ? thrown : answerable(thrown);
  } catch (cause) {
    // A getter or a proxy, which Koa would stumble over as well.
    return new Error('An error was thrown that can not be read', { cause });
  }
}

/** Tells the app of an error that does not fail the request. */
export function report(thrown: unknown, ctx: Context): void {
  ctx.app.emit('error', toError(thrown), ctx);
}

const FRAMING = new Set(['trailer', 'transfer-encoding']);
const SINGLE = new Set(['content-type', 'content-length']);

/** Whether a header can be sent without harm; how the message is framed is for the server to say. */
export function isSendable(name: string, value: unknown): boolean {
  const key = String(name).toLowerCase();
  if (FRAMING.has(key)) return false;
  // Koa 3.3 throws over other lists: while it answers an error nobody could catch that, and the client would wait.
  if (SINGLE.has(key) && Array.isArray(value) && value.length !== 1) return false;
  try {
    validateHeaderName(name);
    for (const one of Array.isArray(value) ? value : [value]) validateHeaderValue(name, one);
    return true;
  } catch {
    return false;
  }
}

/** Also one of another realm, such as a test runner's sandbox. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown);
}

function isAnswerable(error: Error): boolean {
  const { message, stack = '' } = error;
  // Koa reads it too: better that it throws here.
  Reflect.get(error, 'expose');
  return (
    Object.isExtensible(error) &&
    !types.isProxy(error) &&
    typeof message === 'string' &&
    typeof stack === 'string' &&
    isWritable(error, 'status') &&
    isWritable(error, 'headerSent') &&
    hasErrorStatus(error) &&
    Object.entries(headersOf(error)).every(([name, value]) => isSendable(name, value))
  );
}

function answerable(error: Error): Error {
  const { message, stack } = error;
  const copy = new Error(typeof message === 'string' ? message : textOf(message), { cause: error });
  if (typeof stack === 'string') copy.stack = stack;
  const headers = Object.entries(headersOf(error)).filter(([name, value]) => isSendable(name, value));
  return Object.assign(copy, {
    status: hasErrorStatus(error) ? statusOf(error) : 500,
    expose: Reflect.get(error, 'expose') === true && hasErrorStatus(error),
    headers: Object.fromEntries(headers),
  });
}

/** No status is fine: it means 500. */
function hasErrorStatus(error: Error): boolean {
  const status = statusOf(error);
  return status === undefined || (typeof status === 'number' && status >= 400 && String(status) in STATUS_CODES);
}

function statusOf(error: Error): unknown {
  return Reflect.get(error, 'status') || Reflect.get(error, 'statusCode') || undefined;
}

function headersOf(error: Error): object {
  const headers: unknown = Reflect.get(error, 'headers');
  return typeof headers === 'object' && headers !== null ? headers : {};
}

/** Koa writes to the error. Asked by writing what is there already, which leaves it as it is. */
function isWritable(error: Error, name: string): boolean {
  return !(name in error) || Reflect.set(error, name, Reflect.get(error, name));
}

function textOf(value: unknown): string {
  try {
    return inspect(value);
  } catch {
    return typeof value;
  }
}
