import type { ServerResponse } from 'node:http';
import { whenClosed } from '../koa-compat.js';

const TOO_LATE = 'The session can not change any more: it was stored before the first chunk of the stream was sent';

export function tooLate(): Error {
  return new Error(TOO_LATE);
}

function refuse(): never {
  throw new TypeError(TOO_LATE);
}

/** A view of which no change is possible, however deep. What it shows is not frozen: it may be the app's own. */
export function readOnly<T extends object>(shown: T): T {
  return new Proxy(shown, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return isPlain(value) && !isFixed(target, name) ? readOnly(value) : value;
    },
    set: refuse,
    deleteProperty: refuse,
    defineProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  });
}

/** Tells of a change that no view could refuse: of an object that the handler had at hand before. */
export function watchUntilClosed(session: object, res: ServerResponse, tell: (error: Error) => void): void {
  // What is no object can't be changed: the session itself is frozen.
  if (!Object.values(session).some((value) => typeof value === 'object' && value !== null)) return;
  const before = textOf(session);
  whenClosed(res, () => {
    if (textOf(session) !== before) tell(tooLate());
  });
}

function textOf(session: object): string | undefined {
  try {
    return JSON.stringify(session);
  } catch {
    return undefined;
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** A proxy has to give such a property as it is. */
function isFixed(target: object, name: PropertyKey): boolean {
  const property = Object.getOwnPropertyDescriptor(target, name);
  return property?.configurable === false && property.writable === false;
}
