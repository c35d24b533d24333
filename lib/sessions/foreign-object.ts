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
  for (const [name, value] of Object.entries(given)) if (isTaken(session, name, value)) refuse(name);
  for (const name of Object.keys(dataOf(session))) delete session[name];
  return Object.assign(session, given);
}

/**
 * Has `regenerate` give a promise where it is called without a callback, over which express-session throws where
 * nobody can catch it. Then what the session holds goes over to the new one, as with sessions of this package.
 *
 * @param current - Gives the session that is in use when there is a new one.
 */
export function promisify(session: SessionData, current: () => SessionData | null | undefined): void {
  const { regenerate } = session;
  if (typeof regenerate !== 'function' || !isIrreplaceable(session) || Object.hasOwn(session, 'regenerate')) return;

  function regenerated(callback?: unknown): unknown {
    if (callback) {
      const settle = (error?: unknown) => {
        current();
        return Reflect.apply(Object(callback), session, [error]);
      };
      return Reflect.apply(Object(regenerate), session, [settle]);
    }
    return new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown) => {
        const renewed = current();
        if (error) return reject(error);
        carryOver(session, renewed);
        resolve();
      };
      const result: unknown = Reflect.apply(Object(regenerate), session, [settle]);
      if (isPromiseLike(result)) result.then(() => settle(), reject);
    });
  }

  // Not enumerable: it would be stored.
  Object.defineProperty(session, 'regenerate', { configurable: true, writable: true, value: regenerated });
}

/** The session that express-session has made in place of one. */
export function successorOf({ req }: SessionData): SessionData | undefined {
  return isRecord(req) && isRecord(req['session']) ? req['session'] : undefined;
}

/** A copy of the session brings its cookie's settings, as they are. */
function isTaken(session: SessionData, name: string, value: unknown): boolean {
  if (name === 'cookie') return value !== session['cookie'];
  // `id` and `req` of express-session.
  if (Object.getOwnPropertyDescriptor(session, name)?.writable === false) return true;
  return isMethod(session, name);
}

/** Whether its class has a method under a name; what every object has, such as toString, nobody calls at the end. */
function isMethod(session: SessionData, name: string): boolean {
  let level: object | null = Object.getPrototypeOf(session);
  for (; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    const property = Object.getOwnPropertyDescriptor(level, name);
    if (property) return typeof property.value === 'function' && name !== 'constructor';
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
