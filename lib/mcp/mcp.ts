import type { Next } from 'koa';
import type { Context } from '../context.js';
import { withRequest } from '../controller/ambient.js';
import { pathOf } from '../koa-compat.js';
import type { Micropie } from '../micropie.js';
import { respond } from '../pipeline.js';
import { serviceOf } from '../service.js';
import { Endpoint } from './endpoint.js';
import { type McpOptions, settleOptions } from './options.js';

export type { McpOptions };

/**
 * Makes a Koa middleware that offers the routes with `tool: true` to MCP clients, by Streamable HTTP. It needs the
 * package `@modelcontextprotocol/server`, which is loaded at the first request.
 *
 * @param mount - What `micropie` returned. Its before hooks run once for each POST, its other hooks for each call.
 * @param options - The server's name and version, its path, and the origins whose pages may come.
 * @throws TypeError for an option that is missing, unknown or wrong, for what is not a mount, and for a route that
 *   can't be a tool; it says which and why.
 *
 * @example
 * const tasks = micropie(Tasks, { prefix: '/tasks' });
 * app.use(tasks);
 * app.use(mcp(tasks, { name: 'tasks', version: '1.0.0' })); // POST /mcp
 */
export function mcp(mount: Micropie, options: McpOptions): (ctx: Context, next: Next) => Promise<void> {
  const service = serviceOf(mount, 'mcp: the first argument');
  const endpoint = new Endpoint(service, settleOptions(options));
  return function mcp(ctx, next) {
    const path = pathOf(ctx);
    const target = path === undefined ? undefined : endpoint.match(ctx, path);
    if (!target) return next();
    // Hooks see no route: none of the controller's was matched, but perhaps several will be called.
    const request = service.request(ctx, { kind: 'unknown' });
    if (!service.needsAmbientRequest) return respond(endpoint.way, request, target);
    return withRequest(request, () => respond(endpoint.way, request, target));
  };
}
