import { argumentsByName } from '../binding/arguments-by-name.js';
import { bind } from '../binding/bind.js';
import type { Context } from '../context.js';
import { notFound } from '../errors.js';
import { type HttpMiddleware, runAfterWebSocket, runBeforeCall, runBeforeWebSocket } from '../hooks.js';
import { filterErrors, isClosed } from '../koa-compat.js';
import { finish, hooksAfter, hooksBefore, recover } from '../pipeline.js';
import { exchangeOf, type Request } from '../request.js';
import type { Reply } from '../response/reply.js';
import type { Target } from '../routing/router.js';
import { whenClosing } from '../serve/closing.js';
import type { Service } from '../service.js';
import { closeIterator, isStreamable, type Streamable, toIterator } from '../streams/iterators.js';
import { own } from '../streams/lifetime.js';
import { report, toError } from '../thrown.js';
import type { Connection } from './connection.js';
import { checkHandshake, checkOrigin } from './handshake.js';
import { Socket } from './socket.js';
import { upgradeOf } from './upgrade.js';

const BROKEN = new Set<unknown>(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** The way of a socket, once it is the controller's. Until the handshake every refusal is an answer by HTTP. */
export function connect(service: Service, request: Request, target: Target): Promise<void> {
  const { ctx } = request;
  // Koa tells the app of each connection that breaks, and sockets of phones do so all day.
  filterErrors(ctx, (error) => !BROKEN.has(Reflect.get(error, 'code')));
  // Not awaited: what waits as long as a socket lives costs each of them some memory.
  return open(service, request, target).then((start) => start && run(start, service, request, target));
}

/** An accepted socket, and how to call its handler. */
interface Start {
  readonly connection: Connection;
  call(): unknown;
}

async function open(service: Service, request: Request, target: Target): Promise<Start | undefined> {
  const { ctx } = request;
  try {
    return await admit(service, request, target);
  } catch (thrown) {
    await recover(service, request, target, thrown);
  } finally {
    own(ctx.body, ctx);
  }
  return undefined;
}

/** @returns undefined where a hook or middleware has answered, or the client has left. */
async function admit(service: Service, request: Request, target: Target): Promise<Start | undefined> {
  const exchange = exchangeOf(request);
  const { ctx } = request;
  upgradeOf(ctx.req)?.claim();
  if (target.kind === 'refusal') throw target.error;
  checkHandshake(ctx.req);
  checkOrigin(ctx, service.sockets.origins);
  exchange.session = await service.openSession(ctx);
  const hooks = hooksBefore(service, target);
  if (await isAnswered(request, await runBeforeWebSocket(hooks, request))) return undefined;
  if (target.kind !== 'handler') throw notFound();
  const { handler } = target;
  const args = await bind(handler.plan, request);
  const answer = await runBeforeCall(hooks, request, () => argumentsByName(handler.plan, args));
  if (await isAnswered(request, answer)) return undefined;
  await (exchange.session.saveEarly ?? exchange.session.save).call(exchange.session);
  const connection = await service.sockets.accept(ctx.req, handler.protocols);
  return connection && { connection, call: () => handler.call([new Socket(connection), ...args]) };
}

/** Sends the answer of a hook. Somebody may have answered by hand as well: a 101 must not follow that. */
async function isAnswered(request: Request, answer: Reply | undefined): Promise<boolean> {
  const { res } = request.ctx;
  if (isClosed(res) || res.headersSent) return true;
  if (answer) await finish(request, answer);
  return answer !== undefined;
}

async function run({ connection, call }: Start, service: Service, request: Request, target: Target): Promise<void> {
  const { ctx } = request;
  // Koa has nothing to answer any more.
  ctx.respond = false;
  whenClosing(ctx.res, () => connection.close(1001, 'The server is closing'));
  let hasFailed = false;
  try {
    const result = await call();
    if (isStreamable(result)) await pump(result, connection, ctx);
    connection.close(1000, '');
  } catch (thrown) {
    hasFailed = !isLeaving(thrown, connection);
    if (hasFailed) fail(toError(thrown), connection, ctx);
  }
  await new Promise<void>((resolve) => connection.whenClosed(resolve));
  await finishSocket(request, hasFailed ? [] : hooksAfter(service, target));
}

async function finishSocket(request: Request, hooks: readonly HttpMiddleware[]): Promise<void> {
  try {
    await runAfterWebSocket(hooks, request);
    await store(request);
  } catch (thrown) {
    report(thrown, request.ctx);
  }
}

/** Sends what a generator yields; when the client leaves, the generator ends. */
async function pump(source: Streamable, connection: Connection, ctx: Context): Promise<void> {
  const iterator = toIterator(source);
  connection.whenClosed(() => closeIterator(iterator, ctx));
  for (;;) {
    const { done, value } = await iterator.next();
    if (done || !(await connection.send(value))) return;
  }
}

/** Whether a handler was waiting with the request's signal when its client left. */
function isLeaving(thrown: unknown, connection: Connection): boolean {
  return connection.isOver && thrown instanceof Error && thrown.name === 'AbortError';
}

/** What a client is told of an error is what an answer by HTTP would tell it. */
function fail(error: Error, connection: Connection, ctx: Context): void {
  const status = Number(Reflect.get(error, 'status'));
  const isTold = Reflect.get(error, 'expose') === true && status >= 400 && status < 500;
  connection.close(isTold ? 1008 : 1011, isTold ? error.message : '');
  if (!isTold) report(error, ctx);
}

/** Stores what the handler and the hooks behind it have changed. */
async function store(request: Request): Promise<void> {
  const { session } = exchangeOf(request);
  if (session.isBegun())
    report(
      new Error('A session was begun behind the handshake, which has carried no cookie: begin it in beforeWebSocket'),
      request.ctx,
    );
  // Only what lies under a cookie that the client has already: the handshake can't carry another one any more.
  session.fail();
  await session.save();
  session.seal();
}
