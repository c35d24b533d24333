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
const ENDED_PREFIX = 'session-ended:';

/**
 * Keeps sessions in any store that Keyv has an adapter for, so that several processes share them. Requests of
 * two processes that change one session at the same time may lose one of the changes, since such stores can
 * not change it in one step: `redisSessionBackend` can.
 *
 * A session that was ended is marked for as long as it would have lived: no other process brings it back.
 * Its keys are `session:` and `session-ended:` with the identifier. Keyv and its adapter put their namespaces
 * in front: Redis shows `keyv::keyv:session:...`, or `session:...` for a Keyv that `createKeyv` made.
 *
 * Keyv and its adapters hide failures: they emit an error and go on as if the key were unknown, or the value
 * stored. Here every failure counts as one, and the request is answered with 503. The Keyv instance needs no
 * option for this and no listener, and its options stay as they are.
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
  // A session is ended without saying how long it would have lived.
  let longest = 8 * 3600;

  async function get(key: string): Promise<SessionData | undefined> {
    const check = errors.watch();
    const data = await read(keyv, key);
    if (!data) check();
    return data;
  }

  async function set(key: string, data: SessionData, timeout: number): Promise<void> {
    const check = errors.watch();
    const isStored = await keyv.set(key, data, timeout * 1000);
    check();
    if (isStored !== false) return;
    // Asked for the key, a store that failed says why.
    await get(key);
    throw new Error('Keyv did not store the session');
  }

  async function remove(key: string): Promise<void> {
    const check = errors.watch();
    const isDeleted = await keyv.delete(key);
    check();
    // Keyv says so of a key that is not there, too.
    if (isDeleted === false && (await get(key))) throw new Error('Keyv did not delete the session');
  }

  async function load(id: string): Promise<SessionData | undefined> {
    const [data, mark] = await Promise.all([get(PREFIX + id), get(ENDED_PREFIX + id)]);
    return mark ? undefined : data;
  }

  async function store(id: string, data: SessionData, timeout: number): Promise<void> {
    longest = Math.max(longest, timeout);
    await set(PREFIX + id, data, timeout);
    // Another process may have ended it since it was loaded.
    if (await get(ENDED_PREFIX + id)) await remove(PREFIX + id);
  }

  async function end(id: string): Promise<void> {
    await set(ENDED_PREFIX + id, { ended: true }, longest);
    await remove(PREFIX + id);
  }

  return {
    load,
    save: (id, data, timeout) => (timeout > 0 && Object.keys(data).length > 0 ? store(id, data, timeout) : end(id)),
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
