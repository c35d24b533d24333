import { STATUS_CODES } from 'node:http';
import { isHttpError } from 'http-errors';
import { type HookResponse, HttpMiddleware, issuesOf, type Request, reply } from '../lib/index.js';
import { html, page } from './html.js';

/** What a page tells of an error. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly messages: readonly string[];
  /** Such as the `Allow` of a 405. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What may be told of an error; the app hears of those that are the server's own fault. */
export function problemOf({ ctx }: Request, error: Error): Problem {
  const status = isHttpError(error) ? error.status : 500;
  const title = STATUS_CODES[status] ?? String(status);
  if (isHttpError(error) && error.expose) {
    const issues = issuesOf(error);
    const messages = (issues.length > 0 ? issues : [error])
      .map(({ message }) => message)
      .filter((message) => message !== title);
    return { status, title, messages, headers: error.headers ?? {} };
  }
  // What a hook answers does not reach Koa, which would report it.
  ctx.app.emit('error', error, ctx);
  return { status, title, messages: ['Something went wrong here. It was not you.'], headers: {} };
}

/** Answers errors with a page that leads back. */
export class ErrorPages extends HttpMiddleware {
  readonly #home: string;

  /** @param home - Where the way back leads. */
  constructor(home: string) {
    super();
    this.#home = home;
  }

  override onError(request: Request, error: Error): HookResponse | undefined {
    const { status, title, messages, headers } = problemOf(request, error);
    const content = html`<link rel="stylesheet" href="${this.#home}/style.css">
${messages.map((message) => html`<p>${message}</p>`)}<p><a class="way" href="${this.#home}">Back to the start</a></p>`;
    return reply(status, page(title, content), headers);
  }
}
