import type { Next } from 'koa';
import { drain } from './body/drain.js';
import { prepareBodyParser } from './body/parse.js';
import type { Context } from './context.js';
import { withRequest } from './controller/ambient.js';
import { isController } from './controller/controller.js';
import type { CheckedRoutes } from './controller/declarations.js';
import { report, toError } from './errors.js';
import { type HttpMiddleware, runAfter, runBefore, runOnError } from './hooks.js';
import { type MicropieOptions, settle } from './options.js';
import { BODY, Request, SESSION, SPOOL } from './request.js';
import type { Reply } from './response/reply.js';
import { send, toReply } from './response/send.js';
import { prepareMatch, type Target } from './routing/router.js';
import { buildTable, type Handler, type Route } from './routing/routes.js';
import { openSession } from './sessions/open.js';
import type { RequestSession } from './sessions/session.js';
import { closeWithConnection, whenClosed } from './streams/lifetime.js';
import { prepareUploads } from './uploads/receive.js';
import { isPromiseLike } from './values.js';
import { prepareViews } from './views.js';

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
  const { middlewares } = settings;
  const instance = instantiate(controller);
  const table = buildTable(instance, settings.prefix);
  const match = prepareMatch(table, settings);
  const parseBody = prepareBodyParser(settings.body);
  const receiveUploads = prepareUploads(settings.uploads);
  const mount = { uploads: settings.uploads, render: prepareViews(settings.views) };
  const run = isController(instance)
    ? (request: Request, target: Target) => withRequest(request, () => respond(request, target))
    : respond;

  function micropie(ctx: Context, next: Next): Promise<void> {
    // Past Koa's delegates, here and in all that every request goes through: each takes as long as what it leads to.
    const { method, path } = ctx.request;
    const target = match(method, path);
    return target ? run(new Request(ctx, target, mount), target) : next();
  }

  /**
   * The way of a request, once it is the controller's. It waits only for what may be a promise: every `await`
   * takes its time, also where there is nothing to wait for.
   */
  async function respond(request: Request, target: Target): Promise<void> {
    const { ctx } = request;
    closeWithConnection(ctx.res);
    try {
      const session = openSession(ctx, settings.session);
      request[SESSION] = session instanceof Promise ? await session : session;
      const body = target.handler?.streamsBody ? undefined : parseBody(ctx);
      request[BODY] = body instanceof Promise ? await body : body;
      let reply = middlewares.length > 0 ? await runBefore(middlewares, request) : undefined;
      // The client may have left in the meantime: nobody would see what the handler does.
      if (ctx.res.destroyed) return;
      if (!reply) {
        const handler = handlerOf(target);
        if (request[BODY]?.isMultipart) await receiveUploads(request);
        const result = handler.call(handler.bind(request));
        reply = toReply(isPromiseLike(result) ? await result : result, request);
        if (middlewares.length > 0) reply = await runAfter(middlewares, request, reply);
      }
      const answering = answer(request, reply);
      if (answering) await answering;
    } catch (thrown) {
      await recover(request, toError(thrown));
    } finally {
      tidyUp(request);
    }
  }

  /** An error that no hook answers goes on to Koa, as it was thrown. */
  async function recover(request: Request, error: Error): Promise<void> {
    const { ctx, [SESSION]: session, [SPOOL]: spool } = request;
    await spool?.clear();
    const reply = await runOnError(middlewares, request, error);
    if (reply) return answer(request, reply);
    if (session.isStored()) await session.save()?.catch((failed) => report(failed, ctx));
    throw error;
  }

  return Object.assign(micropie, {
    middlewares,
    routes: Object.freeze(Array.from(table.values(), ({ route }) => route)),
  });
}

function handlerOf({ handler, refusal }: Target): Handler {
  if (refusal || !handler) throw refusal;
  return handler;
}

function answer({ ctx, [SESSION]: session }: Request, reply: Reply): Promise<void> | undefined {
  const starting = send(reply, ctx);
  return starting ? starting.then(() => store(session)) : store(session);
}

/** The session is stored before Koa sends anything; what is changed from now on comes too late. */
function store(session: RequestSession): Promise<void> | undefined {
  const saving = session.save();
  session.seal();
  return saving;
}

/** What is left to do when Koa has the answer. */
function tidyUp({ ctx, [SPOOL]: spool }: Request): void {
  drain(ctx);
  if (spool) whenClosed(ctx.res, () => spool.finish().catch((error) => report(error, ctx)));
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

function isClass(value: unknown): value is new () => object {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}
