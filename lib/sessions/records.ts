import type { Context } from '../context.js';
import { report } from '../thrown.js';
import type { SessionBackend } from './backend.js';
import { ExpiringTexts } from './memory.js';
import { toJson } from './session.js';
import { deadline, guarded, KeyedQueue } from './timeout.js';

/**
 * Where the sessions of an app are, as JSON text: that is what requests compare and merge, and what every
 * backend gives back, whatever it was given. An empty session is none.
 */
export interface SessionRecords {
  load(id: string, ctx: Context): string | undefined | Promise<string | undefined>;
  create(id: string, json: string): unknown;
  /**
   * Changes a session while no other request does.
   *
   * @throws ENDED where it is not there any more.
   */
  update(id: string, change: (json: string) => string, ctx: Context): unknown;
  destroy(id: string): unknown;
}

/** Thrown when a session was ended while a request still worked with it. */
export const ENDED = Symbol('session ended');

/** Keeps sessions in this process, where nothing has to be waited for, nor a change of another request feared. */
export function recordsInMemory(timeout: number): SessionRecords {
  const texts = new ExpiringTexts();
  const save = (id: string, json: string) => (json === '{}' ? texts.delete(id) : texts.set(id, json, timeout));
  return {
    load: (id) => texts.get(id),
    create: save,
    update(id, change) {
      const json = texts.peek(id);
      if (json === undefined) throw ENDED;
      save(id, change(json));
    },
    destroy: (id) => texts.delete(id),
  };
}

/** Keeps sessions in a backend, which gets a copy of its own of all that it is given. */
export function recordsIn(backend: SessionBackend, timeout: number): SessionRecords {
  const queue = new KeyedQueue();

  async function load(id: string, ctx: Context, until: number): Promise<string | undefined> {
    const data = await guarded('load', () => backend.load(id), until);
    if (data === undefined || data === null) return undefined;
    if (typeof data === 'object' && !Array.isArray(data))
      return Object.keys(data).length > 0 ? toJson(data) : undefined;
    report(new TypeError('The session backend gave something that is no session; a new one begins'), ctx);
    return undefined;
  }

  function save(id: string, json: string, seconds: number, until: number): unknown {
    return guarded('save', () => backend.save(id, JSON.parse(json), seconds), until);
  }

  return {
    load: (id, ctx) => load(id, ctx, deadline()),
    create: (id, json) => save(id, json, timeout, deadline()),
    update(id, change, ctx) {
      const until = deadline();
      return queue.run(id, async () => {
        const json = await load(id, ctx, until);
        if (json === undefined) throw ENDED;
        await save(id, change(json), timeout, until);
      });
    },
    destroy(id) {
      const until = deadline();
      return queue.run(id, async () => save(id, '{}', 0, until));
    },
  };
}
