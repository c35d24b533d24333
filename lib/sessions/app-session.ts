import { Readable } from 'node:stream';
import type { Context } from '../context.js';
import { markPrivate } from '../response/headers.js';
import { report } from '../thrown.js';
import type { SessionData } from './backend.js';
import {
  dataOf,
  expressStore,
  isIrreplaceable,
  isKoaSession,
  promisify,
  refill,
  sessionOfRequest,
} from './foreign-object.js';
import { readOnly, tooLate, watchUntilClosed } from './seal.js';
import type { RequestSession } from './session.js';
import { isFree } from './session-object.js';

const ENDED = 'The session was ended: assign an object to `session` to begin another one';

/** The session of the app's own middleware, which loads and stores it. */
export class AppSession implements RequestSession {
  readonly #ctx: Context;
  readonly #property: PropertyDescriptor;
  /** What the middleware wants back where something is held again after the end. */
  #ended: SessionData | undefined;
  /** What is held where there is no session; it becomes one at the end, since a mere read must not begin one. */
  #draft: SessionData | undefined;
  #isUsed = false;
  #isSealed = false;
  #isSent = false;

  /** @param property - What `ctx.session` was before. */
  constructor(ctx: Context, property: PropertyDescriptor) {
    this.#ctx = ctx;
    this.#property = sessionOfRequest(ctx, property);
  }

  get(): SessionData {
    this.#use();
    const session = this.#read() ?? this.#begin();
    return this.#isSealed ? readOnly({ ...session }) : session;
  }

  /** The app's middleware in front may still change it when the controller may not. */
  getOutside(): SessionData | null {
    this.#use();
    const session = this.#read() ?? this.#draft ?? null;
    return session && this.#isSent ? readOnly({ ...session }) : session;
  }

  replace(value: object | null): void {
    if (this.#isSealed) throw tooLate();
    this.replaceOutside(value);
  }

  replaceOutside(value: object | null): void {
    if (this.#isSent) throw tooLate();
    this.#use();
    if (value) this.#fill(value);
    else this.#end(value);
  }

  value(name: string): unknown {
    const session = this.#read() ?? this.#draft;
    if (!session || !isFree(name) || !Object.hasOwn(dataOf(session), name)) return undefined;
    this.#use();
    return session[name];
  }

  markPrivate(): void {
    markPrivate(this.#ctx);
  }

  isBegun(): boolean {
    return false;
  }

  fail(): void {}

  save(): undefined {
    if (this.#draft && Object.keys(this.#draft).length > 0) this.#fill(this.#draft);
  }

  /** The app's middleware stores it when the socket is closed, too late for a cookie; koa-session can be asked before. */
  async saveEarly(): Promise<void> {
    this.save();
    const session = this.#isUsed && this.#read();
    if (session && typeof session['manuallyCommit'] === 'function') await session['manuallyCommit']();
  }

  /** A generator goes on at once, while the app's middleware stores the session when this one is through. */
  seal(): void {
    if (!(this.#ctx.body instanceof Readable)) return;
    this.#isSealed = true;
    this.#ctx.res.once('pipe', () => this.#send());
  }

  #send(): void {
    this.#isSent = true;
    const session = this.#isUsed && this.#read();
    if (!session) return;
    watchUntilClosed(
      () => dataOf(session),
      this.#ctx.res,
      (error) => report(error, this.#ctx),
    );
    // koa-session makes its object anew for each request; any other may be the app's own.
    if (isKoaSession(session)) Object.freeze(session);
  }

  #use(): void {
    this.#isUsed = true;
    this.markPrivate();
  }

  #read(): SessionData | null | undefined {
    const { get, value } = this.#property;
    const session: SessionData | null | undefined = get ? get.call(this.#ctx) : value;
    if (session) promisify(session, () => (this.#ended === session ? undefined : this.#read()));
    return session;
  }

  /** express-session makes its sessions itself: one that others have ended can't be written to. */
  #begin(): SessionData {
    if (!this.#ended && expressStore(this.#ctx)) return readOnly({}, ENDED);
    this.#draft ??= {};
    return this.#draft;
  }

  #write(value: object | null): void {
    if (this.#property.set) this.#property.set.call(this.#ctx, value);
    else this.#property.value = value;
  }

  #fill(data: object): void {
    this.#draft = undefined;
    const current = this.#read();
    const session = current ?? this.#ended ?? this.#generated();
    const filled = session && isIrreplaceable(session) ? refill(session, data) : data;
    // cookie-session (2.1) takes what it is given for a new session, which it does not send while it is empty.
    if (filled !== current) this.#write(filled);
    this.#ended = undefined;
  }

  #generated(): SessionData | null | undefined {
    expressStore(this.#ctx)?.generate(this.#ctx.req);
    return this.#read();
  }

  #end(value: null): void {
    this.#draft = undefined;
    this.#ended = this.#read() ?? this.#ended;
    this.#write(value);
  }
}

/**
 * The `session` that a context has by itself or by its app, if any.
 *
 * @throws TypeError where no property of the controller's own can stand for it.
 */
export function sessionProperty(ctx: Context): PropertyDescriptor | undefined {
  if (!('session' in ctx)) return undefined;
  for (let level: object | null = ctx; level; level = Object.getPrototypeOf(level)) {
    const property = Object.getOwnPropertyDescriptor(level, 'session');
    if (property && level === ctx && !property.configurable) refuse();
    if (property) return property;
  }
  return undefined;
}

function refuse(): never {
  throw new TypeError(
    'ctx.session is not configurable, so that nobody can tell when it is read: define it with `configurable: true`, or turn the sessions of this controller off with `session: false`',
  );
}
