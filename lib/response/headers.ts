import type { Context } from '../context.js';
import { beforeHead } from '../koa-compat.js';

const MARKED = Symbol('private');

/**
 * Keeps an answer for which the session was read out of shared caches, whatever the address looks like: a cache that
 * goes by the ending would store `/me/nothing.css`. Whoever sets or drops headers afterwards, Koa for its errors too:
 * the head is looked at once more when it goes.
 */
export function markPrivate(ctx: Context): void {
  mark(ctx);
  if (ctx[MARKED]) return;
  ctx[MARKED] = true;
  beforeHead(ctx.res, () => mark(ctx));
}

function mark(ctx: Context): void {
  if (ctx.headerSent) return;
  const { res } = ctx;
  if (!res.getHeader('Cache-Control')) res.setHeader('Cache-Control', 'private');
  const vary = res.getHeader('Vary');
  if (vary === undefined) res.setHeader('Vary', 'Cookie');
  else if (vary !== 'Cookie') ctx.vary('Cookie');
}
