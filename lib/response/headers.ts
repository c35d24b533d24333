import { exchangeOf, type Request } from '../request.js';

/**
 * Keeps an answer for which the session was read out of shared caches, whatever the address looks like: a cache that
 * goes by the ending would store `/me/nothing.css`.
 */
export function markPrivate(request: Request): void {
  const { ctx, session, readsSession } = exchangeOf(request);
  if (!(readsSession || session.isUsed()) || ctx.headerSent) return;
  if (!ctx.response.get('Cache-Control')) ctx.set('Cache-Control', 'private');
  ctx.vary('Cookie');
}
