import type { IncomingMessage } from 'node:http';
import createError, { isHttpError } from 'http-errors';
import type { Middleware } from 'koa';
import type { Context } from '../context.js';
import { isRecord } from '../values.js';
import { type Body, bodyOf } from './body.js';
import { hasContent } from './drain.js';
import { emptyLists, givenLists, listsOf, parsePairs } from './pairs.js';

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
const NEXT = async () => {};
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
    if (!limits || !METHODS.has(ctx.request.method) || ctx.req.readableEnded) return undefined;
    const type = typeOf(ctx.req);
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
    json: (ctx) => read(ctx, json, jsonLimit, fromJsonText),
    form: (ctx) => read(ctx, form, formLimit, fromForm),
  };
}

function read(
  ctx: Context,
  parser: Middleware,
  limit: number,
  toBody: (request: Context['request']) => Body,
): Promise<Body> {
  // For a client that has left already the parser pretends that all is well.
  if (ctx.req.destroyed) throw badBody(requestAborted());
  const parsing = parser(ctx, NEXT);
  const isEncoded = ctx.req.headers['content-encoding'] !== undefined;
  return (isEncoded ? orAborted(ctx.req, parsing) : parsing).then(
    () => toBody(ctx.request),
    (error: unknown) => {
      throw explain(error, limit);
    },
  );
}

/** The media type of a body; empty where none is announced. */
function typeOf(req: IncomingMessage): string {
  const { 'content-type': type = '' } = req.headers;
  return hasContent(req) ? type.replace(/;.*/s, '').trim().toLowerCase() : '';
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
  return createError(400, 'Request aborted');
}

function explain(error: unknown, limit: number): unknown {
  if (error instanceof SyntaxError) return badJson(error);
  if (!isHttpError(error)) return hasStatus(error) ? error : badBody(error);
  if (error.status === 413) return createError(413, `The body exceeds ${limit} bytes`);
  return error.status === 400 ? badBody(error) : error;
}

function badJson(cause?: unknown): Error {
  return createError(400, 'Bad JSON', { cause });
}

function badBody(cause: unknown): Error {
  return createError(400, 'Bad body', { cause });
}

function hasStatus(error: unknown): boolean {
  return error instanceof Error && 'status' in error;
}

function requireBoundary(ctx: Context): Body {
  if (/;\s*boundary="?[^";]/i.test(ctx.get('content-type'))) return bodyOf({ isMultipart: true });
  throw createError(400, 'Missing boundary');
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
  return bodyOf({ fields: isRecord(body) ? givenLists(body) : emptyLists() });
}

function fromForm(request: Context['request']): Body {
  const pairs = parsePairs(request.rawBody);
  request.body = pairs;
  return bodyOf({ fields: givenLists(pairs) });
}

function fromJsonText({ body, rawBody }: Context['request']): Body {
  if (rawBody === '') throw badJson();
  return fromJson(body);
}

function fromJson(json: unknown): Body {
  return bodyOf({ json, fields: isRecord(json) ? listsOf(json, (value) => [value]) : emptyLists() });
}
