import type { SessionData } from './backend.js';

/** The session of one request. */
export interface RequestSession {
  /** What handlers see as `session`. */
  get(): SessionData;
  /** Replaces all of it; `null` ends the session. */
  replace(value: object | null): void;
  /** What the session itself holds under a name; nothing that its object inherits. */
  value(name: string): unknown;
  /** Whether code of the user touched it in this request, or a value was found in it. */
  isUsed(): boolean;
  /** Whether a request that failed may store what it changed: under the cookie that the client has already. */
  isStored(): boolean;
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
    isUsed: () => false,
    isStored: () => false,
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
