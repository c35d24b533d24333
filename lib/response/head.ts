import type { Context } from '../context.js';
import { isSendable, report } from '../thrown.js';

export const NOT_ALLOWED = 'HTTP does not allow it here, or a character in its name or value';

// How the message is framed can only Node know.
const FRAMING = ['Trailer', 'Transfer-Encoding'];

// About one connection alone, and not for the next one (RFC 9110, section 7.6.1; RFC 9113, section 8.2.2).
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'http2-settings', 'te'];

// Those of a response that hold no list (RFC 9110, section 5.3), so that several of them can't be joined.
const SINGLE =
  /^(access-control-(allow-(credentials|origin)|max-age)|age|content-(length|location|md5|range|type)|date|etag|expires|last-modified|location|retry-after|x-content-type-options)$/;

/**
 * Drops, and reports, what Node refuses when it writes the head of an answer, however it was set: where a stream is
 * piped, that throws where nobody can catch it, and ends the process.
 */
export function checkHead(ctx: Context): void {
  const { res } = ctx;
  for (const name of FRAMING) if (res.hasHeader(name)) drop(name, NOT_ALLOWED, ctx);
  if (ctx.req.httpVersionMajor > 1) checkHttp2Headers(ctx);
  else if (res.statusMessage && !isSendable('Status', res.statusMessage)) {
    res.statusMessage = '';
    report(new TypeError('The message in ctx.message was left out: a status line can not carry it'), ctx);
  }
}

/** The head of a response that was fetched, without what is about the connection that it came by. */
export function forwarded({ status, headers }: Response): Response {
  const named =
    headers
      .get('connection')
      ?.toLowerCase()
      .split(/[\s,]+/) ?? [];
  const dropped = new Set([...HOP_BY_HOP, 'transfer-encoding', 'trailer', ...named]);
  return new Response(null, { status, headers: [...headers].filter(([name]) => !dropped.has(name)) });
}

/** Tells the app that a header was left out. */
export function reportHeader(name: string, problem: string, ctx: Context): void {
  report(new TypeError(`The header ${JSON.stringify(name)} was left out: ${problem}`), ctx);
}

/** Node throws over headers about the connection, and over two of a kind of which there is one. */
function checkHttp2Headers(ctx: Context): void {
  for (const name of ctx.res.getHeaderNames()) {
    const value = ctx.res.getHeader(name);
    if (HOP_BY_HOP.includes(name)) drop(name, 'HTTP/2 has no headers about the connection', ctx);
    else if (!isSendable(name, value)) drop(name, NOT_ALLOWED, ctx);
    else if (Array.isArray(value) && value.length > 1 && name !== 'set-cookie') settle(name, value, ctx);
  }
}

function settle(name: string, values: readonly string[], ctx: Context): void {
  const isSingle = SINGLE.test(name);
  ctx.set(name, isSingle ? values.slice(0, 1) : values.join(', '));
  if (isSingle) reportHeader(name, 'it was set several times; the first was sent', ctx);
}

function drop(name: string, problem: string, ctx: Context): void {
  ctx.remove(name);
  reportHeader(name, problem, ctx);
}
