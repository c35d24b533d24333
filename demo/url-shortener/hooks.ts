import createTokens from '@fastify/csrf';
import createError from 'http-errors';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { HttpMiddleware, type Request } from '../../lib/index.js';
import { ErrorPages } from '../error-pages.js';

export interface Visitor {
  /** What the tokens of the visitor's forms are made of. */
  csrf?: string;
  /** The codes of the links that the visitor made. */
  codes?: string[];
}

const tokens = createTokens();

/** A token for a form; each is different, and good as long as the session. */
export async function tokenFor(session: Visitor): Promise<string> {
  session.csrf ??= await tokens.secret();
  return tokens.create(session.csrf);
}

/** Wants a token with whatever a page sends, also with what is written next year. */
export class CsrfCheck extends HttpMiddleware {
  // Not beforeRequest: the fields of a multipart form are there only now.
  override beforeCall(request: Request<Visitor>) {
    if (['GET', 'HEAD'].includes(request.method) || isApi(request)) return;
    const token = request.form('_csrf');
    if (typeof token !== 'string' || !tokens.verify(request.session.csrf ?? '', token))
      throw createError(403, 'This form is too old, or not from here. Load its page again.');
  }
}

const CREATING: ReadonlySet<string | undefined> = new Set(['create', 'api.create']);

/** Lets an address make some links a minute, by the page and the API together. */
export class Throttle extends HttpMiddleware {
  readonly #perAddress: RateLimiterMemory;

  constructor(perMinute: number) {
    super();
    this.#perAddress = new RateLimiterMemory({ points: perMinute, duration: 60 });
  }

  // It needs no arguments, so it comes first: what is refused is not even checked.
  override async beforeRequest({ ctx, route }: Request) {
    if (!CREATING.has(route?.name)) return;
    await this.#perAddress.consume(ctx.ip).catch((refusal: unknown) => {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const headers = { 'Retry-After': String(Math.ceil(refusal.msBeforeNext / 1000)) };
      throw createError(429, 'These were many links in a short time. Come back in a minute.', { headers });
    });
  }
}

/** Pages for people; programs get what the library makes by itself, problem documents. */
export class PageErrors extends ErrorPages {
  override onError(request: Request, error: Error) {
    return isApi(request) ? undefined : super.onError(request, error);
  }
}

/** By the route, which no client can disguise. */
function isApi<S extends object>({ route }: Request<S>): boolean {
  return route?.name.startsWith('api.') ?? false;
}
