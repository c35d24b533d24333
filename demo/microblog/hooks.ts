import createError from 'http-errors';
import type { DefaultState } from 'koa';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { HttpMiddleware, type Request, reply } from '../../lib/index.js';
import { problemOf } from '../error-pages.js';
import type { Network } from './network.js';
import { loginPage, registerPage } from './pages.js';

export interface Visitor {
  /** The id of who is logged in. */
  me?: string;
}

// The routes for everybody: one that is written later is closed.
const OPEN = new Set(['index', 'everyone', 'person', 'registration', 'register', 'entrance', 'login']);

/** Sends strangers to the log-in. */
export class LoginRequired extends HttpMiddleware {
  readonly #network: Network;

  constructor(network: Network) {
    super();
    this.#network = network;
  }

  override beforeRequest({ route, session }: Request<Visitor>) {
    // Not found, and refusals of the library: they do nothing.
    if (!route || OPEN.has(route.name)) return undefined;
    const isKnown = session.me !== undefined && this.#network.find(session.me);
    return isKnown ? undefined : reply(303, '', { Location: '/microblog/login' });
  }
}

/**
 * Refuses forms of other sites. SameSite alone would let them log a visitor in, as somebody who then reads along: that
 * needs no cookie.
 */
export class OwnForms extends HttpMiddleware {
  override beforeRequest({ method, headers }: Request<Visitor>) {
    // Every browser of today says it, and no page can change it.
    if (method === 'POST' && headers['sec-fetch-site'] === 'cross-site')
      throw createError(403, 'This form is of another site');
  }
}

interface Attempt extends DefaultState {
  /** The name that somebody wants to log in with. */
  name?: string;
}

const QUARTER = 15 * 60;

/** Limits guesses at a name's password from anywhere, and log-ins and registrations from one address. */
export class LoginLimit extends HttpMiddleware {
  readonly #perName = new RateLimiterMemory({ points: 5, duration: QUARTER });
  readonly #perAddress = new RateLimiterMemory({ points: 100, duration: QUARTER });

  // Not beforeRequest, which does not see the name: it may come in a form, in parts or as JSON.
  override async beforeCall({ route, ctx }: Request<Visitor, Attempt>, args: Readonly<Record<string, unknown>>) {
    if (route?.name !== 'login' && route?.name !== 'register') return;
    try {
      await this.#perAddress.consume(ctx.ip);
      if (route.name === 'register') return;
      // No name is longer: what is counted must not fill the memory.
      ctx.state.name = String(args['name']).toLowerCase().slice(0, 20);
      await this.#perName.consume(ctx.state.name);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const headers = { 'Retry-After': String(Math.ceil(refusal.msBeforeNext / 1000)) };
      throw createError(429, 'Too many attempts. Come back in a quarter of an hour.', { headers });
    }
  }

  /** A log-in that failed was thrown, and does not come here. */
  override async afterRequest({ ctx }: Request<Visitor, Attempt>) {
    if (ctx.state.name !== undefined) await this.#perName.delete(ctx.state.name);
  }
}

/** Shows a form that was refused again, with the name and what is wrong; never the password. */
export class FormAgain extends HttpMiddleware {
  override onError(request: Request, error: Error) {
    const name = request.route?.name;
    if (name !== 'login' && name !== 'register') return undefined;
    const { status, messages, headers } = problemOf(request.ctx, error);
    const typed = request.form('name');
    const form = name === 'login' ? loginPage : registerPage;
    return reply(status, form(typeof typed === 'string' ? typed : '', messages), headers);
  }
}
