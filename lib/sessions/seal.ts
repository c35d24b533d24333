import type { ServerResponse } from 'node:http';
import { whenClosed } from '../koa-compat.js';
import { isPlain } from '../values.js';

const TOO_LATE = 'The session can not change any more: it was stored before the answer was sent';

export function tooLate(): Error {
  return new Error(TOO_LATE);
}

/** A view of which no change is possible, however deep. What it shows is not frozen: it may be the app's own. */
export function readOnly<T extends object>(shown: T, why: string = TOO_LATE): T {
  const refuse = () => {
    throw new TypeError(why);
  };
  return new Proxy(shown, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return isPlain(value) && !isFixed(target, name) ? readOnly(value, why) : value;
    },
    set: refuse,
    deleteProperty: refuse,
    defineProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  });
}

/** Tells of a change that no view could refuse: of an object that the handler had at hand before. */
export function watchUntilClosed(read: () => object, res: ServerResponse, tell: (error: Error) => void): void {
  const before = textOf(read());
  whenClosed(res, () => {
    if (textOf(read()) !== before) tell(tooLate());
  });
}

function textOf(data: object): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}

/** A proxy has to give such a property as it is. */
function isFixed(target: object, name: PropertyKey): boolean {
  const property = Object.getOwnPropertyDescriptor(target, name);
  return property?.configurable === false && property.writable === false;
}
