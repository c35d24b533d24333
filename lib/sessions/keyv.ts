import type { SessionBackend, SessionData } from './backend.js';

/** The part of a Keyv instance that sessions need. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

export function keyvSessionBackend(keyv: KeyvLike): SessionBackend {
  return {
    load: async (id) => (await keyv.get(id)) as SessionData | undefined,
    save: (id, data, timeout) => keyv.set(id, data, timeout * 1000),
  };
}
