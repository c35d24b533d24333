import { STATUS_CODES } from 'node:http';
import createError, { isHttpError } from 'http-errors';
import type { Context, Middleware } from 'koa';
import { html, page } from './html.js';

/**
 * Shows people who open an address, or send a form, an error as a page with a way back; programs, which do not ask for
 * HTML, get what the demos answer.
 *
 * @param wayBack - Where to go from a path that failed.
 */
export function errorPages(wayBack: (path: string) => string): Middleware {
  return async function errorPages(ctx, next) {
    if (!ctx.headers.accept?.includes('text/html')) return next();
    try {
      await next();
      if (ctx.status === 404 && !ctx.body) throw createError(404, 'There is nothing at this address');
    } catch (error) {
      answer(ctx, error, wayBack(ctx.path));
    }
  };
}

function answer(ctx: Context, error: unknown, back: string): void {
  const { status, expose, message, headers } = isHttpError(error) ? error : createError(500);
  // As Koa does with what it answers itself.
  ctx.app.emit('error', error, ctx);
  ctx.status = status;
  ctx.set(headers ?? {});
  ctx.body = page(
    STATUS_CODES[status] ?? 'Error',
    html`<p class="lead">${expose ? message : 'Something went wrong on the server.'}</p>
<p class="actions">${back !== '/' && html`<a href="${back}">Back</a>`} <a href="/">All demos</a></p>`,
  );
}
