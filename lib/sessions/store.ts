import type { Context } from '../context.js';
import type { Records, Snapshot } from './records.js';

const ID = /^[\w-]{43}$/;

/** One request's view of the stored sessions, by which koa-session asks for them. */
export class RequestStore {
  /** The session as this request loaded or stored it last. */
  snapshot: Snapshot | undefined;
  /** Whether the session gets a new identifier just now. */
  isMoving = false;
  readonly #ctx: Context;
  readonly #records: Records;
  #json = '{}';

  constructor(ctx: Context, records: Records) {
    this.#ctx = ctx;
    this.#records = records;
  }

  /** An identifier of another shape is the client's invention: no backend ever sees it. */
  async get(value: string): Promise<object | undefined> {
    const id = this.#records.idOf(value);
    const json = ID.test(value) ? await this.#records.load(id, this.#ctx) : undefined;
    if (json === undefined) return undefined;
    this.snapshot = { id, json };
    // koa-session need only know that there is one; the data stay here.
    return {};
  }

  /** Has koa-session store a session of which the text is known. */
  async write(json: string, run: () => Promise<void>, isMoving = false): Promise<void> {
    this.#json = json;
    this.isMoving = isMoving;
    try {
      await run();
    } finally {
      this.isMoving = false;
    }
  }

  async set(value: string): Promise<void> {
    const id = this.#records.idOf(value);
    const before = this.snapshot;
    const json = this.#json;
    if (!before) await this.#records.create(id, json);
    else if (before.id !== id) await this.#records.move(before, id, json, this.#ctx);
    else if (before.json === json) await this.#records.renew(before, this.#ctx);
    else await this.#records.change(before, json, this.#ctx);
    this.snapshot = { id, json };
  }

  async destroy(value: string): Promise<void> {
    if (this.isMoving) return;
    await this.#records.destroy(this.#records.idOf(value));
    this.snapshot = undefined;
  }

  isDue(): boolean {
    return this.snapshot !== undefined && this.#records.isDue(this.snapshot.id);
  }

  async renew(): Promise<void> {
    if (this.snapshot) await this.#records.renew(this.snapshot, this.#ctx);
  }
}
