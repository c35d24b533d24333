import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Context } from '../context.js';
import { withRequest } from '../controller/ambient.js';
import { Exchange } from '../exchange.js';
import type { HttpMiddleware } from '../hooks.js';
import { closeDetached, contextBeside, endUnsent } from '../koa-compat.js';
import { respond, type Way } from '../pipeline.js';
import { exchangeOf, Request } from '../request.js';
import { tellError } from '../response/problem.js';
import { expose } from '../sessions/context-session.js';
import { NO_SESSION, type RequestSession } from '../sessions/session.js';
import { report, toError } from '../thrown.js';
import { bodyOfArguments } from './arguments.js';
import { errorResult, resultOf } from './result.js';
import type { ServedTool } from './tools.js';

/** What a call is part of. */
export interface Caller {
  /** The POST that it came by. */
  readonly post: Request;
  /** Aborts when nobody waits for the call any more. */
  readonly signal: AbortSignal;
  /** The mount's hooks, as far as they run for each call. */
  readonly hooks: readonly HttpMiddleware[];
  readonly needsAmbientRequest: boolean;
}

/** A call as handlers and hooks see it: the request of its POST, with arguments and an end of its own. */
class ToolRequest extends Request {
  readonly #signal: AbortSignal;

  constructor(exchange: Exchange, signal: AbortSignal) {
    super(exchange);
    this.#signal = signal;
  }

  override get signal(): AbortSignal {
    return this.#signal;
  }
}

/**
 * Calls a route as a tool. It goes the way of a request, on a context of its own, whose answer becomes the result; the
 * mount's before hooks, the session and the POST's body were seen to before.
 */
export async function callTool(
  { handler, input, tool }: ServedTool,
  args: Readonly<Record<string, unknown>>,
  caller: Caller,
): Promise<CallToolResult> {
  const { post, signal } = caller;
  const ctx = contextBeside(post.ctx);
  const request = requestOf(ctx, caller, handler.route);
  const close = () => closeDetached(ctx.res);
  signal.addEventListener('abort', close, { once: true });
  try {
    if (signal.aborted) close();
    const way = wayOf(caller, () => {
      const body = bodyOfArguments(args, handler.plan, input.isInput);
      ctx.request.body = body.json;
      return body;
    });
    const go = () => respond(way, request, { kind: 'handler', handler, pathParams: [] });
    await (caller.needsAmbientRequest ? withRequest(request, go) : go());
    return await resultOf(ctx, tool.outputSchema !== undefined, handler.returns !== undefined);
  } catch (thrown) {
    return failureOf(toError(thrown), ctx, signal);
  } finally {
    signal.removeEventListener('abort', close);
    endUnsent(ctx.res);
  }
}

/** What hooks have put on the POST's request is on that of the call as well. */
function requestOf(ctx: Context, { post, signal }: Caller, route: Exchange['route']): Request {
  const request = new ToolRequest(new Exchange(ctx, route, [], exchangeOf(post).tools), signal);
  for (const [name, value] of Object.entries(post)) if (name !== 'ctx') Reflect.set(request, name, value);
  return request;
}

function wayOf({ post, hooks, needsAmbientRequest }: Caller, parseBody: Way['parseBody']): Way {
  const { session } = exchangeOf(post);
  return {
    middlewares: hooks,
    needsAmbientRequest,
    openSession: (ctx) => (session === NO_SESSION ? session : expose(ctx, withinPost(session))),
    parseBody,
    receiveUploads: async () => {},
  };
}

/** The session of the POST, which stores it when all of its calls are through. */
function withinPost(session: RequestSession): RequestSession {
  return {
    get: () => session.get(),
    replace: (value) => session.replace(value),
    value: (name) => session.value(name),
    markPrivate: () => session.markPrivate(),
    isBegun: () => session.isBegun(),
    fail: () => session.fail(),
    save: () => undefined,
    seal() {},
  };
}

/** What a client is told of an error is what an answer by HTTP would tell it. */
function failureOf(error: Error, ctx: Context, signal: AbortSignal): CallToolResult {
  const { status, text } = tellError(error);
  if (status < 500) return errorResult(text);
  if (!signal.aborted || !isLeaving(error)) report(error, ctx);
  return errorResult('Internal error');
}

/** Whether an error says no more than that nobody waits any more. */
function isLeaving(error: Error): boolean {
  return error.name === 'AbortError' || Reflect.get(error, 'code') === 'ERR_STREAM_PREMATURE_CLOSE';
}
