import type { IncomingHttpHeaders } from 'node:http';
import type { DefaultState } from 'koa';
import { emptyLists, givenLists, type Lists, parsePairs } from './body/pairs.js';
import type { Exchange } from './exchange.js';
import type { Route } from './routing/route.js';
import type { SessionData } from './sessions/backend.js';
import type { ContextWithSession } from './sessions/context-session.js';
import { signalOf } from './streams/disconnect.js';
import { type Part, readParts } from './uploads/parts.js';
import type { UploadedFile } from './uploads/uploaded-file.js';

const EXCHANGE = Symbol('exchange');
const NO_FIELDS: Lists<never> = Object.freeze(emptyLists());

/** What the package itself knows of a request. */
export function exchangeOf(request: Request): Exchange {
  return request[EXCHANGE];
}

/**
 * One request, as handlers and hooks see it: views over Koa's context, made when they are asked for.
 * Hooks may put properties of their own on it.
 *
 * @typeParam Session - What the session holds.
 * @typeParam State - What `ctx.state` holds.
 */
export class Request<Session extends object = SessionData, State extends object = DefaultState> {
  /** Koa's context of the request. */
  readonly ctx: ContextWithSession<State>;
  /** @internal */
  readonly [EXCHANGE]: Exchange;
  #queryParams: Lists | undefined;
  #signal: AbortSignal | undefined;

  /** @internal */
  constructor(exchange: Exchange) {
    // openSession puts the session there before hooks see it; the class alone knows what hooks hand over as state.
    this.ctx = exchange.ctx as ContextWithSession<State>;
    this[EXCHANGE] = exchange;
  }

  /** The route that was matched; undefined where none was. */
  get route(): Route | undefined {
    return this[EXCHANGE].route;
  }

  /** The decoded path segments: those behind an automatic route's name, or those that a declared path names. */
  get pathParams(): readonly string[] {
    return this[EXCHANGE].pathParams;
  }

  /** The HTTP method, in capitals. */
  get method(): string {
    return this.ctx.method;
  }

  /** The request's headers, by their names in lower case. */
  get headers(): IncomingHttpHeaders {
    return this.ctx.req.headers;
  }

  /**
   * The query, as a list of values under each name; blank values count as not given.
   *
   * @throws 400 for more than 1,000 pairs.
   */
  get queryParams(): Lists {
    this.#queryParams ??= givenLists(parsePairs(this.ctx.querystring));
    return this.#queryParams;
  }

  /** The body's fields, as a list of values under each name; a JSON member is one value, of its own type. */
  get bodyParams(): Lists<unknown> {
    return this[EXCHANGE].body?.fields ?? NO_FIELDS;
  }

  /**
   * The uploaded files, as a list under each field's name; there when the before hooks are through. For `uploads.dir`,
   * a handler that reads this was given all of them.
   */
  get files(): Lists<UploadedFile> {
    return this[EXCHANGE].spool?.show() ?? NO_FIELDS;
  }

  /** The visitor's session; assign an empty object or `null` to end it. */
  get session(): Session {
    // The class alone knows what the sessions of its app hold.
    return this[EXCHANGE].session.get() as Session;
  }

  set session(value: Session | null) {
    this[EXCHANGE].session.replace(value);
  }

  /** Aborts when the client leaves before the response is whole. */
  get signal(): AbortSignal {
    this.#signal ??= signalOf(this.ctx.res);
    return this.#signal;
  }

  /** The first value of the query under a name. */
  query(name: string): string | undefined;
  query<T>(name: string, fallback: T): string | T;
  query(name: string, fallback?: unknown): unknown {
    return this.queryParams[name]?.[0] ?? fallback;
  }

  /** The first value of the body's field of a name. */
  form(name: string): unknown;
  form<T>(name: string, fallback: T): unknown;
  form(name: string, fallback?: unknown): unknown {
    const values = this.bodyParams[name];
    return values ? values[0] : fallback;
  }

  /** The parsed JSON, an empty object where there is none; with a name, that member of it. */
  json(name?: string, fallback?: unknown): unknown {
    const json = this[EXCHANGE].body?.json;
    if (name === undefined) return json === undefined ? {} : json;
    const isMember = typeof json === 'object' && json !== null && !Array.isArray(json) && Object.hasOwn(json, name);
    return isMember ? Reflect.get(json, name) : fallback;
  }

  /**
   * The parts of a multipart body, one after another, without a detour over the disk. For a method that
   * `static routes` declares with `body: 'stream'`.
   *
   * @throws 400 for a malformed or incomplete body, 413 for one beyond the limits, 415 with `uploads: false`.
   *
   * @example
   * async big() {
   *   for await (const part of this.request.parts())
   *     if (part.kind === 'file') await pipeline(part.stream, createWriteStream('/data/big'));
   * }
   */
  parts(): AsyncGenerator<Part, void, undefined> {
    return readParts(this.ctx.req, this[EXCHANGE].tools.uploads);
  }
}
