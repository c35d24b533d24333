import createError from 'http-errors';
import { renewalInterval, type SessionBackend, type SessionData } from './backend.js';
import { withChanges } from './changes.js';

interface Entry {
  readonly json: string;
  readonly bytes: number;
  readonly timeout: number;
  expires: number;
}

const MIB = 1024 * 1024;
const MAX_SESSION_BYTES = MIB;
const SWEEP_INTERVAL = 60_000;
// What visitors who came back may fill. The rest is for new ones: a flood of them only displaces its own.
const SHARE = 0.9;
const PUTS_OF_AN_ITERATOR = 1000;

/**
 * Keeps sessions in this process's memory: gone when it ends, unknown to other processes. A session's time
 * starts anew whenever it is used. When it is full, a session that was never loaded again goes before one that
 * was, and among those alike the one unused for longest.
 *
 * @example
 * app.use(micropie(Root, { sessionBackend: new InMemorySessionBackend(10_000) }));
 */
export class InMemorySessionBackend implements SessionBackend {
  readonly #fresh = new Shelf();
  readonly #known = new Shelf();
  readonly #maxSessions: number;
  readonly #maxBytes: number;
  #nextSweep = 0;

  /**
   * @param maxSessions - How many sessions it keeps at most.
   * @param maxBytes - How many bytes of JSON it keeps at most; one session may have 1 MiB of them.
   */
  constructor(maxSessions: number = 100_000, maxBytes: number = 64 * MIB) {
    this.#maxSessions = maxSessions;
    this.#maxBytes = maxBytes;
  }

  load(id: string): SessionData | undefined {
    const json = this.loadText(id);
    return json === undefined ? undefined : JSON.parse(json);
  }

  /** @throws Error for a session of more than 1 MiB. */
  save(id: string, data: SessionData, timeout: number): void {
    if (timeout > 0) this.#set(id, JSON.stringify(data), timeout);
    else this.#take(id);
  }

  /** @throws Error for a session that would have more than 1 MiB. */
  update(id: string, changes: SessionData, timeout: number): boolean {
    const entry = this.#find(id);
    if (!entry) return false;
    if (Object.keys(changes).length === 0) renew(entry, timeout);
    else this.#set(id, withChanges(JSON.parse(entry.json), changes), timeout);
    return true;
  }

  /** @internal */
  loadText(id: string): string | undefined {
    const entry = this.#find(id);
    if (!entry) return undefined;
    renew(entry, entry.timeout);
    this.#fresh.delete(id);
    this.#known.put(id, entry);
    this.#limitKnown();
    return entry.json;
  }

  /**
   * Stores a session that is still what it was before; what changed in between has to be merged.
   *
   * @internal
   */
  swapText(id: string, before: string, after: string, timeout: number): boolean {
    if (before === after || this.#find(id)?.json !== before) return false;
    this.#set(id, after, timeout);
    return true;
  }

  #find(id: string): Entry | undefined {
    const entry = this.#known.get(id) ?? this.#fresh.get(id);
    return entry && entry.expires > Date.now() ? entry : undefined;
  }

  #set(id: string, json: string, timeout: number): void {
    const bytes = Buffer.byteLength(json);
    if (bytes > Math.min(MAX_SESSION_BYTES, this.#maxBytes)) throw tooLarge(bytes);
    const now = Date.now();
    this.#sweep(now);
    const shelf = this.#known.has(id) ? this.#known : this.#fresh;
    if (json === '{}') shelf.delete(id);
    else shelf.put(id, { json, bytes, timeout, expires: now + timeout * 1000 });
    this.#limitKnown();
    while (this.#isFull()) (this.#fresh.size > 1 || this.#known.size === 0 ? this.#fresh : this.#known).dropOldest();
  }

  #take(id: string): void {
    this.#known.delete(id);
    this.#fresh.delete(id);
  }

  #isFull(): boolean {
    const { size, bytes } = this.#known;
    return size + this.#fresh.size > this.#maxSessions || bytes + this.#fresh.bytes > this.#maxBytes;
  }

  #limitKnown(): void {
    const known = this.#known;
    while (
      known.size > Math.ceil(this.#maxSessions * SHARE) ||
      (known.size > 1 && known.bytes > this.#maxBytes * SHARE)
    )
      known.dropOldest();
  }

  #sweep(now: number): void {
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + SWEEP_INTERVAL;
    this.#fresh.sweep(now);
    this.#known.sweep(now);
  }
}

function renew(entry: Entry, timeout: number): void {
  const expires = Date.now() + timeout * 1000;
  if (expires - entry.expires >= renewalInterval(timeout) * 1000) entry.expires = expires;
}

function tooLarge(bytes: number): Error {
  return createError(
    500,
    `The session has ${bytes} bytes as JSON, and in memory it may have ${MAX_SESSION_BYTES}: keep large values elsewhere, and their key in the session`,
  );
}

/** Entries in the order of their use, and the bytes of all. */
class Shelf {
  bytes = 0;
  // A Map keeps the order of insertion, so the first entry is the one unused for longest.
  readonly #entries = new Map<string, Entry>();
  // V8 leaves deleted entries where they were until the Map is full, and each new iterator walks over those at the
  // front: with 100,000 sessions up to 80 microseconds for each one dropped. So one iterator is kept, but not for
  // long, since it keeps the older tables of the Map alive.
  #fromOldest: Iterator<string> | undefined;
  #puts = 0;
  #newest: string | undefined;

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Makes it the newest entry. */
  put(id: string, entry: Entry): void {
    // Most are loaded and then stored: to take them out and in again would cost more than all else here.
    if (this.#newest !== id) this.delete(id);
    this.#newest = id;
    this.bytes += entry.bytes - (this.#entries.get(id)?.bytes ?? 0);
    this.#entries.set(id, entry);
    this.#puts += 1;
    if (this.#puts % PUTS_OF_AN_ITERATOR === 0) this.#fromOldest = undefined;
  }

  delete(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.bytes -= entry.bytes;
  }

  dropOldest(): void {
    this.#fromOldest ??= this.#entries.keys();
    const { value, done } = this.#fromOldest.next();
    if (done) this.#fromOldest = undefined;
    else this.delete(value);
  }

  sweep(now: number): void {
    for (const [id, { expires }] of this.#entries) if (expires <= now) this.delete(id);
  }
}
