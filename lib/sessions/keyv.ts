import type { SessionBackend, SessionData } from './backend.js';

/** The part of a Keyv instance that sessions need. */
export interface KeyvLike {
  get(key: string): Promise<SessionData | undefined>;
  /** Since Keyv 5.4. */
  getRaw?(key: string): Promise<{ readonly value?: SessionData } | undefined>;
  set(key: string, value: SessionData, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  on?(event: 'error', listener: (error: unknown) => void): unknown;
  readonly store?: { on?(event: 'error', listener: (error: unknown) => void): unknown };
}

// Apart from whatever else the store holds: the client, who says which session is its own, may know such keys.
const PREFIX = 'session:';

/**
 * Keeps sessions in any store that Keyv has an adapter for, so that several processes share them.
 *
 * Keyv and its adapters hide failures: they emit an error and go on as if the key were unknown, or the value
 * stored. Here every failure counts as one, and the request is answered with 503. The Keyv instance needs no
 * option for this and no listener, and its options stay as they are. A session's time starts anew whenever
 * it is saved.
 *
 * @param keyv - An instance of Keyv.
 *
 * @example
 * import KeyvRedis from '@keyv/redis';
 * import { Keyv } from 'keyv';
 *
 * const keyv = new Keyv(new KeyvRedis('redis://localhost:6379'));
 * app.use(micropie(Root, { sessionBackend: keyvSessionBackend(keyv) }));
 */
export function keyvSessionBackend(keyv: KeyvLike): SessionBackend {
  const errors = collectErrors(keyv);

  async function load(id: string): Promise<SessionData | undefined> {
    const check = errors.watch();
    const data = await read(keyv, PREFIX + id);
    if (!data) check();
    return data;
  }

  async function store(id: string, data: SessionData, timeout: number): Promise<void> {
    const check = errors.watch();
    const isStored = await keyv.set(PREFIX + id, data, timeout * 1000);
    check();
    if (isStored === false) throw new Error('Keyv did not store the session');
  }

  async function remove(id: string): Promise<void> {
    const check = errors.watch();
    const isDeleted = await keyv.delete(PREFIX + id);
    check();
    // Keyv says so of a key that is not there, too.
    if (isDeleted === false && (await load(id))) throw new Error('Keyv did not delete the session');
  }

  return {
    load,
    save: (id, data, timeout) => (timeout > 0 && Object.keys(data).length > 0 ? store(id, data, timeout) : remove(id)),
  };
}

/** Of the two, `get` hides what a store throws. */
async function read(keyv: KeyvLike, key: string): Promise<SessionData | undefined> {
  return keyv.getRaw ? (await keyv.getRaw(key))?.value : keyv.get(key);
}

/**
 * Listens to the errors of a Keyv instance, and to its store's, which the option `emitErrors: false` would
 * keep from it. An error can't be told to belong to a certain call: it counts for all that are under way.
 */
function collectErrors(keyv: KeyvLike): { watch(): () => void } {
  let count = 0;
  let last: unknown;
  const note = (error: unknown): void => {
    count += 1;
    last = error;
  };
  keyv.on?.('error', note);
  keyv.store?.on?.('error', note);
  return {
    watch() {
      const before = count;
      return () => {
        if (count > before) throw last;
      };
    },
  };
}
