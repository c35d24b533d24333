import { randomBytes } from 'node:crypto';
import type { Context } from '../context.js';
import type { SessionSettings } from './options.js';
import type { RequestStore } from './store.js';

/** The part of koa-session's session object that is used. */
interface KoaSession {
  save(): Promise<void>;
  regenerate(): Promise<void>;
  manuallyCommit(): Promise<void>;
}

/** What koa-session takes for Koa's context. It puts its accessors there, and none on the app's. */
export class SessionContext {
  /** koa-session's accessor. */
  declare session: KoaSession | null;
  readonly store: RequestStore;
  readonly cookies: SessionCookies;
  readonly #ctx: Context;

  constructor(ctx: Context, store: RequestStore, settings: SessionSettings) {
    this.#ctx = ctx;
    this.store = store;
    this.cookies = new SessionCookies(ctx, store, settings);
  }

  get app(): Context['app'] {
    return this.#ctx.app;
  }
}

class SessionCookies {
  readonly #ctx: Context;
  readonly #store: RequestStore;
  readonly #settings: SessionSettings;

  constructor(ctx: Context, store: RequestStore, settings: SessionSettings) {
    this.#ctx = ctx;
    this.#store = store;
    this.#settings = settings;
  }

  get(name: string): string | undefined {
    return this.#ctx.cookies.get(name, { signed: this.#isSigned() });
  }

  set(name: string, value: string, options: object): void {
    // On its way to a new identifier koa-session deletes the cookie, which must not happen where there is no new one.
    if (value === '' && this.#store.isMoving) return;
    this.#ctx.cookies.set(name, value, { ...options, signed: this.#isSigned() });
    if (value !== '' && this.#settings.persistent) this.#addMaxAge();
  }

  #isSigned(): boolean {
    return Boolean(this.#ctx.app.keys);
  }

  /** cookies (0.9.1) writes Expires alone, which depends on the client's clock. */
  #addMaxAge(): void {
    const { cookie, timeout } = this.#settings;
    const all = [this.#ctx.response.get('Set-Cookie')].flat();
    const isOurs = (text: string) => text.startsWith(`${cookie}=`) || text.startsWith(`${cookie}.sig=`);
    this.#ctx.set(
      'Set-Cookie',
      all.map((text) => (isOurs(text) && !/; max-age=/.test(text) ? `${text}; max-age=${timeout}` : text)),
    );
  }
}

/** koa-session, set up with some settings. */
export interface KoaSessions {
  begin(ctx: Context, store: RequestStore): SessionContext;
  /** Reads the cookie, and the session from the store. */
  load(context: SessionContext): Promise<void>;
}

// Imported late, since that takes more time than everything else here; and once, since that takes turns of the
// event loop each time.
let loading: Promise<typeof import('koa-session')> | undefined;

export async function setUpKoaSession(settings: SessionSettings): Promise<KoaSessions> {
  loading ??= import('koa-session');
  const { createSession } = await loading;
  const Own = class extends SessionContext {};
  const { secure, domain } = settings;
  const load = createSession(
    {
      key: settings.cookie,
      sameSite: settings.sameSite,
      ...(secure !== undefined && { secure }),
      ...(domain !== undefined && { domain }),
      // A cookie without a date ends with the browser; the session itself ends when the backend says so.
      maxAge: settings.persistent ? settings.timeout * 1000 : 'session',
      autoCommit: false,
      genid: () => randomBytes(32).toString('base64url'),
      ContextStore: StoreOfContext,
    },
    { use() {}, context: Own.prototype },
  );
  return {
    begin: (ctx, store) => new Own(ctx, store, settings),
    load: (context) => load(context, async () => {}),
  };
}

/** koa-session makes its store itself, one for each context, and asks for its methods on the prototype. */
class StoreOfContext {
  readonly #store: RequestStore;

  constructor({ store }: SessionContext) {
    this.#store = store;
  }

  get(id: string): Promise<object | undefined> {
    return this.#store.get(id);
  }

  set(id: string): Promise<void> {
    return this.#store.set(id);
  }

  destroy(id: string): Promise<void> {
    return this.#store.destroy(id);
  }
}
