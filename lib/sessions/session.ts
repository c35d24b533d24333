import type { SessionData } from './backend.js';

/** The session of one request. */
export interface RequestSession {
  /** What handlers see as `session`. */
  get(): SessionData;
  /** Replaces all of it; `null` ends the session. */
  replace(value: object | null): void;
  /** What the session itself holds under a name; nothing that its object inherits. */
  value(name: string): unknown;
  /** Whether anything of it was read or changed in this request. */
  isUsed(): boolean;
  /** Whether the store has it already. */
  isStored(): boolean;
  /** Stores what changed, if anything may have. */
  save(): Promise<void> | undefined;
  /** Makes later changes throw, since nobody would store them. */
  seal(): void;
}

/** Where sessions are turned off. */
export const NO_SESSION: RequestSession = {
  get: refuse,
  replace: refuse,
  value: () => undefined,
  isUsed: () => false,
  isStored: () => false,
  save: () => undefined,
  seal() {},
};

function refuse(): never {
  throw new Error('Sessions are turned off here: remove `session: false` from the options of micropie()');
}

/** @throws TypeError for what JSON can not carry. */
export function toJson(session: object): string {
  try {
    return JSON.stringify(session);
  } catch (cause) {
    throw new TypeError('The session holds something that JSON can not carry, such as a bigint or a cycle', { cause });
  }
}

/** koa-session's own bookkeeping lies on the session's object too. */
export function ownValue(session: object | null | undefined, name: string): unknown {
  const isData = session && name !== 'isNew' && !name.startsWith('_') && Object.hasOwn(session, name);
  return isData ? Reflect.get(session, name) : undefined;
}
