import type { SessionData } from './backend.js';

/** What the session's object does for its owner. */
export interface SessionOwner {
  isNew(): boolean;
  regenerate(): void;
  /** Stores what changed, since the user asks for it: also in a request that failed. */
  store(): Promise<void> | undefined;
}

type Callback = (error?: unknown) => void;

/**
 * What handlers and middleware see as the session: the data as members, and some methods beside them.
 * It is not koa-session's own object, which drops a value under one of its own names without a word.
 */
export class SessionObject {
  [name: string]: unknown;
  readonly #owner: SessionOwner;

  constructor(owner: SessionOwner, data: SessionData) {
    this.#owner = owner;
    Object.assign(this, data);
  }

  /**
   * Gives the session a new identifier when the request is over: whoever knew the old one has nothing. It
   * keeps what it holds, and is not brought back where somebody else ended it in the meantime.
   *
   * @example
   * await this.ctx.session.regenerate();
   * this.session.user = 'alice';
   */
  async regenerate(callback?: Callback): Promise<void> {
    this.#owner.regenerate();
    callback?.();
  }

  /** Stores the session now, instead of when the request is over. */
  async save(callback?: Callback): Promise<void> {
    const saved = Promise.resolve(this.#owner.store());
    // As passport calls it: there the callback alone hears of an error.
    await (callback ? saved.then(() => callback(), callback) : saved);
  }

  /** The data alone. */
  toJSON(): SessionData {
    return { ...this };
  }
}

// The members of koa-session's object (7.0.2), so that a controller can stand behind the app's own koa-session too.
const RESERVED = new Set([
  'isNew',
  'length',
  'populated',
  'externalKey',
  'maxAge',
  'toJSON',
  'commit',
  'save',
  'regenerate',
  'manuallyCommit',
]);

for (const name of [...RESERVED, '__proto__']) {
  const method = Object.getOwnPropertyDescriptor(SessionObject.prototype, name)?.value;
  Object.defineProperty(SessionObject.prototype, name, { get: () => method, set: () => refuse(name) });
}

/** Whether a name can be one of the session's data. */
export function isFree(name: string): boolean {
  return !RESERVED.has(name) && !name.startsWith('_');
}

/** @throws TypeError that names a member that the session can not hold. */
export function checkNames(session: object): void {
  const taken = Object.keys(session).find((name) => !isFree(name));
  if (taken !== undefined) refuse(taken);
}

function refuse(name: string): never {
  throw new TypeError(
    `The session can not hold a value under the name '${name}': koa-session has ${[...RESERVED].join(', ')}, and all that begins with '_', for itself; take another name`,
  );
}
