import { prepareBodyParser } from './body/parse.js';
import type { Context } from './context.js';
import { Exchange, type Tools } from './exchange.js';
import type { HttpMiddleware } from './hooks.js';
import type { Settings } from './options.js';
import { Request } from './request.js';
import type { Handler } from './routing/handler.js';
import type { Route } from './routing/route.js';
import { type Match, prepareMatch, type Target } from './routing/router.js';
import { buildRoutes } from './routing/routes.js';
import { openSession } from './sessions/open.js';
import type { RequestSession } from './sessions/session.js';
import { prepareUploads } from './uploads/receive.js';
import { prepareViews } from './views.js';
import { Sockets } from './websocket/sockets.js';
import { warnOfUnguarded } from './websocket/warnings.js';

const services = new WeakMap<object, Service>();

/** Lets documents and protocols find what stands behind a middleware, which itself shows no more than its routes. */
export function rememberService<M extends object>(mount: M, service: Service): M {
  services.set(mount, service);
  return mount;
}

/** @throws TypeError for what `micropie` of this copy of the package has not made. */
export function serviceOf(mount: object, where: string): Service {
  const service = services.get(mount);
  if (service) return service;
  throw new TypeError(
    `${where} must be what micropie() returned; if it is, two copies of koa-micropie are loaded: keep one (npm dedupe)`,
  );
}

/** What one `micropie(...)` owns: all that its requests share. */
export class Service {
  readonly routes: readonly Route[];
  readonly handlers: readonly Handler[];
  /** The hooks; users may push to it at any time. */
  readonly middlewares: HttpMiddleware[];
  readonly match: Match;
  readonly matchSocket: Match;
  readonly sockets: Sockets;
  readonly socketHandlers: readonly Handler[];
  readonly parseBody: ReturnType<typeof prepareBodyParser>;
  readonly receiveUploads: ReturnType<typeof prepareUploads>;
  /** Whether a class extends `Controller`, so that requests must be found without being passed on. */
  readonly needsAmbientRequest: boolean;
  readonly #tools: Tools;
  readonly settings: Settings;

  /** @throws TypeError for a controller that can't be served. */
  constructor(controller: object, settings: Settings) {
    const { tree, sockets, handlers, socketHandlers, needsAmbientRequest } = buildRoutes(controller, settings.prefix);
    if (!settings.session.enabled) refuseSessionParameters([...handlers, ...socketHandlers]);
    this.handlers = handlers;
    this.routes = Object.freeze(handlers.map(({ route }) => route));
    this.socketHandlers = socketHandlers;
    this.middlewares = settings.middlewares;
    this.match = prepareMatch(tree, settings);
    this.matchSocket = prepareMatch(sockets, settings);
    this.sockets = new Sockets(settings.websocket);
    warnOfUnguarded(settings.middlewares, socketHandlers);
    this.parseBody = prepareBodyParser(settings.body);
    this.receiveUploads = prepareUploads(settings.uploads);
    this.needsAmbientRequest = needsAmbientRequest;
    this.#tools = { uploads: settings.uploads, render: prepareViews(settings.views, settings.layout) };
    this.settings = settings;
  }

  request(ctx: Context, target: Target): Request {
    const route = target.kind === 'handler' ? target.handler.route : undefined;
    return new Request(new Exchange(ctx, route, target.kind === 'handler' ? target.pathParams : [], this.#tools));
  }

  openSession(ctx: Context): RequestSession | Promise<RequestSession> {
    return openSession(ctx, this.settings.session);
  }
}

/** Nothing could ever give them. */
function refuseSessionParameters(handlers: readonly Handler[]): void {
  const refused = handlers.find(({ declaration }) => declaration.session.size > 0);
  if (refused)
    throw new TypeError(
      `${refused.where} takes '${[...refused.declaration.session].join("', '")}' from the session, which \`session: false\` turns off in the options of micropie()`,
    );
}
