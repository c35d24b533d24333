import type { DefaultState } from 'koa';
import { exchangeOf, type Request } from '../request.js';
import { type RedirectStatus, redirect } from '../response/redirect.js';
import type { HeadersLike, Reply } from '../response/reply.js';
import type { SessionData } from '../sessions/backend.js';
import type { ContextWithSession } from '../sessions/context-session.js';
import type { RenderOptions } from '../views.js';
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
  get ctx(): ContextWithSession<State> {
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
   * Renders an EJS template of the `views` folder, inside the template that the option `layout` names.
   *
   * @param name - The template's name below the folder; `.ejs` may be left out.
   * @param data - What the template sees as its variables, besides what `ctx.state` holds.
   * @param options - `{ layout: false }` for the page alone, or the name of another layout.
   * @returns The HTML.
   * @throws Error when ejs is not installed, the template is missing, or its name leaves the folder.
   *
   * @example
   * page() { return this.render('page', { title: 'Hi' }); }
   */
  render(name: string, data: Readonly<Record<string, unknown>> = {}, options?: RenderOptions): Promise<string> {
    const { ctx, tools } = exchangeOf(currentRequest());
    return tools.render(name, data, ctx.state, options);
  }

  /**
   * Sends the client elsewhere.
   *
   * @param location - A path, or an http or https address; a path that is not ASCII is percent-encoded.
   * @param status - 301, 302, 303, 307 or 308.
   * @param headers - Further headers.
   * @throws TypeError for another status, and for a target that would lead to another site unawares, such as `//host`
   * or `javascript:`.
   *
   * @example
   * old() { return this.redirect('/greet'); }
   */
  redirect(location: string, status: RedirectStatus = 302, headers?: HeadersLike): Reply {
    return redirect(location, status, headers);
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
