import type { IncomingHttpHeaders } from 'node:http';
import { type Body, bodyOf } from './body/body.js';
import { emptyLists, givenLists, type Lists, parsePairs } from './body/pairs.js';
import type { Context } from './context.js';
import type { Target } from './routing/router.js';
import type { Route } from './routing/routes.js';
import type { SessionData } from './sessions/backend.js';
import type { ContextWithSession } from './sessions/context-session.js';
import { NO_SESSION, type RequestSession } from './sessions/session.js';
import { signalOf } from './streams/lifetime.js';
import type { UploadLimits } from './uploads/limits.js';
import { type Part, readParts } from './uploads/parts.js';
import type { Spool } from './uploads/spool.js';
import type { UploadedFile } from './uploads/uploaded-file.js';
import type { Render } from './views.js';

// Where a request's way keeps what it knows of it, apart from the names that hooks may choose.
export const BODY = Symbol('body');
export const SESSION = Symbol('session');
export const SPOOL = Symbol('spool');
export const MOUNT = Symbol('mount');

/** What a mount lends to its requests. */
export interface Mount {
  readonly uploads: UploadLimits;
  readonly render: Render;
}

/**
 * One request, as handlers and hooks see it: views over Koa's context, made when they are asked for.
 * Hooks may put properties of their own on it.
 *
 * @typeParam Session - What the session holds.
 */
export class Request<Session extends object = SessionData> {
  /** Koa's context of the request. */
  readonly ctx: ContextWithSession;
  /** The route that was matched; undefined where none was. */
  readonly route: Route | undefined;
  /** The decoded path segments behind the route's name. */
  readonly pathParams: readonly string[];
  /** @internal */
  [BODY]: Body | undefined;
  /** @internal */
  [SESSION]: RequestSession = NO_SESSION;
  /** @internal */
  [SPOOL]: Spool | undefined;
  /** @internal */
  readonly [MOUNT]: Mount;
  #files: Lists<UploadedFile> | undefined;
  #queryParams: Lists | undefined;
  #signal: AbortSignal | undefined;

  /** @internal */
  constructor(ctx: Context, { handler, pathParams }: Target, mount: Mount) {
    // Before hooks or handlers see it, openSession has put the session there.
    this.ctx = ctx as ContextWithSession;
    this.route = handler?.route;
    this.pathParams = pathParams;
    this[MOUNT] = mount;
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
    this[BODY] ??= bodyOf({});
    return this[BODY].fields;
  }

  /** The uploaded files, as a list under each field's name; there when the before hooks are through. */
  get files(): Lists<UploadedFile> {
    this.#files ??= emptyLists();
    return this.#files;
  }

  /** @internal */
  set files(files: Lists<UploadedFile>) {
    this.#files = files;
  }

  /** The visitor's session; assign an empty object or `null` to end it. */
  get session(): Session {
    // The class alone knows what the sessions of its app hold.
    return this[SESSION].get() as Session;
  }

  set session(value: Session | null) {
    this[SESSION].replace(value);
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
    const json = this[BODY]?.json;
    if (name === undefined) return json === undefined ? {} : json;
    const isMember = typeof json === 'object' && json !== null && !Array.isArray(json) && Object.hasOwn(json, name);
    return isMember ? Reflect.get(json, name) : fallback;
  }

  /**
   * The parts of a multipart body, one after another, without a detour over the disk. For a method that
   * `static routes` declares with `body: 'stream'`.
   *
   * @throws 400 for a malformed or incomplete body, 413 for one beyond the limits.
   *
   * @example
   * async big() {
   *   for await (const part of this.request.parts())
   *     if (part.kind === 'file') await pipeline(part.stream, createWriteStream('/data/big'));
   * }
   */
  parts(): AsyncGenerator<Part, void, undefined> {
    return readParts(this.ctx.req, this[MOUNT].uploads);
  }
}
