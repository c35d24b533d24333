import type { Context } from '../request.js';
import type { SessionBackend, SessionData } from './backend.js';
import { deadline, guarded, KeyedQueue } from './guard.js';
import { toJson } from './session.js';

/** A session as it was when this request loaded or saved it last. */
interface Snapshot {
  readonly id: string;
  readonly json: string;
}

/** Thrown when a session was ended while this request still worked with it. */
export const ENDED = Symbol('session ended');

const ID = /^[\w-]{43}$/;

/**
 * Where a context keeps its store. In a WeakMap, of which the values know their keys, each request would
 * outlive V8's quick collections.
 */
export const STORE = Symbol('koa-micropie.store');

/** Makes the store class of which koa-session creates an instance for each request that uses its session. */
export function storeClass(backend: SessionBackend, timeout: number): new (ctx: Context) => RequestStore {
  const queue = new KeyedQueue();
  return class extends RequestStore {
    constructor(ctx: Context) {
      super(ctx, backend, timeout, queue);
      ctx[STORE] = this;
    }
  };
}

/** One request's view of the backend. */
export class RequestStore {
  snapshot: Snapshot | undefined;
  readonly #ctx: Context;
  readonly #backend: SessionBackend;
  readonly #timeout: number;
  readonly #queue: KeyedQueue;

  constructor(ctx: Context, backend: SessionBackend, timeout: number, queue: KeyedQueue) {
    this.#ctx = ctx;
    this.#backend = backend;
    this.#timeout = timeout;
    this.#queue = queue;
  }

  /** An identifier of another shape is the client's invention: the backend never sees it. */
  async get(id: string): Promise<SessionData | undefined> {
    if (!ID.test(id)) return undefined;
    const data = await this.#load(id, deadline());
    if (!data) return undefined;
    const json = toJson(data);
    this.snapshot = { id, json };
    return JSON.parse(json);
  }

  /**
   * Of a session that was loaded, only the members that this request changed are written, over what is
   * stored now: requests side by side keep each other's changes, and none revives an ended session. The
   * backend gets a copy, as JSON carries it, so that every backend gives back the same.
   */
  async set(id: string, session: SessionData): Promise<void> {
    const until = deadline();
    const json = toJson(withoutBookkeeping(session));
    const data: SessionData = JSON.parse(json);
    const { snapshot } = this;
    if (snapshot?.id === id)
      await this.#queue.run(id, async () => {
        const current = await this.#load(id, until);
        if (!current) throw ENDED;
        const isOurs = toJson(current) === snapshot.json;
        const next = isOurs ? data : merge(current, JSON.parse(snapshot.json), data);
        await this.#save(id, next, this.#timeout, until);
      });
    else await this.#save(id, data, this.#timeout, until);
    this.snapshot = { id, json };
  }

  async destroy(id: string): Promise<void> {
    const until = deadline();
    await this.#queue.run(id, () => this.#save(id, {}, 0, until));
    this.snapshot = undefined;
  }

  async #load(id: string, until: number): Promise<SessionData | undefined> {
    const data = await guarded('load', () => this.#backend.load(id), until);
    if (data === undefined || data === null) return undefined;
    if (typeof data === 'object' && !Array.isArray(data)) return Object.keys(data).length > 0 ? data : undefined;
    const error = new TypeError('The session backend gave something that is no session; a new one begins');
    this.#ctx.app.emit('error', error, this.#ctx);
    return undefined;
  }

  async #save(id: string, data: SessionData, timeout: number, until: number): Promise<void> {
    await guarded('save', () => this.#backend.save(id, data, timeout), until);
  }
}

/** koa-session writes its own members into what it stores; a backend sees the user's alone. */
function withoutBookkeeping({ _expire, _maxAge, _session, ...data }: SessionData): SessionData {
  return data;
}

function merge(current: SessionData, before: SessionData, after: SessionData): SessionData {
  const merged = { ...current };
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (JSON.stringify(before[name]) === JSON.stringify(after[name])) continue;
    if (Object.hasOwn(after, name)) merged[name] = after[name];
    else delete merged[name];
  }
  return merged;
}
