import type { DefaultState } from 'koa';
import type { Context } from '../context.js';
import { exchangeOf, type Request } from '../request.js';
import { redirect } from '../response/redirect.js';
import type { Reply } from '../response/reply.js';
import type { SessionData } from '../sessions/backend.js';
import { currentRequest } from './ambient.js';

// Registered, so that a second copy of the package recognizes the base class of the first.
const BASE = Symbol.for('koa-micropie.Controller');

/**
 * The optional base class of a controller: gives its methods the request that they handle.
 *
 * @typeParam Session - What the session holds.
 * @typeParam State - What `ctx.state` holds, by which hooks hand things over.
 *
 * @example
 * class Root extends Controller<{ visits?: number }> {
 *   index() {
 *     this.session.visits = (this.session.visits ?? 0) + 1;
 *     return `Visit ${this.session.visits}`;
 *   }
 * }
 */
export abstract class Controller<Session extends object = SessionData, State extends object = DefaultState> {
  /** The request that is being handled. */
  get request(): Request<Session, State> {
    return currentRequest<Session, State>();
  }

  /** Koa's context of the request. */
  get ctx(): Context<State> {
    return currentRequest<Session, State>().ctx;
  }

  /** The visitor's session; assign an empty object or `null` to end it. */
  get session(): Session {
    return this.request.session;
  }

  set session(value: Session | null) {
    this.request.session = value;
  }

  /**
   * Renders an EJS template of the `views` folder.
   *
   * @param name - The template's name below the folder; `.ejs` may be left out.
   * @param data - What the template sees as its variables.
   * @returns The HTML.
   * @throws Error when ejs is not installed, the template is missing, or its name leaves the folder.
   *
   * @example
   * page() { return this.render('page', { title: 'Hi' }); }
   */
  render(name: string, data: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return exchangeOf(currentRequest()).tools.render(name, data);
  }

  /**
   * Sends the client elsewhere with 302.
   *
   * @param location - A path, or an http or https address; a path that is not ASCII is percent-encoded.
   * @param headers - Further headers.
   * @throws TypeError for a target that would lead to another site unawares, such as `//host` or `javascript:`.
   *
   * @example
   * old() { return this.redirect('/greet'); }
   */
  redirect(location: string, headers?: Parameters<typeof redirect>[1]): Reply {
    return redirect(location, headers);
  }
}

Object.defineProperty(Controller.prototype, BASE, { value: true });

/** The names of `Controller` that no subclass may use for itself. */
export const RESERVED: ReadonlySet<string> = new Set(['request', 'ctx', 'session', 'render', 'redirect']);

/** Whether a prototype is where the user's own classes end. */
export function isBase(prototype: object): boolean {
  return prototype === Object.prototype || Object.hasOwn(prototype, BASE);
}

/**
 * Whether a controller extends `Controller`.
 *
 * @throws TypeError where it extends the one of another copy of this package.
 */
export function isController(instance: object): instance is Controller {
  if (instance instanceof Controller) return true;
  if (!(BASE in instance)) return false;
  throw new TypeError(
    'Two copies of koa-micropie are loaded: the class extends Controller of the other; keep one (npm dedupe)',
  );
}
