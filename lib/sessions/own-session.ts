import type { Context } from '../context.js';
import { markPrivate } from '../response/headers.js';
import { report } from '../thrown.js';
import type { SessionData } from './backend.js';
import { toJson } from './changes.js';
import { type KoaSessions, type SessionContext, setUpKoaSession } from './koa-session.js';
import type { SessionSettings } from './options.js';
import { ENDED, type Records } from './records.js';
import { readOnly, tooLate, watchUntilClosed } from './seal.js';
import type { RequestSession } from './session.js';
import { checkNames, isFree, SessionObject, type SessionOwner } from './session-object.js';
import { RequestStore } from './store.js';

/** The sessions of one app that go by the same settings. */
export class Sessions {
  readonly settings: SessionSettings;
  readonly records: Records;
  /** Whether others on the app, whose settings differ, have the same cookie and were there before. */
  isRefused = false;
  readonly #cookie: string;
  #koaSessions: Promise<KoaSessions> | undefined;

  constructor(settings: SessionSettings, records: Records) {
    this.settings = settings;
    this.records = records;
    this.#cookie = `${settings.cookie}=`;
  }

  /** Opens a request's session. It takes a promise only where there is a cookie, and so something to load. */
  open(ctx: Context): OwnSession | Promise<OwnSession> {
    const session = new OwnSession(ctx, this);
    return ctx.req.headers.cookie?.includes(this.#cookie) ? session.load() : session;
  }

  koaSessions(): Promise<KoaSessions> {
    this.#koaSessions ??= setUpKoaSession(this.settings);
    return this.#koaSessions;
  }
}

/** A session of this package. Nothing is read or written before it is touched, but for the record of a cookie. */
export class OwnSession implements RequestSession, SessionOwner {
  readonly #ctx: Context;
  readonly #sessions: Sessions;
  readonly #store: RequestStore;
  #context: SessionContext | undefined;
  #object: SessionObject | undefined;
  #isUsed = false;
  #isRegenerated = false;
  #isFailed = false;
  // What failed is not tried again for the error's answer, which would wait for a dead backend once more.
  #isOver = false;
  #isHeld = false;
  #isSealed = false;
  #isClosed = false;

  constructor(ctx: Context, sessions: Sessions) {
    this.#ctx = ctx;
    this.#sessions = sessions;
    this.#store = new RequestStore(ctx, sessions.records);
  }

  async load(): Promise<this> {
    const koaSessions = await this.#sessions.koaSessions();
    this.#context = koaSessions.begin(this.#ctx, this.#store);
    await koaSessions.load(this.#context);
    return this;
  }

  get(): SessionData {
    this.#use();
    const object = this.#open();
    return this.#isSealed ? readOnly({ ...object }) : object;
  }

  getOutside(): SessionData {
    this.#use();
    const object = this.#open();
    return this.#isClosed ? readOnly({ ...object }) : object;
  }

  replace(value: object | null): void {
    if (this.#isSealed) throw tooLate();
    this.replaceOutside(value);
  }

  replaceOutside(value: object | null): void {
    if (this.#isClosed) throw tooLate();
    if (typeof value !== 'object') throw new TypeError('The session can only be an object, or null to end it');
    this.#use();
    this.#object = new SessionObject(this, { ...value });
  }

  value(name: string): unknown {
    if (!this.#object && !this.#store.snapshot) return undefined;
    const value = Object.hasOwn(this.#open(), name) ? this.#open()[name] : undefined;
    if (value !== undefined) this.#use();
    return value;
  }

  markPrivate(): void {
    markPrivate(this.#ctx);
  }

  isBegun(): boolean {
    return this.isNew() && this.#object !== undefined && Object.keys(this.#object).length > 0;
  }

  isNew(): boolean {
    return this.#store.snapshot === undefined;
  }

  fail(): void {
    this.#isFailed = true;
  }

  regenerate(): void {
    if (this.#isClosed) throw tooLate();
    this.#use();
    this.#isRegenerated = true;
  }

  /** After a failure nobody gets a new identifier, and data of one who logs in never lie under that from before. */
  save(): Promise<void> | undefined {
    return this.#isFailed && (this.isNew() || this.#isRegenerated) ? undefined : this.store();
  }

  store(): Promise<void> | undefined {
    if (this.#isOver || this.#isClosed) return undefined;
    const { snapshot } = this.#store;
    const json = this.#object ? this.#textOf(this.#object) : snapshot?.json;
    if (json === undefined || (json === '{}' && !snapshot)) return undefined;
    if (json === '{}') return this.#attempt(() => this.#end());
    const isSame = json === snapshot?.json && !this.#isRegenerated;
    if (!isSame || this.#isRolling()) return this.#attempt(() => this.#write(json));
    return this.#store.isDue() ? this.#attempt(() => this.#store.renew()) : undefined;
  }

  /** What can't be stored is told once, not for the error's answer again. */
  #textOf(object: SessionObject): string {
    this.#isOver = true;
    checkNames(object);
    const json = toJson(object);
    this.#isOver = false;
    return json;
  }

  /** Lets middleware in front of the controllers change the session until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  isHeld(): boolean {
    return this.#isHeld;
  }

  release(): void {
    this.#isHeld = false;
    this.seal();
  }

  seal(): void {
    this.#isSealed = true;
    if (this.#isHeld || this.#isClosed) return;
    this.#isClosed = true;
    const object = this.#object;
    if (!object) return;
    Object.freeze(object);
    // What lies deeper is not frozen: it may be the app's own.
    if (!Object.values(object).some((value) => typeof value === 'object' && value !== null)) return;
    watchUntilClosed(
      () => object,
      this.#ctx.res,
      (error) => report(error, this.#ctx),
    );
  }

  #use(): void {
    this.#isUsed = true;
    this.markPrivate();
  }

  #open(): SessionObject {
    this.#object ??= new SessionObject(this, this.#stored());
    return this.#object;
  }

  #stored(): SessionData {
    const data: SessionData = JSON.parse(this.#store.snapshot?.json ?? '{}');
    // Somebody else may have stored it.
    for (const name of Object.keys(data)) if (!isFree(name)) delete data[name];
    return data;
  }

  #isRolling(): boolean {
    return this.#sessions.settings.persistent && this.#isUsed;
  }

  async #attempt(store: () => Promise<void>): Promise<void> {
    this.#isOver = true;
    try {
      await store();
    } catch (error) {
      // It stays over: whoever ended the session has the last word.
      if (error === ENDED) return;
      throw error;
    }
    this.#isOver = false;
  }

  async #write(json: string): Promise<void> {
    const isMoving = this.#isRegenerated && !this.isNew();
    this.#context ??= (await this.#sessions.koaSessions()).begin(this.#ctx, this.#store);
    const { session } = this.#context;
    await this.#store.write(json, async () => (isMoving ? session?.regenerate() : session?.save()), isMoving);
    this.#isRegenerated = false;
  }

  /** koa-session deletes the record and the cookie for a null session, asked by the object that it was. */
  async #end(): Promise<void> {
    const context = this.#context;
    if (!context) return;
    const { session } = context;
    context.session = null;
    await session?.manuallyCommit();
    // What is stored afterwards gets an identifier of its own.
    this.#context = undefined;
  }
}
