import createError from 'http-errors';
import { toError } from '../thrown.js';
import { isPromiseLike } from '../values.js';

const PATIENCE = 2000;

/** When a session backend must be through with what is asked of it now. */
export function deadline(): number {
  return performance.now() + PATIENCE;
}

/**
 * Calls a session backend.
 *
 * @throws 503 when it fails or is not through in time: an empty session in its place would log everybody out.
 * An error of http-errors passes unchanged: it says that the backend is well and the request is not.
 */
export function guarded<T>(action: string, call: () => T | PromiseLike<T>, until: number): T | Promise<T> {
  const fail = (cause: unknown): never => {
    if (createError.isHttpError(cause)) throw cause;
    throw createError(503, `The session backend can't ${action}: ${toError(cause).message}`, { cause });
  };
  try {
    const result = call();
    return isPromiseLike(result) ? inTime(result, until).catch(fail) : result;
  } catch (cause) {
    return fail(cause);
  }
}

function inTime<T>(result: PromiseLike<T>, until: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`no answer within ${PATIENCE} ms`));
    const timer = setTimeout(late, until - performance.now());
    Promise.resolve(result)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/** Runs tasks of one key one after another, those of different keys side by side. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();

  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const result = this.#tails.get(key)?.then(task) ?? task();
    const leave = () => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    };
    const tail = result.then(leave, leave);
    this.#tails.set(key, tail);
    return result;
  }
}

/** Remembers texts for one to two periods; at most 100,000, of which the older half is forgotten first. */
export class Recent {
  readonly #period: number;
  #now = new Set<string>();
  #before = new Set<string>();
  #turn = performance.now();

  /** @param period - In seconds. */
  constructor(period: number) {
    this.#period = period * 1000;
  }

  has(text: string): boolean {
    const age = performance.now() - this.#turn;
    if (age >= this.#period || this.#now.size >= 50_000) this.#forget(age);
    return this.#now.has(text) || this.#before.has(text);
  }

  add(text: string): void {
    if (!this.has(text)) this.#now.add(text);
  }

  #forget(age: number): void {
    this.#before = age < 2 * this.#period ? this.#now : new Set();
    this.#now = new Set();
    this.#turn = performance.now();
  }
}
