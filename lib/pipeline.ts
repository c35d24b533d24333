import { argumentsByName } from './binding/arguments-by-name.js';
import { bind } from './binding/bind.js';
import { isCall, nameBody } from './binding/positions.js';
import { drain } from './body/drain.js';
import { notFound } from './errors.js';
import { type HttpMiddleware, runAfter, runBefore, runBeforeCall, runOnError } from './hooks.js';
import { closeWithConnection, isClosed, whenClosed } from './koa-compat.js';
import { exchangeOf, type Request } from './request.js';
import { dropBodyHeaders, keepHeaders, writeErrors } from './response/problem.js';
import { Reply, reply } from './response/reply.js';
import { filterReply } from './response/returns.js';
import { requireReadable, send, toReply } from './response/send.js';
import type { Target } from './routing/router.js';
import type { Service } from './service.js';
import { own } from './streams/lifetime.js';
import { report, toError } from './thrown.js';
import { isPromiseLike } from './values.js';

/** What the way of a request asks of a mount. */
export interface Way extends Pick<Service, 'needsAmbientRequest' | 'openSession' | 'parseBody' | 'receiveUploads'> {
  readonly middlewares: readonly HttpMiddleware[];
}

/**
 * The way of a request, once it is the controller's. What may be there at once is not awaited: each `await` costs
 * a greeting some percent, also where there is nothing to wait for.
 */
export async function respond(service: Way, request: Request, target: Target): Promise<void> {
  const exchange = exchangeOf(request);
  const { ctx } = request;
  closeWithConnection(ctx.res);
  try {
    if (target.kind === 'options') return send(reply(204, null, { Allow: target.allow }), ctx);
    const session = service.openSession(ctx);
    exchange.session = session instanceof Promise ? await session : session;
    if (target.kind === 'refusal') throw target.error;
    if (target.kind === 'handler' && target.handler.isPrivate) exchange.session.markPrivate();
    const isRead = target.kind === 'handler' && !target.handler.streamsBody;
    const body = isRead ? service.parseBody(ctx) : undefined;
    exchange.body = body instanceof Promise ? await body : body;
    if (exchange.body && target.kind === 'handler' && isCall(ctx))
      exchange.body = nameBody(ctx, exchange.body, target.handler.positions);
    const hooks = hooksBefore(service, target);
    let answer = hooks.length > 0 ? await runBefore(hooks, request) : undefined;
    // The client may have left in the meantime: nobody would see what the handler does.
    if (isClosed(ctx.res)) return;
    if (!answer) {
      if (target.kind === 'unknown') throw notFound();
      const { handler } = target;
      if (exchange.body?.isMultipart) {
        const isSeen = handler.showsFiles || service.needsAmbientRequest || hooks.length > 0;
        await service.receiveUploads(request, handler.positions, isSeen);
        if (isClosed(ctx.res)) return;
      }
      const binding = bind(handler.plan, request);
      const args = binding instanceof Promise ? await binding : binding;
      if (hooks.length > 0) answer = await runBeforeCall(hooks, request, () => argumentsByName(handler.plan, args));
      if (!answer) {
        exchange.spool?.begin(args);
        const result = handler.call(args);
        answer = toReply(isPromiseLike(result) ? await result : result, request);
        const filtered = handler.returns && filterReply(handler.returns, answer, request, handler.where);
        if (filtered) answer = filtered instanceof Promise ? await filtered : filtered;
        exchange.spool?.pause();
        if (hooks.length > 0) answer = await runAfter(hooksAfter(service, target), request, answer);
        exchange.spool?.resume();
      }
    }
    const finishing = finish(request, answer);
    if (finishing) await finishing;
  } catch (thrown) {
    await recover(service, request, target, thrown);
  } finally {
    tidyUp(request);
  }
}

/** A route's own hooks lie within the mount's. */
export function hooksBefore({ middlewares }: Way, target: Target): readonly HttpMiddleware[] {
  const own = target.kind === 'handler' ? target.handler.middlewares : [];
  return own.length > 0 ? [...middlewares, ...own] : middlewares;
}

export function hooksAfter({ middlewares }: Way, target: Target): readonly HttpMiddleware[] {
  const own = target.kind === 'handler' ? target.handler.middlewares : [];
  return own.length > 0 ? [...own, ...middlewares] : middlewares;
}

export function finish(request: Request, answer: Reply): Promise<void> | undefined {
  const { ctx } = request;
  const starting = send(answer, ctx);
  const storing = starting ? starting.then(() => storeForStream(request)) : store(request);
  return storing?.then(() => requireReadable(ctx));
}

/** The session is stored before Koa sends anything; what is changed from now on comes too late. */
function store(request: Request): Promise<void> | undefined {
  const { session } = exchangeOf(request);
  const saving = session.save();
  session.seal();
  return saving;
}

/** A generator may look at the session when its head is long gone: that of a visitor whose cookie came. */
function storeForStream(request: Request): Promise<void> | undefined {
  const { ctx, session } = exchangeOf(request);
  if (ctx.req.headers.cookie !== undefined && !ctx.response.get('Cache-Control')) session.markPrivate();
  return store(request);
}

/** An error that no hook answers goes on to Koa, as it was thrown; so does one of the hook or of its answer. */
export async function recover(service: Way, request: Request, target: Target, thrown: unknown): Promise<void> {
  const { ctx, session, spool } = exchangeOf(request);
  own(ctx.body, ctx);
  own(thrown instanceof Reply ? thrown.body : thrown, ctx);
  let error = toError(thrown);
  session.fail();
  try {
    await spool?.clear();
    const answer = await runOnError(hooksAfter(service, target), request, error);
    if (answer) {
      dropBodyHeaders(ctx);
      keepHeaders(ctx, error);
      return await finish(request, answer);
    }
    // A hook may have put something on it that Koa can not answer with.
    error = toError(error);
    await saveSafely(request);
  } catch (another) {
    own(another, ctx);
    report(error, ctx);
    error = toError(another);
  }
  writeErrors(request, error, target.kind === 'handler' && target.handler.prefersJson);
  throw error;
}

/** A session that can't be stored does not hide what failed before. */
async function saveSafely(request: Request): Promise<void> {
  const { ctx, session } = exchangeOf(request);
  try {
    await session.save();
  } catch (failed) {
    report(failed, ctx);
  }
}

/** What is left to do when Koa has the answer. */
function tidyUp(request: Request): void {
  const { ctx, spool } = exchangeOf(request);
  own(ctx.body, ctx);
  drain(ctx);
  if (spool) whenClosed(ctx.res, () => spool.finish(ctx.res.statusCode).catch((error) => report(error, ctx)));
}
