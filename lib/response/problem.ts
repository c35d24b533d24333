import { isJson } from '../body/content.js';
import type { Context } from '../context.js';
import { type Issue, issuesOf } from '../issues.js';
import { STATUS_CODES } from '../node-http.js';
import { exchangeOf, type Request } from '../request.js';
import { checkHead } from './head.js';

// They describe the answer that failed, not the one that is sent in its place. A security policy is no such header.
const OF_THE_BODY =
  /^(content-(?!security-policy).*|etag|last-modified|expires|(.+-)?cache-control|transfer-encoding|trailer)$/;

/** Drops the headers that describe a body which is not sent after all. */
export function dropBodyHeaders(ctx: Context): void {
  for (const name of ctx.res.getHeaderNames()) if (OF_THE_BODY.test(name)) ctx.remove(name);
}

/**
 * Has an error that nobody else answers written in one form: as text, or as a problem (RFC 9457) for programs. The
 * app's own error handling sees it first; only what reaches Koa's is written here.
 *
 * @param prefersJson - Whether clients without a preference are taken for programs.
 */
export function writeErrors(request: Request, error: Error, prefersJson: boolean): void {
  const { ctx } = request;
  const { onerror } = ctx;
  // Before Koa has the error: what is thrown while it answers would end the process.
  const answer = describeError(error);
  // Also JSON that nobody could read, or that a parser in front has read.
  const isOfProgram = prefersJson || isJson(ctx.req) || exchangeOf(request).body?.json !== undefined;
  const asProblem = wantsJson(ctx, isOfProgram);
  const text = asProblem ? JSON.stringify(problemOf(answer)) : textOf(answer);
  ctx.onerror = (thrown) => {
    if (thrown !== error || ctx.headerSent || !ctx.writable) return onerror.call(ctx, thrown);
    ctx.app.emit('error', error, ctx);
    dropBodyHeaders(ctx);
    ctx.set(answer.headers);
    ctx.status = answer.status;
    ctx.vary('Accept');
    ctx.type = asProblem ? 'application/problem+json' : 'text';
    ctx.length = Buffer.byteLength(text);
    checkHead(ctx);
    ctx.res.end(text);
  };
}

/** Gives the answer of a hook what an error says of itself, such as `Allow` and `Retry-After`. */
export function keepHeaders(ctx: Context, error: Error): void {
  for (const [name, value] of Object.entries(describeError(error).headers))
    if (!OF_THE_BODY.test(name.toLowerCase()) && !ctx.res.hasHeader(name)) ctx.set(name, value);
}

/** What may be told of an error, as a text. */
export function tellError(error: Error): { readonly status: number; readonly text: string } {
  const answer = describeError(error);
  return { status: answer.status, text: textOf(answer) };
}

interface ErrorAnswer {
  readonly status: number;
  readonly title: string;
  /** What may be told; undefined where the error is the server's own matter. */
  readonly detail: string | undefined;
  readonly issues: readonly Issue[];
  readonly headers: Record<string, string>;
}

function describeError(error: Error): ErrorAnswer {
  const status = statusOf(error);
  const title = STATUS_CODES[status] ?? String(status);
  const isTold = Reflect.get(error, 'expose') === true && status < 500 && error.message !== title;
  const headers: unknown = Reflect.get(error, 'headers');
  return {
    status,
    title,
    detail: isTold ? error.message : undefined,
    issues: isTold ? issuesOf(error) : [],
    headers: { ...(typeof headers === 'object' ? headers : {}) },
  };
}

/** Koa's own rule: what is no error's status is 500. */
function statusOf(error: Error): number {
  const status: unknown = Reflect.get(error, 'status') || Reflect.get(error, 'statusCode');
  return typeof status === 'number' && status in STATUS_CODES ? status : 500;
}

/** MicroPie's form for errors that it makes itself; Koa's for all others. */
function textOf({ status, title, detail }: ErrorAnswer): string {
  return detail === undefined ? title : `${status} ${title}: ${detail}`;
}

function problemOf({ status, title, detail, issues }: ErrorAnswer): object {
  const errors = issues.map(({ message, path }) => ({ detail: message, pointer: pointerTo(path) }));
  return { title, status, ...(detail !== undefined && { detail }), ...(errors.length > 0 && { errors }) };
}

/** A JSON pointer as the fragment of an address (RFC 6901, section 6). */
function pointerTo(path: readonly PropertyKey[]): string {
  const parts = path.map((name) => String(name).replaceAll('~', '~0').replaceAll('/', '~1'));
  return `#${parts.map((part) => `/${encodeURIComponent(wellFormed(part))}`).join('')}`;
}

/** JSON may hold half of a surrogate pair, which can not be encoded. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

const JSON_TYPES = ['application/json', 'application/problem+json'];
const TEXT_TYPES = ['text/plain', 'text/html'];

/** What `Accept` prefers, asked in both orders: where the answers differ, or it takes neither, it has no preference. */
function wantsJson(ctx: Context, otherwise: boolean): boolean {
  const jsonFirst = ctx.accepts(...JSON_TYPES, ...TEXT_TYPES);
  const textFirst = ctx.accepts(...TEXT_TYPES, ...JSON_TYPES);
  return jsonFirst && isJsonType(jsonFirst) === isJsonType(textFirst) ? isJsonType(jsonFirst) : otherwise;
}

function isJsonType(type: string | readonly string[] | false): boolean {
  return typeof type === 'string' && JSON_TYPES.includes(type);
}
