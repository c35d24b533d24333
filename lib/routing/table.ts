import { fitsPath, prepareBinding } from '../binding/bind.js';
import { isBase, isController, RESERVED } from '../controller.js';
import type { Request } from '../request.js';
import { type Declaration, readDeclarations } from './declaration.js';
import { warnOfRenames } from './renames.js';
import { type Parameter, readSignature } from './signature.js';

/** What a controller serves under one name. */
export interface Route {
  /** The method's name. */
  readonly name: string;
  /** The path that leads to it, the mount's prefix included. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** The HTTP methods that reach it; `*` for any. */
  readonly methods: readonly string[];
}

/** A route with all that is needed to run it, prepared at start. */
export interface Handler {
  readonly route: Route;
  readonly methods: readonly string[] | undefined;
  readonly streamsBody: boolean;
  readonly path: ReturnType<typeof fitsPath>;
  /** Makes the method's arguments of a request. */
  bind(request: Request): unknown[];
  call(args: unknown[]): unknown;
}

const NOT_A_ROUTE = /^(?:_|ws_|constructor$|then$)/;
const UNDECLARED: Declaration = { methods: undefined, params: undefined, session: new Set(), streamsBody: false };

/**
 * Finds the methods of a controller that are routes, from its class up to `Controller` or `Object`.
 *
 * @throws TypeError for a class that can't be served, naming what is wrong and the cure.
 */
export function buildTable(instance: object, prefix: string): Map<string, Handler> {
  const className = instance.constructor.name || 'Controller';
  const methods = collectMethods(instance, className);
  const declarations = readDeclarations(instance.constructor, className);
  for (const name of declarations.keys())
    if (!methods.has(name))
      throw new TypeError(`${className}.routes names '${name}', which is not a method that is served`);
  if (methods.size === 0)
    throw new TypeError(`${className} has no method to serve; only methods of its class are routes`);
  const table = new Map<string, Handler>();
  for (const [name, method] of methods)
    table.set(
      name,
      describe(instance, method, name, `${className}.${name}`, prefix, declarations.get(name) ?? UNDECLARED),
    );
  warnOfRenames(className, methods, declarations);
  return table;
}

type Method = (this: object, ...args: unknown[]) => unknown;

/** Reads descriptors only, so that no getter of the class runs. */
function collectMethods(instance: object, className: string): Map<string, Method> {
  const methods = new Map<string, Method>();
  const seen = new Set<string>();
  const reserved = isController(instance) ? RESERVED : new Set<string>();
  for (let level = Object.getPrototypeOf(instance); level && !isBase(level); level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (reserved.has(name))
        throw new TypeError(`${className}.${name}: the base class Controller needs this name; call it something else`);
      if (seen.has(name)) continue;
      seen.add(name);
      const value: unknown = Object.getOwnPropertyDescriptor(level, name)?.value;
      if (isMethod(value) && !NOT_A_ROUTE.test(name)) methods.set(name, value);
    }
  }
  return methods;
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

function describe(
  instance: object,
  method: Method,
  name: string,
  where: string,
  prefix: string,
  declaration: Declaration,
): Handler {
  const { methods, params, session, streamsBody } = declaration;
  const parameters = signatureOf(method, where, params);
  return {
    route: Object.freeze({
      name,
      path: name === 'index' ? prefix || '/' : `${prefix}/${encodeURIComponent(name)}`,
      parameters: Object.freeze(parameters),
      methods: Object.freeze([...(methods ?? ['*'])]),
    }),
    methods,
    streamsBody,
    path: fitsPath(parameters, session),
    bind: prepareBinding(parameters, session),
    call: (args) => method.apply(instance, args),
  };
}

function signatureOf(method: Method, where: string, names: readonly string[] | undefined): Parameter[] {
  try {
    return readSignature(method, names);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const cure = `name them by hand: static routes = { ${where.split('.').at(-1)}: { params: ['first', 'second'] } }`;
    throw new TypeError(`${where}: its parameters can't be read, since ${reason}; ${cure}`, { cause });
  }
}
