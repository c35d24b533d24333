import type { IncomingMessage } from 'node:http';
import createError, { isHttpError } from 'http-errors';
import type { Middleware } from 'koa';
import type { Context } from '../request.js';
import { type Body, bodyOf } from './body.js';
import { type Lists, parsePairs } from './pairs.js';

/** The largest bodies that are parsed, in bytes after decompression. */
export interface BodyLimits {
  /** A JSON body; 1 MiB where not given. */
  readonly jsonLimit?: number;
  /** A urlencoded form; 56 KiB where not given. */
  readonly formLimit?: number;
}

type Parse = (ctx: Context) => Promise<Body>;

interface Parsers {
  readonly json: Parse;
  readonly form: Parse;
}

const METHODS = new Set(['POST', 'PUT', 'PATCH']);
const JSON_TYPE = /^application\/json$|\+json$/;

/**
 * Prepares the parsing of JSON and of forms; a body that someone parsed before is used as it is. It takes a
 * promise only where there is something to read.
 */
export function prepareBodyParser(
  limits: Required<BodyLimits> | false,
): (ctx: Context) => Body | undefined | Promise<Body> {
  let parsers: Parsers | Promise<Parsers> | undefined;
  return (ctx) => {
    if (isParsed(ctx)) return alreadyParsed(ctx);
    if (!limits || !METHODS.has(ctx.method) || ctx.req.readableEnded) return undefined;
    const type = ctx.is() || '';
    if (type === 'multipart/form-data') return requireBoundary(ctx);
    const kind = type === 'application/x-www-form-urlencoded' ? 'form' : JSON_TYPE.test(type) && 'json';
    if (!kind) return undefined;
    parsers ??= loadParsers(limits).then((loaded) => {
      parsers = loaded;
      return loaded;
    });
    return parsers instanceof Promise ? parsers.then((loaded) => loaded[kind](ctx)) : parsers[kind](ctx);
  };
}

async function loadParsers({ jsonLimit, formLimit }: Required<BodyLimits>): Promise<Parsers> {
  // Loaded late: its dependencies take longer to import than everything else here.
  const { bodyParser } = await import('@koa/bodyparser');
  const json = bodyParser({ enableTypes: ['json'], detectJSON: () => true, jsonLimit, jsonStrict: false });
  // Forms are read as text: the parser behind 'form' nests names with brackets and drops fields past the 1,000th.
  const form = bodyParser({ enableTypes: ['text'], extendTypes: { text: ['urlencoded'] }, textLimit: formLimit });
  return {
    async json(ctx) {
      await read(ctx, json, jsonLimit);
      if (ctx.request.rawBody === '') throw badJson();
      return fromJson(ctx.request.body);
    },
    async form(ctx) {
      await read(ctx, form, formLimit);
      const fields = parsePairs(ctx.request.rawBody);
      ctx.request.body = flatten(fields);
      return bodyOf({ fields });
    },
  };
}

async function read(ctx: Context, parser: Middleware, limit: number): Promise<void> {
  try {
    // For a client that has left already the parser pretends that all is well.
    if (ctx.req.destroyed) throw requestAborted();
    const parsing = parser(ctx, async () => {});
    await (ctx.req.headers['content-encoding'] === undefined ? parsing : orAborted(ctx.req, parsing));
  } catch (error) {
    throw explain(error, limit);
  }
}

/** A decompressor in between hides from the parser that the client has left, so that it would wait for ever. */
async function orAborted(req: IncomingMessage, parsing: Promise<unknown>): Promise<void> {
  let onClose = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onClose = () => req.readableEnded || reject(requestAborted());
    req.once('close', onClose);
  });
  await Promise.race([aborted, parsing]).finally(() => req.off('close', onClose));
}

function requestAborted(): Error {
  return createError(400, '400 Bad Request: Request aborted');
}

function explain(error: unknown, limit: number): unknown {
  if (error instanceof SyntaxError) return badJson(error);
  if (!isHttpError(error)) return hasStatus(error) ? error : badBody(error);
  if (error.status === 413) return createError(413, `413 Payload Too Large: The body exceeds ${limit} bytes`);
  return error.status === 400 ? badBody(error) : error;
}

function badJson(cause?: unknown): Error {
  return createError(400, '400 Bad Request: Bad JSON', { cause });
}

function badBody(cause: unknown): Error {
  return createError(400, '400 Bad Request: Bad body', { cause });
}

function hasStatus(error: unknown): boolean {
  return error instanceof Error && 'status' in error;
}

function requireBoundary(ctx: Context): Body {
  if (/;\s*boundary="?[^";]/i.test(ctx.get('content-type'))) return bodyOf({ isMultipart: true });
  throw createError(400, '400 Bad Request: Missing boundary');
}

/** An app-wide @koa/bodyparser gives an empty object for a multipart body, which it leaves unread. */
function isParsed(ctx: Context): boolean {
  const body: unknown = ctx.request.body;
  if (body === undefined) return false;
  const isUnread = ctx.is('multipart/form-data') && !ctx.req.readableDidRead && !ctx.req.readableEnded;
  return !(isUnread && Object.keys(Object(body)).length === 0);
}

function alreadyParsed(ctx: Context): Body {
  const body: unknown = ctx.request.body;
  if (!ctx.is('urlencoded', 'multipart')) return fromJson(body);
  return bodyOf({ fields: listsOf(body, givenValues) });
}

function givenValues(value: unknown): unknown[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => one !== '');
}

function fromJson(json: unknown): Body {
  return bodyOf({ json, fields: listsOf(json, (value) => [value]) });
}

function listsOf(members: unknown, toList: (value: unknown) => unknown[]): Lists<unknown> {
  const lists: Record<string, unknown[]> = Object.create(null);
  if (typeof members !== 'object' || members === null || Array.isArray(members)) return lists;
  for (const [name, value] of Object.entries(members)) {
    const values = toList(value);
    if (values.length > 0) lists[name] = values;
  }
  return lists;
}

/** The form in which Koa's own handlers know a body: one value, or a list of them, under each name. */
function flatten(fields: Lists): Record<string, string | readonly string[] | undefined> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}
