import type { Context } from '../context.js';
import type { SessionData } from './backend.js';
import type { SessionRecords } from './records.js';
import { toJson } from './session.js';

/** A session as it was when this request loaded or saved it last. */
interface Snapshot {
  readonly id: string;
  readonly json: string;
}

const ID = /^[\w-]{43}$/;

/**
 * Where a context keeps its store. In a WeakMap, of which the values know their keys, each request would
 * outlive V8's quick collections.
 */
export const STORE = Symbol('koa-micropie.store');

/** Makes the store class of which koa-session creates an instance for each request that uses its session. */
export function storeClass(records: SessionRecords): new (ctx: Context) => RequestStore {
  return class extends RequestStore {
    constructor(ctx: Context) {
      super(ctx, records);
      ctx[STORE] = this;
    }
  };
}

/** One request's view of the stored sessions. */
export class RequestStore {
  snapshot: Snapshot | undefined;
  readonly #ctx: Context;
  readonly #records: SessionRecords;
  // The session that is saved just now, as text.
  #json: string | undefined;

  constructor(ctx: Context, records: SessionRecords) {
    this.#ctx = ctx;
    this.#records = records;
  }

  /** An identifier of another shape is the client's invention: no backend ever sees it. */
  async get(id: string): Promise<SessionData | undefined> {
    if (!ID.test(id)) return undefined;
    const json = await this.#records.load(id, this.#ctx);
    if (json === undefined) return undefined;
    this.snapshot = { id, json };
    return JSON.parse(json);
  }

  /** Lets koa-session save a session of which the text is known already. It calls `set` before it waits for anything. */
  saveAs(json: string, save: () => Promise<void>): Promise<void> {
    this.#json = json;
    const saving = save();
    this.#json = undefined;
    return saving;
  }

  /**
   * Of a session that was loaded, only the members that this request changed are written, over what is
   * stored now: requests side by side keep each other's changes, and none revives an ended session.
   */
  async set(id: string, session: SessionData): Promise<void> {
    const json = this.#json ?? toJson(withoutBookkeeping(session));
    const before = this.snapshot;
    if (before?.id !== id) await this.#records.create(id, json);
    else
      await this.#records.update(
        id,
        (current) => (current === before.json ? json : merge(current, before.json, json)),
        this.#ctx,
      );
    this.snapshot = { id, json };
  }

  async destroy(id: string): Promise<void> {
    await this.#records.destroy(id);
    this.snapshot = undefined;
  }
}

/** koa-session writes its own members into what it stores; a backend sees the user's alone. */
function withoutBookkeeping({ _expire, _maxAge, _session, ...data }: SessionData): SessionData {
  return data;
}

function merge(currentJson: string, beforeJson: string, afterJson: string): string {
  const merged: SessionData = JSON.parse(currentJson);
  const before: SessionData = JSON.parse(beforeJson);
  const after: SessionData = JSON.parse(afterJson);
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (JSON.stringify(before[name]) === JSON.stringify(after[name])) continue;
    if (Object.hasOwn(after, name)) merged[name] = after[name];
    else delete merged[name];
  }
  return JSON.stringify(merged);
}
