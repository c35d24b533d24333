import type { ParameterizedContext } from 'koa';

/** Koa's context, as handlers and hooks see it. */
export type Context = ParameterizedContext;
