import type { Middleware } from 'koa';

/**
 * Has `ctx.session` be the `req.session` of Express, so that a log-in on one side holds on the other. The controller
 * uses a session that is there, and then keeps none of its own.
 */
export const expressSession: Middleware = async (ctx, next) => {
  Object.defineProperty(ctx, 'session', {
    // The controller looks at it through a property of its own.
    configurable: true,
    get: () => Reflect.get(ctx.req, 'session'),
    set: (value) => Reflect.set(ctx.req, 'session', value),
  });
  await next();
};
