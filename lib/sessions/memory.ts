import type { SessionBackend, SessionData } from './backend.js';

interface Entry {
  json: string;
  timeout: number;
  expires: number;
}

const MAX = 100_000;
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
  readonly #texts: ExpiringTexts;

  /** @param maxSessions - How many sessions it keeps at most. */
  constructor(maxSessions: number = MAX) {
    this.#texts = new ExpiringTexts(maxSessions);
  }

  load(id: string): SessionData | undefined {
    const json = this.#texts.get(id);
    return json === undefined ? undefined : JSON.parse(json);
  }

  save(id: string, data: SessionData, timeout: number): void {
    if (timeout > 0 && Object.keys(data).length > 0) this.#texts.set(id, JSON.stringify(data), timeout);
    else this.#texts.delete(id);
  }
}

/** Texts that are kept for some seconds after they were used last. */
export class ExpiringTexts {
  // A Map keeps the order of insertion, so the first entry is the one unused for longest.
  readonly #entries = new Map<string, Entry>();
  readonly #max: number;
  #nextSweep = 0;

  constructor(max: number = MAX) {
    this.#max = max;
  }

  get(id: string): string | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    const now = Date.now();
    this.#entries.delete(id);
    if (entry.expires <= now) return undefined;
    entry.expires = now + entry.timeout * 1000;
    this.#entries.set(id, entry);
    return entry.json;
  }

  /** Like `get`, but does not count as use. */
  peek(id: string): string | undefined {
    const entry = this.#entries.get(id);
    return entry && entry.expires > Date.now() ? entry.json : undefined;
  }

  set(id: string, json: string, timeout: number): void {
    const now = Date.now();
    this.#sweep(now);
    const expires = now + timeout * 1000;
    const entry = this.#entries.get(id);
    if (entry) {
      entry.json = json;
      entry.timeout = timeout;
      entry.expires = expires;
    } else this.#entries.set(id, { json, timeout, expires });
    if (this.#entries.size > this.#max) this.#dropOldest();
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }

  #dropOldest(): void {
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  #sweep(now: number): void {
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + SWEEP_INTERVAL;
    for (const [id, { expires }] of this.#entries) if (expires <= now) this.#entries.delete(id);
  }
}
