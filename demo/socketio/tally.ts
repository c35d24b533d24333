import { channel } from '../../lib/index.js';

/** A number that goes up, and tells who listens. */
export class Tally {
  readonly changes = channel<number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(): number {
    this.#count += 1;
    this.changes.publish(this.#count);
    return this.#count;
  }
}

/** The one of this process. */
export const tally = new Tally();
