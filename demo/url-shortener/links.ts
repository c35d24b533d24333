import { randomBytes } from 'node:crypto';
import createError from 'http-errors';
import * as z from 'zod';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** In seconds. */
export const LIFETIME = 30 * DAY;

/** How long a link may be kept, in seconds, with the names that the page shows. */
export const LIFETIMES: readonly (readonly [seconds: number, name: string])[] = [
  [HOUR, '1 hour'],
  [DAY, '1 day'],
  [LIFETIME, '30 days'],
  [365 * DAY, '1 year'],
];

const NOT_WEB = 'A link leads to an address that begins with http:// or https://';

/** What the form and the API take. `javascript:` and the like lead nowhere. */
export const NewLink = z.object({
  url: z.url({ protocol: /^https?$/, error: NOT_WEB }).max(2000, 'An address has at most 2000 characters'),
  lifetime: z
    .int('A lifetime is a number of seconds')
    .min(60, 'A link is kept for at least 60 seconds')
    .max(365 * DAY, 'A link is kept for at most a year')
    .default(LIFETIME),
});
export type NewLink = z.output<typeof NewLink>;

export interface Link {
  readonly code: string;
  readonly url: string;
  readonly expires: Date;
  clicks: number;
}

/** Where the links are kept; a real shortener has a database in its place. */
export class Links {
  readonly #links = new Map<string, Link>();
  readonly #now: () => number;

  /** @param now - Tells the time in ms. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add({ url, lifetime }: NewLink): Link {
    const code = randomBytes(6).toString('hex');
    // URL leaves a backslash of the query as it is, which `redirect` refuses.
    const href = new URL(url).href.replaceAll('\\', '%5C');
    const link = { code, url: href, expires: new Date(this.#now() + lifetime * 1000), clicks: 0 };
    this.#links.set(code, link);
    return link;
  }

  /** Those of some codes that are there, also where their time is over. */
  some(codes: readonly string[]): Link[] {
    return codes.map((code) => this.#links.get(code)).filter((link) => link !== undefined);
  }

  /** @throws 404 where there is none, 410 where its time is over. */
  find(code: string): Link {
    const link = this.#links.get(code);
    if (!link) throw createError(404, 'There is no such link');
    if (link.expires.getTime() <= this.#now()) throw createError(410, 'The time of this link is over');
    return link;
  }

  remove(code: string): void {
    this.#links.delete(code);
  }
}
