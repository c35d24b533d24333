import type { Request } from './request.js';
import { checkStatus, type HeaderPairs, type HeadersLike, Reply, toPairs } from './response/reply.js';
import { own } from './streams/lifetime.js';
import { toError } from './thrown.js';
import { isRecord } from './values.js';

/** An answer that a hook gives; what `reply()` makes is one. */
export interface HookResponse {
  readonly statusCode: number;
  readonly body?: unknown;
  readonly headers?: HeadersLike | undefined;
}

type Awaitable<T> = T | Promise<T>;

/**
 * Hooks around every handler of a controller: extend it, implement it, or pass a plain object.
 *
 * @example
 * class Logging extends HttpMiddleware {
 *   override afterRequest(request: Request, statusCode: number) {
 *     console.log(request.method, request.ctx.path, statusCode);
 *   }
 * }
 * app.use(micropie(Root, { middlewares: [new Logging()] }));
 */
export abstract class HttpMiddleware {
  /**
   * Runs before the handler.
   *
   * @returns An answer, which ends the request here: no further hook, no handler.
   */
  beforeRequest?(request: Request): Awaitable<HookResponse | null | undefined | void>;

  /**
   * Runs when the handler's arguments are bound and valid, wherever the client sent them; for a WebSocket before it is
   * accepted.
   *
   * @param request - The request.
   * @param args - The arguments by the names of their parameters.
   * @returns An answer, which ends the request here: no further hook, no handler.
   */
  beforeCall?(
    request: Request,
    args: Readonly<Record<string, unknown>>,
  ): Awaitable<HookResponse | null | undefined | void>;

  /**
   * Runs after the handler, unless it threw.
   *
   * @param request - The request.
   * @param statusCode - The status so far.
   * @param responseBody - What the handler, or the hook before, returned as the body.
   * @param extraHeaders - The headers so far, to push to.
   * @returns What to replace.
   */
  afterRequest?(
    request: Request,
    statusCode: number,
    responseBody: unknown,
    extraHeaders: HeaderPairs,
  ): Awaitable<Partial<HookResponse> | null | undefined | void>;

  /**
   * Runs before a WebSocket is accepted. What `beforeRequest` does is not done for sockets.
   *
   * @returns An answer, by HTTP, which ends the handshake here: no further hook, no socket.
   */
  beforeWebSocket?(request: Request): Awaitable<HookResponse | null | undefined | void>;

  /** Runs when a socket is closed and its handler has returned, unless that threw. */
  afterWebSocket?(request: Request): Awaitable<void>;

  /**
   * Runs when the request failed.
   *
   * @returns An answer in place of the error; without one the error goes on to Koa.
   */
  onError?(request: Request, error: Error): Awaitable<HookResponse | null | undefined | void>;
}

/** Runs the before hooks in order, until one answers. */
export async function runBefore(hooks: readonly HttpMiddleware[], request: Request): Promise<Reply | undefined> {
  for (const hook of hooks) {
    const result = await hook.beforeRequest?.(request);
    own(request.ctx.body, request.ctx);
    if (result) return replyOfHook(result, `${nameOf(hook)}.beforeRequest`, request);
  }
  return undefined;
}

/** Runs the hooks in front of a socket in order, until one answers. */
export async function runBeforeWebSocket(
  hooks: readonly HttpMiddleware[],
  request: Request,
): Promise<Reply | undefined> {
  for (const hook of hooks) {
    const result = await hook.beforeWebSocket?.(request);
    own(request.ctx.body, request.ctx);
    if (result) return replyOfHook(result, `${nameOf(hook)}.beforeWebSocket`, request);
  }
  return undefined;
}

/** Runs the hooks behind a socket in the same order. */
export async function runAfterWebSocket(hooks: readonly HttpMiddleware[], request: Request): Promise<void> {
  for (const hook of hooks) await hook.afterWebSocket?.(request);
}

/** Runs the hooks that look at the arguments in order, until one answers. */
export async function runBeforeCall(
  hooks: readonly HttpMiddleware[],
  request: Request,
  args: () => Readonly<Record<string, unknown>>,
): Promise<Reply | undefined> {
  for (const hook of hooks) {
    const result = await hook.beforeCall?.(request, args());
    own(request.ctx.body, request.ctx);
    if (result) return replyOfHook(result, `${nameOf(hook)}.beforeCall`, request);
  }
  return undefined;
}

/** Runs the after hooks in the same order, each on what the one before left. */
export async function runAfter(hooks: readonly HttpMiddleware[], request: Request, reply: Reply): Promise<Reply> {
  let current = reply;
  for (const hook of hooks) {
    const { statusCode, body, headers } = current;
    const result = await hook.afterRequest?.(request, statusCode, body, headers);
    if (result) current = replace(current, result, hook, request);
  }
  return current;
}

/** Lets the hooks, in order, turn an error into an answer. */
export async function runOnError(
  hooks: readonly HttpMiddleware[],
  request: Request,
  error: Error,
): Promise<Reply | undefined> {
  try {
    for (const hook of hooks) {
      const result = await hook.onError?.(request, error);
      if (result) return replyOfHook(result, `${nameOf(hook)}.onError`, request);
    }
  } catch (thrown) {
    throw toError(thrown);
  }
  return undefined;
}

/** The methods of a hook. */
const HOOKS = ['beforeRequest', 'beforeCall', 'afterRequest', 'onError', 'beforeWebSocket', 'afterWebSocket'];

/** @throws TypeError for a value that is no hook, or has a method with a misspelt name. */
export function refuseHook(value: unknown, where: string): void {
  const names = namesOf(value);
  const misspelt = names.find((name) => /^_?(bef|aft|on_?err)/i.test(name) && !HOOKS.includes(name));
  if (misspelt !== undefined)
    throw new TypeError(`${where}.${misspelt} would never be called; hooks have the methods ${HOOKS.join(', ')}`);
  if (!names.some((name) => HOOKS.includes(name)))
    throw new TypeError(
      `${where} must be an object with ${HOOKS.join(', ')}, or some of these; Koa middleware belongs into app.use()`,
    );
}

/** The names of all functions that an object has, its classes' included. */
function namesOf(value: unknown): string[] {
  const names: string[] = [];
  if (typeof value !== 'object' || value === null) return names;
  for (let level: object | null = value; level && level !== Object.prototype; level = Object.getPrototypeOf(level))
    for (const name of Object.getOwnPropertyNames(level))
      if (typeof Reflect.get(level, name, value) === 'function') names.push(name);
  return names;
}

function replyOfHook(result: HookResponse, name: string, { ctx }: Request): Reply {
  if (!isRecord(result)) throw new TypeError(`${name} must return nothing, or an object with statusCode and body`);
  own(result.body, ctx);
  if (!('statusCode' in result))
    throw new TypeError(`${name} must return nothing, or an object with statusCode and body`);
  return new Reply(checkStatus(result.statusCode), result.body, toPairs(result.headers));
}

function replace(current: Reply, result: Partial<HookResponse>, hook: HttpMiddleware, { ctx }: Request): Reply {
  if (!isRecord(result))
    throw new TypeError(`${nameOf(hook)}.afterRequest must return nothing, or an object of statusCode, body, headers`);
  const { body = current.body, headers } = result;
  own(body, ctx);
  // A 204 only says that there was no body.
  const isFilled = current.statusCode === 204 && body !== undefined && body !== null;
  const { statusCode = isFilled ? 200 : current.statusCode } = result;
  return new Reply(checkStatus(statusCode), body, headers === undefined ? current.headers : toPairs(headers));
}

function nameOf(hook: object): string {
  return hook.constructor?.name ?? 'The hook';
}
