import type { Context, Middleware, Next } from 'koa';

/** A Koa middleware that counts the requests that came and those that are not yet through. */
export function countRequests(): Middleware & { seen: number; pending: number } {
  const count = async (_ctx: Context, next: Next): Promise<void> => {
    counter.seen += 1;
    counter.pending += 1;
    try {
      await next();
    } finally {
      counter.pending -= 1;
    }
  };
  const counter = Object.assign(count, { seen: 0, pending: 0 });
  return counter;
}
