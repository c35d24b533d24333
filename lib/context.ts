import type { DefaultState, ParameterizedContext } from 'koa';

/**
 * Koa's context, as handlers and hooks see it.
 *
 * @typeParam State - What `ctx.state` holds, by which middleware and hooks hand things over.
 */
export type Context<State = DefaultState> = ParameterizedContext<State>;
