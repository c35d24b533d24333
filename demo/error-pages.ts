import { STATUS_CODES } from 'node:http';
import createError, { isHttpError } from 'http-errors';
import type { Context, Middleware } from 'koa';
import { type HookResponse, HttpMiddleware, issuesOf, type Request, reply } from '../lib/index.js';
import { html, page } from './html.js';

/** What people are told of an error. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly messages: readonly string[];
  /** Such as the `Allow` of a 405. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What may be told of an error; the app hears of those that are the server's own fault. */
export function problemOf(ctx: Context, error: unknown): Problem {
  const status = isHttpError(error) ? error.status : 500;
  const title = STATUS_CODES[status] ?? 'Error';
  if (isHttpError(error) && error.expose) {
    const issues = issuesOf(error);
    const messages = (issues.length > 0 ? issues : [error])
      .map(({ message }) => message)
      .filter((message) => message !== title);
    return { status, title, messages, headers: error.headers ?? {} };
  }
  // An error that was answered does not reach Koa, which would report it.
  ctx.app.emit('error', error, ctx);
  return { status, title, messages: ['Something went wrong on the server.'], headers: {} };
}

function problemPage({ title, messages }: Problem, back: string): string {
  return page(
    title,
    html`${messages.map((message) => html`<p class="lead">${message}</p>`)}
<p class="actions">${back !== '/' && html`<a href="${back}">Back</a>`} <a href="/">All demos</a></p>`,
  );
}

/** Answers the errors of a controller with a page that leads back. */
export class ErrorPages extends HttpMiddleware {
  readonly #back: string;

  constructor(back: string) {
    super();
    this.#back = back;
  }

  override onError({ ctx }: Request, error: Error): HookResponse | undefined {
    const problem = problemOf(ctx, error);
    return reply(problem.status, problemPage(problem, this.#back), problem.headers);
  }
}

/**
 * The same for a whole app, where a browser opens an address or sends a form; programs, which do not ask for HTML, get
 * what the demos answer.
 *
 * @param wayBack - Where to go from a path that failed.
 */
export function errorPages(wayBack: (path: string) => string): Middleware {
  return async function errorPages(ctx, next) {
    if (!ctx.headers.accept?.includes('text/html')) return next();
    try {
      await next();
      if (ctx.status === 404 && !ctx.body) throw createError(404, 'There is nothing at this address');
    } catch (error) {
      const problem = problemOf(ctx, error);
      ctx.status = problem.status;
      ctx.set(problem.headers);
      ctx.body = problemPage(problem, wayBack(ctx.path));
    }
  };
}
