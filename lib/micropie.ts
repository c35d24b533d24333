import type { Next } from 'koa';
import type { Context } from './context.js';
import { withRequest } from './controller/ambient.js';
import type { CheckedRoutes } from './controller/routes-check.js';
import type { HttpMiddleware } from './hooks.js';
import { pathOf } from './koa-compat.js';
import { type MicropieOptions, settle } from './options.js';
import { respond } from './pipeline.js';
import type { Route } from './routing/route.js';
import { rememberService, Service } from './service.js';
import { noteMount } from './sessions/open.js';
import { isClass } from './values.js';
import { connect } from './websocket/connect.js';
import { upgradeOf } from './websocket/upgrade.js';
import { warnOfUnserved } from './websocket/warnings.js';

/** The Koa middleware that `micropie` makes. */
export interface Micropie {
  (ctx: Context, next: Next): Promise<void>;
  /** The hooks, in the order in which they run; push to it to add one. */
  readonly middlewares: HttpMiddleware[];
  /** What the controller serves. */
  readonly routes: readonly Route[];
}

/**
 * Makes a Koa middleware of a controller: its methods become routes.
 *
 * @param controller - A class without required constructor arguments, or an instance of any class.
 * @param options - See `MicropieOptions`.
 * @throws TypeError for an unknown or wrong option, or a class that can't be served; it says which and why.
 *
 * @example
 * class Root {
 *   greet(name = 'Guest') { return `Hello, ${name}!`; }
 * }
 * app.use(micropie(Root)); // GET /greet/Alice -> Hello, Alice!
 */
export function micropie<C extends object>(
  controller: C & CheckedController<C>,
  options: MicropieOptions = {},
): Micropie {
  const settings = settle(options);
  const service = new Service(instantiate(controller), settings);
  const { routes, middlewares, match, matchSocket, socketHandlers, needsAmbientRequest } = service;
  let isServed = socketHandlers.length === 0;

  function micropie(ctx: Context, next: Next): Promise<void> {
    // Not by ctx.method and ctx.path: each of Koa's delegates takes as long as what it delegates to.
    const { req, method } = ctx.request;
    const path = pathOf(ctx);
    if (path === undefined) return next();
    const isSocket = upgradeOf(req) !== undefined;
    if (!isServed) {
      isServed = true;
      warnOfUnserved(req, socketHandlers);
    }
    const target = isSocket ? matchSocket('GET', path) : match(method, path);
    if (!target) return next();
    const request = service.request(ctx, target);
    const answer = isSocket ? connect : respond;
    if (!needsAmbientRequest) return answer(service, request, target);
    return withRequest(request, () => answer(service, request, target));
  }

  noteMount(micropie, settings.session);
  return rememberService(Object.assign(micropie, { middlewares, routes }), service);
}

/** What `micropie` accepts: a class that can be made without arguments, or an instance. */
export type CheckedController<C> = C extends new () => infer T
  ? CheckedRoutes<C, T>
  : C extends { prototype: unknown } // Any other class, or a function.
    ? { 'koa-micropie: pass an instance, or a class that can be made without arguments': never }
    : unknown;

function instantiate(controller: unknown): object {
  if (typeof controller === 'object' && controller !== null) return controller;
  if (!isClass(controller)) throw new TypeError('micropie: the controller must be a class or an instance of one');
  return new controller();
}
