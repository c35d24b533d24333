import type { Micropie } from '../micropie.js';
import type { Filled } from '../option-rows.js';
import { serviceOf } from '../service.js';
import { isRecord } from '../values.js';
import { Definitions } from './definitions.js';
import { needsBody, type Operation, operationOf } from './operation.js';
import { type OpenApiOptions, type Part, settleOptions } from './options.js';
import { type MountedRoute, ownName, type PlacedRoute, placeRoutes, routesOf } from './paths.js';
import { PROBLEM, problemResponse } from './responses.js';

export type { OpenApiOptions, Operation, Part };

/** A mount of a controller, or one that stands behind a prefix of somebody else, such as koa-mount. */
export type Mount = Micropie | { readonly mount: Micropie; readonly prefix: string };

/** An OpenAPI document, ready for `JSON.stringify`. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: OpenApiOptions['info'];
  readonly servers: readonly Part[];
  readonly security: readonly Part[];
  readonly tags?: readonly Part[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Part>>;
}

/**
 * Describes what controllers serve as an OpenAPI 3.1 document.
 *
 * @param mounts - What `micropie` returned, or a list of them; of two that serve the same, the first one counts.
 * @param options - The document's `info`, and what else of it is yours to say.
 * @throws TypeError for an option that is missing, unknown or wrong, and for what is not a mount.
 *
 * @example
 * const api = micropie(Tasks, { prefix: '/tasks' });
 * const document = openapi(api, { info: { title: 'Tasks', version: '1.0.0' } });
 * app.use(api);
 */
export function openapi(mounts: Mount | readonly Mount[], options: OpenApiOptions): OpenApiDocument {
  const settings = settleOptions(options);
  const writing = new Writing(settings);
  const paths = writing.paths([mounts].flat().flatMap(routesOfMount));
  return {
    openapi: '3.1.0',
    info: settings.info,
    servers: settings.servers,
    security: settings.security,
    ...(settings.tags.length > 0 && { tags: settings.tags }),
    paths,
    components: writing.components(),
  };
}

function routesOfMount(one: Mount): MountedRoute[] {
  const { mount, prefix } = isRecord(one) ? one : { mount: one, prefix: '' };
  if (!/^(?:\/[^/{}]+)*$/.test(prefix)) throw new TypeError("openapi: a mount's prefix must be a path such as '/api'");
  return routesOf(serviceOf(mount, 'openapi: a mount'), prefix);
}

// All that a path may have in OpenAPI 3.1, but for TRACE, which never reaches a handler.
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

class Writing {
  readonly #settings: Filled<OpenApiOptions>;
  readonly #definitions: Definitions;
  readonly #problem: object;
  readonly #ids = new Set<string>();
  readonly #cookies = new Map<string, string>();

  constructor(settings: Filled<OpenApiOptions>) {
    this.#settings = settings;
    this.#definitions = new Definitions('#/components/schemas/', Object.keys(settings.components['schemas'] ?? {}));
    this.#problem = problemResponse(this.#definitions.add('Problem', PROBLEM));
  }

  paths(mounted: readonly MountedRoute[]): Record<string, Record<string, Operation>> {
    const routes = placeRoutes(mounted);
    const paths = new Map<string, Map<string, Operation>>(routes.map(({ path }) => [path, new Map()]));
    // One that declares a method is asked before one that takes any.
    const [declared, others] = [routes.filter(isDeclared), routes.filter((route) => !isDeclared(route))];
    for (const route of [...declared, ...others]) this.#addRoute(route, paths.get(route.path) ?? new Map());
    const written = [...paths].filter(([, operations]) => operations.size > 0);
    return Object.fromEntries(written.map(([path, operations]) => [path, inOrder(operations)]));
  }

  components(): Record<string, Part> {
    const { schemas, securitySchemes, responses, ...others } = this.#settings.components;
    const cookies = [...this.#cookies].map(([cookie, name]) => [name, { type: 'apiKey', in: 'cookie', name: cookie }]);
    return {
      ...others,
      schemas: { ...this.#definitions.schemas, ...schemas },
      responses: { Problem: this.#problem, ...responses },
      ...((securitySchemes || cookies.length > 0) && {
        securitySchemes: { ...Object.fromEntries(cookies), ...securitySchemes },
      }),
    };
  }

  #addRoute(route: PlacedRoute, operations: Map<string, Operation>): void {
    const { handler, tag, inPath } = route;
    const name = ownName(handler);
    for (const method of methodsOf(handler.methods, needsBody(handler))) {
      if (operations.has(method)) continue;
      const operation = operationOf(
        {
          handler,
          method,
          name,
          id: this.#freeId(tag, name, method),
          tag,
          inPath,
          security: this.#securityOf(route),
          problem: { $ref: '#/components/responses/Problem' },
        },
        this.#definitions,
      );
      operations.set(method, operation);
    }
  }
  /** What every operation asks for, and the session's cookie. */
  #securityOf({ handler, cookie }: PlacedRoute): readonly object[] | undefined {
    if (!handler.isPrivate) return undefined;
    const count = this.#cookies.size + 1;
    const scheme = this.#cookies.get(cookie) ?? (count === 1 ? 'session' : `session${count}`);
    this.#cookies.set(cookie, scheme);
    const { security } = this.#settings;
    return (security.length > 0 ? security : [{}]).map((others) => ({ ...others, [scheme]: [] }));
  }

  /** A route's further methods, and what has the name of another one, are told apart by the method, then by a number. */
  #freeId(tag: string, name: string, method: string): string {
    const base = (tag === '' ? name : `${tag}.${name}`).replace(/[^\w.-]/g, '_');
    let id = this.#ids.has(base) ? `${base}.${method}` : base;
    for (let count = 2; this.#ids.has(id); count++) id = `${base}.${method}${count}`;
    this.#ids.add(id);
    return id;
  }
}

function isDeclared({ handler }: PlacedRoute): boolean {
  return handler.methods !== undefined;
}

/** Any method reaches a route that declares none; of those, documents show the two that pages use. */
function methodsOf(declared: readonly string[] | undefined, needsBody: boolean): string[] {
  if (!declared) return needsBody ? ['post'] : ['get', 'post'];
  return declared.map((method) => method.toLowerCase()).filter((method) => METHODS.includes(method));
}

function inOrder(operations: ReadonlyMap<string, Operation>): Record<string, Operation> {
  return Object.fromEntries(
    METHODS.flatMap((method) => {
      const operation = operations.get(method);
      return operation ? [[method, operation]] : [];
    }),
  );
}
