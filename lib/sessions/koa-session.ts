import { randomBytes } from 'node:crypto';
import type Application from 'koa';
import type { Context } from '../context.js';
import type { SessionSettings } from '../options.js';
import type { SessionData } from './backend.js';
import { ENDED, recordsIn, recordsInMemory } from './records.js';
import { NO_SESSION, ownValue, type RequestSession, toJson } from './session.js';
import { type RequestStore, STORE, storeClass } from './store.js';

/** koa-session as it is set up for one app. */
interface AppSessions {
  readonly settings: SessionSettings;
  open(ctx: Context): RequestSession | Promise<RequestSession>;
}

const sessionsOfApp = new WeakMap<Application, AppSessions>();
const startsOfApp = new WeakMap<Application, Promise<AppSessions>>();
const settingsOfMount = new WeakMap<object, SessionSettings>();

/** Makes a mount's session settings known, so that the first request finds those of its neighbours. */
export function announceSettings(mount: object, settings: SessionSettings): void {
  settingsOfMount.set(mount, settings);
}

/**
 * Opens the session of a request: the app's own, where it has one, or else the one that all controllers of
 * the app share. It takes a promise only where there is something to wait for.
 *
 * @throws TypeError where two controllers of one app were given different settings.
 */
export function openSession(ctx: Context, settings: SessionSettings): RequestSession | Promise<RequestSession> {
  if (!settings.enabled) return NO_SESSION;
  const sessions = sessionsOfApp.get(ctx.app);
  if (sessions) return openShared(ctx, settings, sessions);
  const starting = startsOfApp.get(ctx.app);
  if (!starting && 'session' in ctx) return foreignSession(ctx);
  return (starting ?? start(ctx.app, settings)).then((started) => openShared(ctx, settings, started));
}

function openShared(
  ctx: Context,
  settings: SessionSettings,
  sessions: AppSessions,
): RequestSession | Promise<RequestSession> {
  if (settings.given && settings !== sessions.settings && !isEqual(settings, sessions.settings))
    throw new TypeError(
      'Controllers on one app share one session: give each the same `session` and `sessionBackend`, or none',
    );
  return sessions.open(ctx);
}

function start(app: Application, own: SessionSettings): Promise<AppSessions> {
  const neighbours = app.middleware.map((mount) => settingsOfMount.get(mount));
  const starting = create(app, neighbours.find((settings) => settings?.given) ?? own);
  startsOfApp.set(app, starting);
  return starting;
}

async function create(app: Application, settings: SessionSettings): Promise<AppSessions> {
  // Loaded late: it costs more time to import than everything else here.
  const { createSession } = await import('koa-session');
  const { backend, timeout } = settings;
  const records = backend ? recordsIn(backend, timeout) : recordsInMemory(timeout);
  const cookie = {
    sameSite: settings.sameSite,
    ...(settings.secure !== undefined && { secure: settings.secure }),
    ...(settings.domain !== undefined && { domain: settings.domain }),
  };
  const load = createSession(
    {
      ...cookie,
      key: settings.cookie,
      // A cookie without a date: the backend alone decides when a session ends.
      maxAge: 'session',
      autoCommit: false,
      signed: Boolean(app.keys),
      genid: () => randomBytes(32).toString('base64url'),
      ContextStore: storeClass(records),
    },
    app,
  );
  const sessions: AppSessions = {
    settings,
    open(ctx) {
      const session = new SharedSession(ctx);
      if (!ctx.req.headers.cookie?.includes(`${settings.cookie}=`)) return session;
      return load(ctx, async () => {}).then(() => session);
    },
  };
  sessionsOfApp.set(app, sessions);
  return sessions;
}

/** Nothing here touches `ctx.session` before the handler does: koa-session makes a session of every touch. */
class SharedSession implements RequestSession {
  readonly #ctx: Context;
  #hasFailed = false;
  #isUsed = false;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  get(): SessionData {
    this.#isUsed = true;
    return this.#ctx.session ?? beginAnew(this.#ctx);
  }

  replace(value: object | null): void {
    this.#ctx.session = value ?? {};
  }

  value(name: string): unknown {
    return this.#ctx[STORE] ? ownValue(this.#ctx.session, name) : undefined;
  }

  isUsed(): boolean {
    return this.#isUsed;
  }

  isStored(): boolean {
    return this.#ctx[STORE]?.snapshot !== undefined;
  }

  save(): Promise<void> | undefined {
    // The store is there once koa-session was called upon.
    const store = this.#ctx[STORE];
    // What failed is not tried again for the error's answer, which would wait for a dead backend once more.
    return store && !this.#hasFailed ? this.#save(store) : undefined;
  }

  seal(): void {
    const session = deepFreeze(this.get());
    Object.defineProperty(this.#ctx, 'session', { get: () => session, set: tooLate });
  }

  async #save(store: RequestStore): Promise<void> {
    this.#hasFailed = true;
    try {
      await save(this.#ctx, store);
    } catch (error) {
      if (error !== ENDED) throw error;
    }
    this.#hasFailed = false;
  }
}

function save(ctx: Context, store: RequestStore): Promise<void> | undefined {
  const { session } = ctx;
  if (session) checkNames(session);
  const json = session ? toJson(session) : '{}';
  if (json === '{}') return store.snapshot && end(ctx);
  // Compared as text: koa-session itself compares checksums, which two values may share.
  return json === store.snapshot?.json ? undefined : store.saveAs(json, () => session.save());
}

function beginAnew(ctx: Context): SessionData {
  ctx.session = {};
  return ctx.session;
}

// koa-session's own members of its session object, and its methods.
const MEMBERS = new Set(['isNew', '_requireSave', '_expire']);
const METHODS = ['toJSON', 'commit', 'save', 'regenerate', 'manuallyCommit'];

/** A handler that stores a value under a name that the client chose may hit one that koa-session needs. */
function checkNames(session: SessionData): void {
  const isTaken = (name: string) => METHODS.includes(name) || (name.startsWith('_') && !MEMBERS.has(name));
  // Without its methods it has got another prototype.
  if (typeof session.save === 'function' && !Object.keys(session).some(isTaken)) return;
  throw new TypeError(
    `The session can not hold values under names that begin with '_', nor under ${METHODS.join(', ')} and __proto__`,
  );
}

/** Deletes the record and the cookie. koa-session does so for a null session, by the hand of a session object. */
async function end(ctx: Context): Promise<void> {
  ctx.session = {};
  const { session } = ctx;
  ctx.session = null;
  await session.manuallyCommit();
}

function tooLate(): never {
  throw new Error('The session can not change any more: it was stored before the first chunk of the stream was sent');
}

function deepFreeze<T>(value: T): T {
  // Bytes can't be frozen.
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

/** The app's own session middleware keeps everything in its hands. */
function foreignSession(ctx: Context): RequestSession {
  return {
    get: () => ctx.session ?? beginAnew(ctx),
    replace(value) {
      ctx.session = value;
    },
    value: (name) => ownValue(ctx.session, name),
    isUsed: () => false,
    isStored: () => true,
    save: () => undefined,
    seal() {},
  };
}

function isEqual(a: SessionSettings, b: SessionSettings): boolean {
  return (
    JSON.stringify({ ...a, backend: undefined }) === JSON.stringify({ ...b, backend: undefined }) &&
    a.backend === b.backend
  );
}
