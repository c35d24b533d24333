import type { IncomingMessage } from 'node:http';
import type { HttpMiddleware } from '../hooks.js';
import { serverOf } from '../koa-compat.js';
import type { Handler } from '../routing/handler.js';
import { acceptsUpgrades } from './upgrade.js';

/** A hook that checks who comes by `beforeRequest` alone does not check who opens a socket: MicroPie's semantics. */
export function warnOfUnguarded(hooks: readonly HttpMiddleware[], sockets: readonly Handler[]): void {
  const unguarded = sockets.filter(({ middlewares }) => {
    const all = [...hooks, ...middlewares];
    return all.some((hook) => hook.beforeRequest) && !all.some((hook) => hook.beforeWebSocket);
  });
  if (unguarded.length === 0) return;
  process.emitWarning(
    `No hook guards ${unguarded.map(({ where }) => where).join(', ')}: beforeRequest does not run for sockets. ` +
      'Give a hook the method beforeWebSocket; it may call the same check, or do nothing',
    { code: 'KOA_MICROPIE_SOCKET_HOOK' },
  );
}

/** Without `serve`, Node takes every handshake for an ordinary request. */
export function warnOfUnserved(req: IncomingMessage, [first]: readonly Handler[]): void {
  const server = serverOf(req);
  if (!server || !first || acceptsUpgrades(server)) return;
  process.emitWarning(
    `${first.where} is a socket that nobody can reach: use serve(app, { port }) in place of app.listen(port)`,
    { code: 'KOA_MICROPIE_SOCKET_SERVE' },
  );
}
