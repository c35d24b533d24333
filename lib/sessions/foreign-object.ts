import type { IncomingMessage } from 'node:http';
import type { Context } from '../context.js';
import { isPlain, isPromiseLike, isRecord } from '../values.js';
import type { SessionData } from './backend.js';

// What is peculiar to the objects of other session middleware, which takes them back when the request is over.

/** Whether koa-session (7.0.2) made it: anew for each request, and any other object may take its place. */
export function isKoaSession(session: SessionData): boolean {
  return typeof session['manuallyCommit'] === 'function';
}

/** Whether its middleware will call methods of it, as express-session (1.19) does: no other object may take its place. */
export function isIrreplaceable(session: SessionData): boolean {
  return !isPlain(session) && !isKoaSession(session);
}

/**
 * The session that middleware of Express keeps on the request, where `ctx.session` is that very object: it is replaced
 * there, while a plain property of the context goes on holding the old one.
 */
export function sessionOfRequest({ req }: Context, property: PropertyDescriptor): PropertyDescriptor {
  if (!isRecord(property.value) || property.value !== Reflect.get(req, 'session')) return property;
  return { get: () => Reflect.get(req, 'session'), set: (value) => Reflect.set(req, 'session', value) };
}

interface ExpressStore {
  generate(req: IncomingMessage): void;
}

/** What express-session (1.19) makes sessions with: it fails, where nobody can catch it, over one that it has not made. */
export function expressStore({ req }: Context): ExpressStore | undefined {
  const store: unknown = Reflect.get(req, 'sessionStore');
  return isExpressStore(store) ? store : undefined;
}

function isExpressStore(store: unknown): store is ExpressStore {
  return isRecord(store) && typeof store['generate'] === 'function';
}

/** What it holds. express-session keeps the settings of its cookie among the data, and renews their time at the end. */
export function dataOf(session: SessionData): object {
  if (!isIrreplaceable(session)) return session;
  const { cookie: _, ...data } = session;
  return data;
}

/**
 * Gives it other data in place.
 *
 * @throws TypeError for a name that its middleware relies on when the request is over: such a name may come from a
 *   client, and nothing may be gone by then.
 */
export function refill(session: SessionData, data: object): SessionData {
  const given: SessionData = { ...data };
  if (isCopy(session, given)) delete given['cookie'];
  for (const name of Object.keys(given)) if (isTaken(session, name)) refuse(name);
  for (const name of Object.keys(dataOf(session))) delete session[name];
  return Object.assign(session, given);
}

/**
 * Has `regenerate` give a promise where it is called without a callback, over which express-session throws where
 * nobody can catch it. Then what the session holds goes over to the new one, as with sessions of this package.
 *
 * @param current - Gives the session that is in use when there is a new one; none where this one was ended.
 */
export function promisify(session: SessionData, current: () => SessionData | null | undefined): void {
  const { regenerate } = session;
  if (typeof regenerate !== 'function' || !isIrreplaceable(session) || !Object.isExtensible(session)) return;
  if (Object.hasOwn(session, 'regenerate')) return;

  function regenerated(...args: readonly unknown[]): unknown {
    const call = (given: readonly unknown[]): unknown => Reflect.apply(Object(regenerate), session, given);
    if (args.length > 0 && args[0] !== undefined) return call(args);
    const renewed = new Promise<unknown>((resolve, reject) => {
      const result = call([(error?: unknown) => (error ? reject(error) : resolve(undefined))]);
      // One of another middleware may give a promise, or be through at once.
      if (isPromiseLike(result) || Object(regenerate).length === 0) resolve(result);
    });
    return renewed.then(() => carryOver(session, current()));
  }

  // Not enumerable: it would be stored.
  Object.defineProperty(session, 'regenerate', { configurable: true, writable: true, value: regenerated });
}

/** Whether data bring the settings of a cookie along, as a copy of a session does: the session keeps its own. */
function isCopy({ cookie: own }: SessionData, { cookie: given }: SessionData): boolean {
  if (!isRecord(own) || !isRecord(given) || isPlain(given)) return false;
  return Object.getPrototypeOf(own) === Object.getPrototypeOf(given);
}

/** Whether its middleware has a name for itself; what every object has, such as toString, nobody calls at the end. */
function isTaken(session: SessionData, name: string): boolean {
  if (name === '__proto__' || (name === 'cookie' && Object.hasOwn(session, name))) return true;
  // `id` and `req` of express-session, `isChanged` of cookie-session.
  if (Object.getOwnPropertyDescriptor(session, name)?.writable === false) return true;
  let level: object | null = Object.getPrototypeOf(session);
  for (; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    const property = Object.getOwnPropertyDescriptor(level, name);
    if (property) return name !== 'constructor' && (!('value' in property) || typeof property.value === 'function');
  }
  return false;
}

function refuse(name: string): never {
  throw new TypeError(
    `The session can not hold a value under the name '${name}': its middleware has that name for itself; take another name`,
  );
}

function carryOver(from: SessionData, to: SessionData | null | undefined): void {
  if (!to || to === from) return;
  // The new one has a cookie of its own.
  for (const [name, value] of Object.entries(from)) if (!Object.hasOwn(to, name)) to[name] = value;
}
