import type { SessionBackend, SessionData } from './backend.js';

interface Entry {
  readonly json: string;
  readonly timeout: number;
  readonly expires: number;
}

const SWEEP_INTERVAL = 60_000;

/**
 * Keeps sessions in this process's memory: gone when it ends, unknown to other processes. A session's time
 * starts anew whenever it is used; when there are too many, the one unused for longest goes.
 *
 * @example
 * app.use(micropie(Root, { sessionBackend: new InMemorySessionBackend(10_000) }));
 */
export class InMemorySessionBackend implements SessionBackend {
  // JSON text, as in any other backend: nobody can change a stored session by its parts.
  readonly #entries = new Map<string, Entry>();
  readonly #max: number;
  #nextSweep = 0;

  /** @param maxSessions - How many sessions it keeps at most. */
  constructor(maxSessions = 100_000) {
    this.#max = maxSessions;
  }

  load(id: string): SessionData | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    this.#entries.delete(id);
    if (entry.expires <= Date.now()) return undefined;
    this.#put(id, entry.json, entry.timeout);
    return JSON.parse(entry.json);
  }

  save(id: string, data: SessionData, timeout: number): void {
    this.#sweep();
    this.#entries.delete(id);
    if (timeout > 0 && Object.keys(data).length > 0) this.#put(id, JSON.stringify(data), timeout);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#max && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** A Map keeps the order of insertion, so the first entry is the one unused for longest. */
  #put(id: string, json: string, timeout: number): void {
    this.#entries.set(id, { json, timeout, expires: Date.now() + timeout * 1000 });
  }

  #sweep(): void {
    const now = Date.now();
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + SWEEP_INTERVAL;
    for (const [id, { expires }] of this.#entries) if (expires <= now) this.#entries.delete(id);
  }
}
