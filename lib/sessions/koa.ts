import { randomBytes } from 'node:crypto';
import type Application from 'koa';
import type { SessionSettings } from '../options.js';
import type { Context } from '../request.js';
import type { SessionData } from './backend.js';
import { InMemorySessionBackend } from './memory.js';
import { NO_SESSION, ownValue, type RequestSession } from './session.js';
import { ENDED, type RequestStore, storeClass } from './store.js';

/** koa-session as it is set up for one app. */
interface AppSessions {
  readonly settings: SessionSettings;
  open(ctx: Context): Promise<RequestSession>;
}

const sessionsOfApp = new WeakMap<Application, Promise<AppSessions>>();
const settingsOfMount = new WeakMap<object, SessionSettings>();

/** Makes a mount's session settings known, so that the first request finds those of its neighbours. */
export function announceSettings(mount: object, settings: SessionSettings): void {
  settingsOfMount.set(mount, settings);
}

/**
 * Opens the session of a request: the app's own, where it has one, or else the one that all controllers of
 * the app share.
 *
 * @throws TypeError where two controllers of one app were given different settings.
 */
export async function openSession(ctx: Context, settings: SessionSettings): Promise<RequestSession> {
  if (!settings.enabled) return NO_SESSION;
  const known = sessionsOfApp.get(ctx.app);
  if (!known && 'session' in ctx) return foreignSession(ctx);
  const sessions = await (known ?? start(ctx.app, settings));
  if (settings.given && settings !== sessions.settings && !isEqual(settings, sessions.settings))
    throw new TypeError(
      'Controllers on one app share one session: give each the same `session` and `sessionBackend`, or none',
    );
  return sessions.open(ctx);
}

function start(app: Application, own: SessionSettings): Promise<AppSessions> {
  const neighbours = app.middleware.map((mount) => settingsOfMount.get(mount));
  const sessions = create(app, neighbours.find((settings) => settings?.given) ?? own);
  sessionsOfApp.set(app, sessions);
  return sessions;
}

async function create(app: Application, settings: SessionSettings): Promise<AppSessions> {
  // Loaded late: it costs more time to import than everything else here.
  const { createSession } = await import('koa-session');
  const stores = new WeakMap<Context, RequestStore>();
  const backend = settings.backend ?? new InMemorySessionBackend();
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
      ContextStore: storeClass(backend, settings.timeout, (ctx, store) => stores.set(ctx, store)),
    },
    app,
  );
  return {
    settings,
    async open(ctx) {
      if (ctx.req.headers.cookie?.includes(`${settings.cookie}=`)) await load(ctx, async () => {});
      return sharedSession(ctx, stores);
    },
  };
}

/** Nothing here touches `ctx.session` before the handler does: koa-session makes a session of every touch. */
function sharedSession(ctx: Context, stores: WeakMap<Context, RequestStore>): RequestSession {
  return {
    get: () => ctx.session ?? beginAnew(ctx),
    replace(value) {
      ctx.session = value ?? {};
    },
    value: (name) => (stores.has(ctx) ? ownValue(ctx.session, name) : undefined),
    isStored: () => stores.get(ctx)?.snapshot !== undefined,
    async save() {
      const store = stores.get(ctx);
      if (store) await save(ctx, store);
    },
    seal() {
      const session = deepFreeze(ctx.session ?? {});
      Object.defineProperty(ctx, 'session', { get: () => session, set: tooLate });
    },
  };
}

function beginAnew(ctx: Context): SessionData {
  ctx.session = {};
  return ctx.session;
}

async function save(ctx: Context, store: RequestStore): Promise<void> {
  const json = toJson(ctx.session ?? {});
  if (json === '{}') return store.snapshot && end(ctx);
  // Compared as text: koa-session itself compares checksums, which two values may share.
  if (json === store.snapshot?.json) return;
  try {
    await ctx.session.save();
  } catch (error) {
    if (error !== ENDED) throw error;
  }
}

function toJson(session: object): string {
  try {
    return JSON.stringify(session);
  } catch (cause) {
    throw new TypeError('The session holds something that JSON can not carry, such as a bigint or a cycle', { cause });
  }
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
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

/** The app's own session middleware keeps everything in its hands. */
function foreignSession(ctx: Context): RequestSession {
  return {
    get: () => ctx.session,
    replace(value) {
      ctx.session = value;
    },
    value: (name) => ownValue(ctx.session, name),
    isStored: () => true,
    async save() {},
    seal() {},
  };
}

function isEqual(a: SessionSettings, b: SessionSettings): boolean {
  return (
    JSON.stringify({ ...a, backend: undefined }) === JSON.stringify({ ...b, backend: undefined }) &&
    a.backend === b.backend
  );
}
