import type { SessionData } from './backend.js';

/** The session of one request. */
export interface RequestSession {
  /** What handlers see as `session`. */
  get(): SessionData;
  /** Replaces all of it; `null` ends the session. */
  replace(value: object | null): void;
  /** What the session itself holds under a name; nothing that its object inherits. */
  value(name: string): unknown;
  /** Says that the answer is this visitor's alone, as each use of the session does by itself. */
  markPrivate(): void;
  /** Whether it holds something while the client has no cookie of it yet. */
  isBegun(): boolean;
  /** Says that the request failed: what it changed may only be stored under the cookie that the client has already. */
  fail(): void;
  /** Stores what changed, if anything may have. */
  save(): Promise<void> | undefined;
  /** Stores it before the handshake of a socket, whose answer has its cookie, where that is not what `save` does. */
  saveEarly?(): Promise<void>;
  /** Makes later changes throw, since nobody would store them: call it at once after the last `save`. */
  seal(): void;
  /** What `ctx.session` does where it is not the same: middleware in front may still change it after `seal`. */
  getOutside?(): SessionData | null;
  replaceOutside?(value: object | null): void;
}

/** A session that can't be used here: each use throws. */
export function refusedSession(refuse: () => never): RequestSession {
  return {
    get: refuse,
    replace: refuse,
    value: refuse,
    markPrivate() {},
    isBegun: () => false,
    fail() {},
    save: () => undefined,
    seal() {},
  };
}

/** Where sessions are turned off. */
export const NO_SESSION: RequestSession = {
  ...refusedSession(() => {
    throw new Error('Sessions are turned off here: remove `session: false` from the options of micropie()');
  }),
  value: () => undefined,
};
