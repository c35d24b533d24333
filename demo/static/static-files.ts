import send from '@fastify/send';
import type { Middleware } from 'koa';

/** Answers with the files of a folder, and leaves all other paths to what comes behind it. */
export function staticFiles(root: string): Middleware {
  return async function staticFiles(ctx, next) {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    const { type, statusCode, headers, stream } = await send(ctx.req, ctx.path, { root });
    if (type !== 'file') return next();
    ctx.body = stream;
    ctx.set(headers);
    ctx.status = statusCode;
  };
}
