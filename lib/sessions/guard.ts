import createError from 'http-errors';

const DEADLINE = 2000;

/**
 * Calls a session backend, which has two seconds.
 *
 * @throws 503 when it fails or hangs: an empty session in its place would log everybody out.
 */
export async function guarded<T>(action: string, call: () => T | Promise<T>): Promise<T> {
  try {
    const result = call();
    return result instanceof Promise ? await withDeadline(result) : result;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw createError(503, `The session backend can't ${action}: ${reason}`, { cause });
  }
}

function withDeadline<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${DEADLINE} ms`)), DEADLINE);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Runs tasks of one key one after another, those of different keys side by side. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const turn = this.#tails.get(key) ?? Promise.resolve();
    const result = turn.then(task);
    const tail = result.then(
      () => {},
      () => {},
    );
    this.#tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
