import type { IncomingMessage } from 'node:http';
import type { Context } from '../context.js';
import { badRequest, forbidden } from '../errors.js';
import { isAllowedOrigin } from './origin.js';

/**
 * Refuses what can't become a WebSocket (RFC 6455, section 4.2.1), before anything of the app runs for it.
 *
 * @throws 400 that says what is wrong.
 */
export function checkHandshake({ method, httpVersion, headers }: IncomingMessage): void {
  const problem = problemOf(method, httpVersion, headers);
  if (problem) throw Object.assign(badRequest(problem), { headers: { 'Sec-WebSocket-Version': '13' } });
}

function problemOf(method: string | undefined, version: string, headers: IncomingMessage['headers']) {
  const { 'sec-websocket-key': key, 'sec-websocket-version': ws, 'sec-websocket-protocol': protocols } = headers;
  if (method !== 'GET') return 'A WebSocket begins with GET';
  if (version !== '1.1') return 'A WebSocket needs HTTP/1.1';
  // 16 bytes in base64.
  if (!/^[+/\dA-Za-z]{22}==$/.test(key ?? '')) return 'Sec-WebSocket-Key is missing or wrong';
  if (ws !== '13') return 'Sec-WebSocket-Version must be 13';
  if (protocols !== undefined && !isList(protocols)) return 'Sec-WebSocket-Protocol must be a list of names';
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
  return encoding !== undefined || length !== '0' ? 'A WebSocket begins without a body' : undefined;
}

function isList(value: string): boolean {
  const names = value.split(',').map((name) => name.trim());
  return names.every((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name)) && new Set(names).size === names.length;
}

/**
 * Refuses pages of other origins, which would come with the visitor's cookies.
 *
 * @throws 403.
 */
export function checkOrigin(ctx: Context, origins: readonly string[]): void {
  if (!isAllowedOrigin(ctx, origins))
    throw forbidden('Pages of this origin may not open a WebSocket here; the option websocket.origins allows others');
}
