import { inspect } from 'node:util';
import { type HeadersLike, type Reply, reply, toPairs } from './reply.js';

// Browsers read a backslash as a slash, but not behind the path.
const UNSAFE = /[\u0000-\u001f\u007f]|^\s*\/\/|^[^?#]*\\/;
const SCHEME = /^[a-z][a-z\d+.-]*:/i;
const ALLOWED_SCHEME = /^https?:\/\/[!-.0-~]+(?:[/?#]|$)/i;
const NOT_IN_A_PATH = /[^\w/%.~!$&'()*+,;=:@-]+/g;
const NOT_IN_A_QUERY = /[\\\u0080-\uffff]+/g;

/** The statuses by which a client goes to `Location` by itself. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308;

const STATUSES: ReadonlySet<unknown> = new Set<RedirectStatus>([301, 302, 303, 307, 308]);

/**
 * Makes the answer that sends the client elsewhere.
 *
 * @throws TypeError for another status, and for a target that browsers read as another host (`//x`, `/\x`), that
 * holds control characters, or that has a scheme other than http and https.
 */
export function redirect(location: string, status: RedirectStatus = 302, headers?: HeadersLike): Reply {
  if (
    typeof location !== 'string' ||
    UNSAFE.test(location) ||
    (SCHEME.test(location.trimStart()) && !ALLOWED_SCHEME.test(location))
  )
    throw new TypeError('redirect: the target must be a path, or an address that begins with http:// or https://');
  if (!STATUSES.has(status))
    throw new TypeError(`redirect: the status must be 301, 302, 303, 307 or 308, not ${inspect(status)}`);
  return reply(status, '', [['Location', encodePath(location)], ...toPairs(headers)]);
}

/** As MicroPie does: what is not ASCII in the path is percent-encoded, what is encoded stays, the query is left alone but for what no address or header can carry. */
function encodePath(location: string): string {
  const end = location.search(/[?#]/);
  const path = end === -1 ? location : location.slice(0, end);
  const [, origin = '', rest = ''] = /^(https?:\/\/[^/]*)?(.*)$/is.exec(path) ?? [];
  const query = end === -1 ? '' : location.slice(end);
  return origin + rest.replace(NOT_IN_A_PATH, encodeURIComponent) + query.replace(NOT_IN_A_QUERY, encodeURIComponent);
}
