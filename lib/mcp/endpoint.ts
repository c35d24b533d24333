import { randomUUID } from 'node:crypto';
import type { McpHttpHandler, Server } from '@modelcontextprotocol/server';
import { BODY_ROWS, type BodySettings } from '../body/options.js';
import { prepareBodyParser } from '../body/parse.js';
import type { Context } from '../context.js';
import { UNDECLARED } from '../controller/declarations.js';
import { forbidden } from '../errors.js';
import type { Filled } from '../option-rows.js';
import { settleRows } from '../option-rows.js';
import type { Way } from '../pipeline.js';
import { exchangeOf, Request } from '../request.js';
import { type Reply, reply } from '../response/reply.js';
import type { Handler } from '../routing/handler.js';
import { type Match, prepareMatch, type Target } from '../routing/router.js';
import { addDeclared, emptyTree } from '../routing/tree.js';
import type { Service } from '../service.js';
import { prepareUploads } from '../uploads/receive.js';
import { isRecord } from '../values.js';
import { callTool } from './call.js';
import { Cancellations } from './cancellations.js';
import { CallHooks, METHOD_HOOK, PostHooks } from './hooks.js';
import type { McpOptions } from './options.js';
import { isAllowedPage } from './origin.js';
import { type ServedTool, toolsOf } from './tools.js';

/** The place where an MCP server answers. A POST there goes the way of every other request. */
export class Endpoint {
  readonly way: Way;
  readonly #service: Service;
  readonly #options: Filled<McpOptions>;
  readonly #tools: ReadonlyMap<string, ServedTool>;
  readonly #callHooks: readonly CallHooks[];
  readonly #match: Match;
  readonly #cancellations = new Cancellations();
  /** The POSTs behind the requests that the protocol's package sees. */
  readonly #posts = new WeakMap<globalThis.Request, Request>();
  #protocol: Promise<McpHttpHandler> | undefined;

  /** @throws TypeError for a route that can't be a tool. */
  constructor(service: Service, options: Filled<McpOptions>) {
    this.#service = service;
    this.#options = options;
    this.#tools = toolsOf(service.handlers);
    this.#callHooks = [new CallHooks(service.middlewares)];
    this.#match = this.#prepareMatch(options.path);
    this.way = {
      middlewares: [new PostHooks(service.middlewares), METHOD_HOOK],
      needsAmbientRequest: service.needsAmbientRequest,
      openSession: (ctx) => service.openSession(ctx),
      parseBody: prepareBodyParser(limitsOf(service)),
      receiveUploads: prepareUploads(false),
    };
  }

  /** @returns undefined for a request that is somebody else's. */
  match(ctx: Context, path: string): Target | undefined {
    const target = this.#match(ctx.method, path);
    if (target?.kind !== 'handler' || isAllowedPage(ctx, this.#options.origins)) return target;
    const message = 'Pages of this origin may not use these tools; the option origins of mcp() allows others';
    return { kind: 'refusal', error: forbidden(message) };
  }

  #prepareMatch(path: string): Match {
    const tree = emptyTree();
    addDeclared(
      tree,
      [],
      handlerOf(path, (request) => this.#serve(request)),
    );
    return prepareMatch(tree, { prefix: path === '/' ? '' : path, strict: true, fallthrough: true });
  }

  async #serve(post: Request): Promise<Reply | undefined> {
    const json = exchangeOf(post).body?.json;
    const messages = Array.isArray(json) ? json : [json];
    this.#cancellations.take(post, messages);
    this.#protocol ??= this.#load();
    const protocol = await this.#protocol;
    const asked = webRequestOf(post);
    this.#posts.set(asked, post);
    return replyOf(await protocol.fetch(asked, json === undefined ? {} : { parsedBody: json }), messages);
  }

  async #load(): Promise<McpHttpHandler> {
    const { createMcpHandler, Server } = await loadPackage();
    const { name, version } = this.#options;
    const capabilities = { tools: {} };
    return createMcpHandler(
      ({ requestInfo }) => {
        const post = requestInfo && this.#posts.get(requestInfo);
        if (!post) throw new Error('koa-micropie/mcp: a request of the protocol has no POST');
        return this.#serveTools(new Server({ name, version }, { capabilities }), post);
      },
      // The tools never change: there is nothing to subscribe to, and no stream that would stay open for it.
      { maxSubscriptions: 0 },
    );
  }

  /** The low-level server, since all validation is that of the route. */
  #serveTools(server: Server, post: Request): Server {
    server.setRequestHandler('tools/list', () => ({ tools: Array.from(this.#tools.values(), ({ tool }) => tool) }));
    server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
      const served = this.#tools.get(params.name);
      if (!served) throw unknownTool();
      const { needsAmbientRequest } = this.#service;
      const result = await this.#cancellations.run(post, mcpReq.id, mcpReq.signal, (signal) =>
        callTool(served, params.arguments ?? {}, { post, signal, hooks: this.#callHooks, needsAmbientRequest }),
      );
      return server.projectCallToolResult(result, served.tool.outputSchema);
    });
    return server;
  }
}

function handlerOf(path: string, serve: (request: Request) => Promise<Reply | undefined>): Handler {
  const call = ([request]: readonly unknown[]) => (request instanceof Request ? serve(request) : undefined);
  return {
    route: { name: 'mcp', path, parameters: [], methods: ['POST'] },
    where: 'mcp',
    methods: ['POST'],
    plan: { parameters: [{ kind: 'injected', name: 'request' }], maxSegments: 0 },
    declaration: UNDECLARED,
    method: (...args) => call(args),
    positions: [],
    returns: undefined,
    middlewares: [],
    prefersJson: true,
    streamsBody: false,
    isPrivate: false,
    showsFiles: false,
    protocols: [],
    call,
  };
}

/** A mount that leaves bodies unparsed has no limits of its own. */
function limitsOf({ settings }: Service): BodySettings {
  return settings.body || settleRows<BodySettings>({}, BODY_ROWS, 'mcp');
}

/** The body is parsed already, and where it stands is of no interest to the protocol. */
function webRequestOf({ headers, signal }: Request): globalThis.Request {
  const web = new Headers();
  // HTTP/2 has its own for the method and the path.
  for (const [name, value = ''] of Object.entries(headers))
    if (!name.startsWith(':')) web.set(name, [value].flat().join(', '));
  return new globalThis.Request('http://localhost/', { method: 'POST', headers: web, signal });
}

/**
 * The package's answer when it is whole, as an answer of this package: the session can be stored before it is sent. It
 * has an end of its own, since nothing is subscribed to.
 */
async function replyOf(response: globalThis.Response, messages: readonly unknown[]): Promise<Reply | undefined> {
  const text = await response.text();
  // nginx's status for a client that has left, which nobody sees, and Koa does not know.
  if (response.status === 499) return undefined;
  const headers = [...response.headers].filter(([name]) => name !== 'connection');
  // It tells whose call a cancellation means, and is good for nothing else: any process takes any of them.
  if (messages.some(isInitialize)) headers.push(['Mcp-Session-Id', randomUUID()]);
  return reply(response.status, text, headers);
}

function isInitialize(message: unknown): boolean {
  return isRecord(message) && message['method'] === 'initialize';
}

/** An error whose code the package passes on: the protocol's for wrong parameters. */
function unknownTool(): Error {
  return Object.assign(new Error('There is no such tool'), { code: -32602 });
}

async function loadPackage(): Promise<typeof import('@modelcontextprotocol/server')> {
  try {
    return await import('@modelcontextprotocol/server');
  } catch (cause) {
    const message = 'mcp() needs the package @modelcontextprotocol/server: install it with npm install';
    throw new Error(`${message} @modelcontextprotocol/server`, { cause });
  }
}
