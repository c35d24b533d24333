import type { DefaultState } from 'koa';
import type { Context } from '../context.js';
import type { SessionData } from './backend.js';
import type { RequestSession } from './session.js';

/** Koa's context as handlers see it: with the session of the visitor. */
export type ContextWithSession<State extends object = DefaultState> = Context<State> & ContextSession;

/** What a controller, or `sessions()`, adds to Koa's context. */
export interface ContextSession {
  get session(): SessionData & {
    /**
     * Gives the session a new identifier when the request is over, so that one that somebody else knew before
     * is useless: call it whenever somebody logs in. The session keeps what it holds.
     */
    regenerate(): Promise<void>;
  };
  set session(value: object | null);
}

const OPENED = Symbol('koa-micropie.session');

// One descriptor for all contexts, each of its own: on `app.context` it would be there before any session is.
const ACCESSOR: PropertyDescriptor & ThisType<Context> = {
  configurable: true,
  enumerable: false,
  get() {
    const session = sessionOf(this);
    return session?.getOutside ? session.getOutside() : session?.get();
  },
  set(value) {
    const session = sessionOf(this);
    if (session?.replaceOutside) session.replaceOutside(value);
    else session?.replace(value);
  },
};

/** The session that was opened for a context before, if any was. */
export function sessionOf(ctx: Context): RequestSession | undefined {
  return ctx[OPENED];
}

/** Makes a session the `ctx.session` of its request. */
export function expose<S extends RequestSession>(ctx: Context, session: S): S {
  ctx[OPENED] = session;
  Object.defineProperty(ctx, 'session', ACCESSOR);
  return session;
}
