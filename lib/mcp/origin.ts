import { isIP } from 'node:net';
import type { Context } from '../context.js';
import { isAllowedOrigin, isListed } from '../websocket/origin.js';

/**
 * Whether a request may come from the page that it comes from. Beyond what holds for sockets, a page whose own name
 * leads to this very machine must have been allowed: its owner may have pointed the name here to reach what listens
 * only locally (DNS rebinding), where Origin and Host agree. An app that trusts its proxy is no such.
 */
export function isAllowedPage(ctx: Context, origins: readonly string[]): boolean {
  if (!isAllowedOrigin(ctx, origins)) return false;
  const { origin } = ctx.req.headers;
  if (origin === undefined || isListed(origin, origins)) return true;
  const isLocal = isLoopback(ctx.req.socket.localAddress ?? '');
  return !isLocal || ctx.app.proxy || isLoopbackName(new URL(origin).hostname);
}

function isLoopback(address: string): boolean {
  return /^(?:::ffff:)?127\.|^::1$/.test(address);
}

function isLoopbackName(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) > 0 ? isLoopback(bare) : /(?:^|\.)localhost$/.test(bare);
}
