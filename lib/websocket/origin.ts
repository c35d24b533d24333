import type { Context } from '../context.js';
import type { Row } from '../option-rows.js';

/** The option that lets pages of other origins come. */
export const ORIGINS_ROW: Row<readonly string[]> = {
  fallback: [],
  must: "be a list of origins as browsers write them, such as ['https://app.example.com']",
  allows: (value) => Array.isArray(value) && value.every(isOrigin),
};

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value;
}

/**
 * Whether a request may come from the page that it comes from. Only browsers send an Origin, and no page can forge it.
 */
export function isAllowedOrigin(ctx: Context, origins: readonly string[]): boolean {
  const { origin } = ctx.req.headers;
  return origin === undefined || isOwn(origin, ctx) || isListed(origin, origins);
}

/** Whether the option allows an origin. */
export function isListed(origin: string, origins: readonly string[]): boolean {
  return URL.canParse(origin) && origins.includes(new URL(origin).origin);
}

/**
 * A page by https whose request came by http has a proxy in front that ends TLS; one by http whose request came
 * by https is of another origin.
 */
function isOwn(origin: string, ctx: Context): boolean {
  if (!/^https?:\/\/[^/?#@\\]+$/i.test(origin) || !URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  const own = `${protocol}//${ctx.host}`;
  return URL.canParse(own) && new URL(own).host === host && (protocol === 'https:' || !ctx.secure);
}
