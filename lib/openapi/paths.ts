import type { Handler } from '../routing/handler.js';
import type { Service } from '../service.js';
import type { PathParameter } from './operation.js';

/** A route as it is mounted. */
export interface MountedRoute {
  readonly handler: Handler;
  /** What stands in front of its mount. */
  readonly prefix: string;
  /** What groups it with others: the prefix and the fields that lead to its class; empty for none. */
  readonly tag: string;
  /** The name of the session's cookie. */
  readonly cookie: string;
}

/** A route with its path in the document. */
export interface PlacedRoute extends MountedRoute {
  readonly path: string;
  readonly inPath: ReadonlyMap<string, PathParameter>;
}

/** The routes of one mount. */
export function routesOf({ handlers, settings }: Service, prefix: string): MountedRoute[] {
  const { cookie } = settings.session;
  const inFront = `${prefix}${settings.prefix}`.split('/').slice(1);
  return handlers.map((handler) => {
    const fields = handler.route.name.slice(0, -ownName(handler).length).split('.').slice(0, -1);
    return { handler, prefix, tag: [...inFront, ...fields].join('.'), cookie };
  });
}

/** The name of its method, which may have dots in it. */
export function ownName({ where }: Handler): string {
  return where.slice(where.indexOf('.') + 1);
}

/**
 * Writes the paths of routes as templates. Two that differ in nothing but names would be the same to OpenAPI: the
 * first one's names are taken for all.
 */
export function placeRoutes(routes: readonly MountedRoute[]): PlacedRoute[] {
  const templates = new Map<string, string[]>();
  return routes.map((route) => {
    const segments = route.handler.declaration.pattern?.segments ?? [];
    const own = segments.flatMap((segment) => (segment.kind === 'text' ? [] : [segment]));
    const inFront = fullPath(route)
      .split('/')
      .slice(0, -segments.length || undefined);
    const path = [...inFront, ...segments.map((one) => (one.kind === 'text' ? one.text : '{}'))].join('/') || '/';
    const names = templates.get(path) ?? own.map(({ name }) => name);
    templates.set(path, names);
    let next = 0;
    return {
      ...route,
      path: path.replace(/\{\}/g, () => `{${names[next++]}}`),
      inPath: new Map(own.map(({ name, kind }, at) => [name, { name: names[at] ?? name, isRest: kind === 'rest' }])),
    };
  });
}

function fullPath({ handler, prefix }: MountedRoute): string {
  const { path } = handler.route;
  return path === '/' ? prefix : prefix + path;
}
