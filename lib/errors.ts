import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';
import { inspect, types } from 'node:util';
import createError, { type HttpError } from 'http-errors';
import type { Context } from './context.js';

/**
 * Makes of anything that was thrown an error that Koa can answer with. Errors that it can, pass unchanged.
 * Of the others Koa would hang (null and undefined), or end the process while it answers: it writes to the
 * error, measures its message and sets its headers.
 */
export function toError(thrown: unknown): Error {
  try {
    if (!isError(thrown)) return new Error(`Not an error was thrown: ${describe(thrown)}`, { cause: thrown });
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

/** Whether a header can be sent without harm; how the message is framed is for the server to say. */
export function isSendable(name: string, value: unknown): boolean {
  if (String(name).toLowerCase() === 'transfer-encoding') return false;
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
  const copy = new Error(typeof message === 'string' ? message : describe(message), { cause: error });
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

function isWritable(error: Error, name: string): boolean {
  for (let level: object | null = error; level; level = Object.getPrototypeOf(level)) {
    const property = Object.getOwnPropertyDescriptor(level, name);
    if (property) return property.set !== undefined || (property.writable === true && Object.isExtensible(error));
  }
  return Object.isExtensible(error);
}

function describe(value: unknown): string {
  try {
    return inspect(value);
  } catch {
    return typeof value;
  }
}

/** One thing that is wrong with a request. */
export interface Issue {
  readonly message: string;
  /** The names that lead to it: the parameter's first, or those of the input's own members. */
  readonly path: readonly PropertyKey[];
}

/** An issue as the binder finds it. */
export interface ParameterProblem {
  readonly parameter: string;
  /** How the answer's text tells it. */
  readonly text: string;
  readonly issue: Issue;
}

/** All that is wrong with a request's arguments, in one error. */
export function badParameters(problems: readonly ParameterProblem[]): HttpError {
  return createError(400, textOf(problems), {
    parameter: problems[0]?.parameter,
    issues: problems.map(({ issue }) => issue),
  });
}

export function badRequest(message: string, cause?: unknown): HttpError {
  return createError(400, message, cause === undefined ? {} : { cause });
}

export function notFound(): HttpError {
  return createError(404);
}

export function methodNotAllowed(allow: string): HttpError {
  return createError(405, { headers: { Allow: allow } });
}

export function payloadTooLarge(message: string): HttpError {
  return createError(413, message);
}

export function unsupportedMediaType(message: string): HttpError {
  return createError(415, message);
}

/** What is missing may be in a body that nobody could read. */
export function unreadBody(problems: readonly ParameterProblem[], readTypes: string): HttpError {
  return unsupportedMediaType(`${textOf(problems)}; a body is read as ${readTypes}`);
}

function textOf(problems: readonly ParameterProblem[]): string {
  return problems.map(({ text }) => text).join('; ');
}
