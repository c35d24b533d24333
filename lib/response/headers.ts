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
  const given = res.getHeader('Cache-Control');
  // Several values of a header are one list.
  const own = String(given ?? '') || 'private';
  const value = own !== 'private' && res.hasHeader('Set-Cookie') ? withoutSharing(own) : own;
  if (value !== given) res.setHeader('Cache-Control', value);
  const vary = res.getHeader('Vary');
  if (vary === undefined) res.setHeader('Vary', 'Cookie');
  else if (vary !== 'Cookie') ctx.vary('Cookie');
}

const SHARING = /(^|,)\s*(?:public|s-maxage\s*=[^,]*)\s*(?=,|$)/gi;
const UNSHARED = /(?:^|,)\s*(?:private|no-store)\s*(?:,|$)/i;

/** A shared cache that keeps a cookie gives one visitor's session to the next; RFC 9111 lets it, also by a max-age alone. */
function withoutSharing(cacheControl: string): string {
  const rest = cacheControl.replace(SHARING, '').replace(/^[\s,]+/, '');
  return UNSHARED.test(rest) ? rest : ['private', rest].filter(Boolean).join(', ');
}
