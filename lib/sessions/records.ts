import type { Context } from '../context.js';
import { report } from '../thrown.js';
import { isRecord } from '../values.js';
import { renewalInterval, type SessionBackend, type SessionData } from './backend.js';
import { changesBetween, toJson, withChanges } from './changes.js';
import { InMemorySessionBackend } from './memory.js';
import { SESSION_ROWS, type SessionSettings } from './options.js';
import { deadline, guarded, KeyedQueue, Recent } from './timeout.js';

/** Thrown when a session was ended while a request still worked with it. */
export const ENDED = Symbol('session ended');

/** A session as a request loaded or stored it last; as text, which nobody can change by its parts. */
export interface Snapshot {
  readonly id: string;
  readonly json: string;
}

/** What requests do with the sessions of a backend. Each step is through in 2 seconds, or fails with 503. */
export class Records {
  readonly #backend: SessionBackend;
  readonly #timeout: number;
  readonly #cookie: string;
  // Only what goes without `update` has to be done one after another.
  readonly #queue = new KeyedQueue();
  readonly #renewed: Recent;

  constructor(backend: SessionBackend, { timeout, cookie }: Pick<SessionSettings, 'timeout' | 'cookie'>) {
    this.#backend = backend;
    this.#timeout = timeout;
    this.#cookie = cookie;
    this.#renewed = new Recent(renewalInterval(timeout));
  }

  /**
   * The identifier under which the backend has the session of a cookie's value. It goes by the cookie's name as well:
   * with one backend for both, a shop's cookie sent under the name of the administrators' is none of theirs. No value
   * has a dot, so that none of the default cookie passes for that of another.
   */
  idOf(value: string): string {
    return this.#cookie === SESSION_ROWS.cookie.fallback ? value : `${this.#cookie}.${value}`;
  }

  /** Gives a session as JSON text; an empty one is none. */
  load(id: string, ctx: Context, until = deadline()): string | undefined | Promise<string | undefined> {
    const backend = this.#backend;
    if (keepsTexts(backend)) return guarded('load', () => backend.loadText(id), until);
    const loaded = guarded('load', () => backend.load(id), until);
    return loaded instanceof Promise ? loaded.then((data) => toText(data, ctx)) : toText(loaded, ctx);
  }

  /** Stores a session under an identifier that is new. */
  async create(id: string, json: string): Promise<void> {
    await this.#save(id, json, deadline());
  }

  /**
   * Stores what a request changed over what is stored now.
   *
   * @throws ENDED where the session is not there any more.
   */
  async change({ id, json }: Snapshot, after: string, ctx: Context): Promise<void> {
    const until = deadline();
    const backend = this.#backend;
    if (keepsTexts(backend) && guarded('save', () => backend.swapText(id, json, after, this.#timeout), until)) return;
    const changes = changesBetween(json, after);
    if (backend.update) await this.#update(id, changes, until);
    else
      await this.#queue.run(id, async () =>
        this.#save(id, withChanges(await this.#current(id, ctx, until), changes), until),
      );
  }

  /** Whether nobody in this process renewed a session's time lately. */
  isDue(id: string): boolean {
    return !this.#renewed.has(id);
  }

  /** @throws ENDED where the session is not there any more. */
  async renew(snapshot: Snapshot, ctx: Context): Promise<void> {
    if (this.isDue(snapshot.id)) await this.change(snapshot, snapshot.json, ctx);
  }

  /**
   * Gives a session another identifier. The new record is there before the old one goes, which happens in one
   * step with asking whether it was still there: an end by somebody else holds.
   *
   * @throws ENDED where the session is not there any more.
   */
  async move(from: Snapshot, to: string, after: string, ctx: Context): Promise<void> {
    const until = deadline();
    const move = async () => {
      const current = await this.#current(from.id, ctx, until);
      const json = withChanges(current, changesBetween(from.json, after));
      if (json === '{}') throw ENDED;
      await this.#save(to, json, until);
      try {
        await this.#remove(from.id, Object.keys(current), ctx, until);
      } catch (error) {
        await this.#save(to, '{}', until);
        throw error;
      }
    };
    await (this.#backend.update ? move() : this.#queue.run(from.id, move));
  }

  async destroy(id: string): Promise<void> {
    const until = deadline();
    const destroy = async () => this.#save(id, '{}', until);
    await (this.#backend.update ? destroy() : this.#queue.run(id, destroy));
  }

  async #remove(id: string, names: readonly string[], ctx: Context, until: number): Promise<void> {
    if (this.#backend.update) await this.#update(id, Object.fromEntries(names.map((name) => [name, undefined])), until);
    else await this.#current(id, ctx, until);
    await this.#save(id, '{}', until);
  }

  async #current(id: string, ctx: Context, until: number): Promise<SessionData> {
    const json = await this.load(id, ctx, until);
    if (json === undefined) throw ENDED;
    return JSON.parse(json);
  }

  async #update(id: string, changes: SessionData, until: number): Promise<void> {
    const isThere = await guarded('save', () => this.#backend.update?.(id, changes, this.#timeout), until);
    if (isThere === false) throw ENDED;
    this.#renewed.add(id);
  }

  /** The backend gets a copy of its own. */
  async #save(id: string, json: string, until: number): Promise<void> {
    await guarded('save', () => this.#backend.save(id, JSON.parse(json), json === '{}' ? 0 : this.#timeout), until);
    this.#renewed.add(id);
  }
}

/** Texts need not be made objects and texts again, unless somebody has put a `load` of their own over this one. */
function keepsTexts(backend: SessionBackend): backend is InMemorySessionBackend {
  return backend instanceof InMemorySessionBackend && backend.load === InMemorySessionBackend.prototype.load;
}

function toText(data: unknown, ctx: Context): string | undefined {
  if (data === undefined || data === null) return undefined;
  if (isRecord(data)) return Object.keys(data).length > 0 ? toJson(data) : undefined;
  report(new TypeError('The session backend gave something that is no session; a new one begins'), ctx);
  return undefined;
}
