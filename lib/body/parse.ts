import type { IncomingMessage } from 'node:http';
import { isHttpError } from 'http-errors';
import type { Middleware } from 'koa';
import type { Context } from '../context.js';
import { badRequest, payloadTooLarge, unsupportedMediaType } from '../errors.js';
import { isRecord } from '../values.js';
import { type Body, bodyOf } from './body.js';
import { FORM, hasContent, isEmpty, isJson, MULTIPART, mediaTypeOf } from './content.js';
import type { BodySettings } from './options.js';
import { emptyLists, givenLists, listsOf, parsePairs } from './pairs.js';

type Parse = (ctx: Context) => Promise<Body>;

interface Parsers {
  readonly json: Parse;
  readonly form: Parse;
}

const PARSED_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'];
const NEXT = async () => {};

/**
 * Prepares the parsing of JSON and of forms. A body that was parsed in front is used as it is.
 *
 * @returns A function that gives a promise only where there is something to read, since each `await` costs time.
 */
export function prepareBodyParser(limits: BodySettings | false): (ctx: Context) => Body | undefined | Promise<Body> {
  const methods = new Set(PARSED_METHODS);
  let parsers: Parsers | Promise<Parsers> | undefined;
  return (ctx) => {
    const mayBeParsed = methods.has(ctx.req.method ?? '');
    const parsed = mayBeParsed || hasContent(ctx.req) ? parsedInFront(ctx) : undefined;
    if (parsed !== undefined) return bodyOfParsed(parsed, ctx);
    if (!limits || !mayBeParsed || ctx.req.readableEnded) return undefined;
    const type = mediaTypeOf(ctx.req);
    if (type === MULTIPART) return bodyOf({ isMultipart: true });
    const kind = type === FORM ? 'form' : isJson(ctx.req) && 'json';
    if (!kind) return hasContent(ctx.req) && !isEmpty(ctx.req) ? bodyOf({ isUnreadType: true }) : undefined;
    parsers ??= loadParsers(limits).then((loaded) => {
      parsers = loaded;
      return loaded;
    });
    return parsers instanceof Promise ? parsers.then((loaded) => loaded[kind](ctx)) : parsers[kind](ctx);
  };
}

async function loadParsers({ jsonLimit, formLimit }: BodySettings): Promise<Parsers> {
  // Loaded at first use: its dependencies take longer to import than the rest of this package.
  const { bodyParser } = await import('@koa/bodyparser');
  const common = { parsedMethods: PARSED_METHODS };
  const json = bodyParser({ ...common, enableTypes: ['json'], detectJSON: () => true, jsonLimit, jsonStrict: false });
  // Forms are read as text: its own form parser nests names with brackets and drops fields past the 1,000th.
  const form = bodyParser({
    ...common,
    enableTypes: ['text'],
    extendTypes: { text: ['urlencoded'] },
    textLimit: formLimit,
  });
  return {
    json: (ctx) => read(ctx, json, jsonLimit, bodyOfJsonText),
    form: (ctx) => read(ctx, form, formLimit, bodyOfForm),
  };
}

function read(
  ctx: Context,
  parser: Middleware,
  limit: number,
  toBody: (request: Context['request']) => Body,
): Promise<Body> {
  // @koa/bodyparser 6.1 answers 499 by itself, without an error, when the client has left already.
  if (ctx.req.destroyed) throw badBody(requestAborted());
  // It skips a body that is set. An empty object of a parser in front, which left the body unread, is none.
  ctx.request.body = undefined;
  const parsing = parser(ctx, NEXT);
  const isEncoded = ctx.req.headers['content-encoding'] !== undefined;
  return (isEncoded ? orAborted(ctx.req, parsing) : parsing).then(
    () => toBody(ctx.request),
    (error: unknown) => {
      throw explain(error, limit);
    },
  );
}

/** Behind a decompressor the parser never learns that the client has left, and would wait for ever. */
async function orAborted(req: IncomingMessage, parsing: Promise<unknown>): Promise<void> {
  let onClose = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onClose = () => req.readableEnded || reject(requestAborted());
    req.once('close', onClose);
  });
  await Promise.race([aborted, parsing]).finally(() => req.off('close', onClose));
}

function requestAborted(): Error {
  return badRequest('Request aborted');
}

function explain(error: unknown, limit: number): unknown {
  if (error instanceof SyntaxError) return badJson(error);
  // inflation 2.1 throws one that is not made by http-errors.
  if (error instanceof Error && Reflect.get(error, 'status') === 415)
    return unsupportedMediaType(
      'The Content-Encoding of the body is not known here; send it as gzip, deflate, br or plain',
    );
  if (!isHttpError(error)) return hasStatus(error) ? error : badBody(error);
  if (error.status === 413) return payloadTooLarge(`The body exceeds ${limit} bytes`);
  // One of HTTP/2 that its client cancelled just now is not destroyed yet: raw-body 2.5 takes that for our fault.
  const isGone = Reflect.get(error, 'type') === 'stream.not.readable';
  return error.status === 400 || isGone ? badBody(error) : error;
}

function badJson(cause?: unknown): Error {
  return badRequest('Bad JSON', cause);
}

function badBody(cause: unknown): Error {
  return badRequest('Bad body', cause);
}

function hasStatus(error: unknown): boolean {
  return error instanceof Error && 'status' in error;
}

/** What a parser in front made of the body: one of Koa, or one of Express around the Koa app. */
function parsedInFront({ request, req }: Context): unknown {
  const body: unknown = request.body === undefined ? Reflect.get(req, 'body') : request.body;
  if (body === undefined || (isUnread(req) && isEmptyObject(body))) return undefined;
  request.body = body;
  return body;
}

/** @koa/bodyparser, and body-parser before 2.0, set an empty object for a body that they do not read. */
function isEmptyObject(body: unknown): boolean {
  return isRecord(body) && Object.keys(body).length === 0;
}

function isUnread(req: IncomingMessage): boolean {
  return hasContent(req) && !req.readableDidRead && !req.readableEnded;
}

function bodyOfParsed(body: unknown, { req }: Context): Body {
  const type = mediaTypeOf(req);
  if (type !== FORM && type !== MULTIPART) return bodyOfJson(body);
  return bodyOf({ fields: isRecord(body) ? givenLists(body) : emptyLists() });
}

function bodyOfForm(request: Context['request']): Body {
  const pairs = parsePairs(request.rawBody);
  request.body = pairs;
  return bodyOf({ fields: givenLists(pairs) });
}

function bodyOfJsonText({ body, rawBody }: Context['request']): Body {
  if (rawBody === '') throw badJson();
  return bodyOfJson(body);
}

function bodyOfJson(json: unknown): Body {
  return bodyOf({ json, fields: isRecord(json) ? listsOf(json, (value) => [value]) : emptyLists() });
}
