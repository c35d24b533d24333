import { fitsPath, prepareBinding } from '../binding/bind.js';
import { isBase, isController, RESERVED } from '../controller/controller.js';
import { type Declaration, readDeclarations } from '../controller/declarations.js';
import { warnOfRenames } from '../controller/renames.js';
import { type Parameter, readSignature } from '../controller/signature.js';
import type { Request } from '../request.js';

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

// `then` would make a promise of the controller.
const NEVER_ROUTED = new Set(['constructor', 'then']);
const UNDECLARED: Declaration = { methods: undefined, params: undefined, session: new Set(), streamsBody: false };

/**
 * Finds the methods of a controller that are routes, from its class up to `Controller` or `Object`.
 *
 * @throws TypeError for a class that can't be served, naming what is wrong and the cure.
 */
export function buildTable(instance: object, prefix: string): Map<string, Handler> {
  const controller = classOf(instance);
  const className = controller.name || 'Controller';
  const methods = collectMethods(instance, className);
  const declarations = readDeclarations(controller, className);
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
  const served = Array.from(table, ([name, { route }]) => {
    const isNamed = declarations.get(name)?.params !== undefined;
    return [name, { parameters: route.parameters, isNamed }] as const;
  });
  warnOfRenames(controller, className, new Map(served));
  return table;
}

/** An object without a class is taken for one of `Object`, which has no routes of its own. */
function classOf(instance: object): { readonly name: string } {
  const made: unknown = Reflect.get(instance, 'constructor');
  return typeof made === 'function' ? made : Object;
}

/** Whether a name is kept from clients: helpers begin with `_`, WebSocket handlers with `ws_`. */
export function isPrivate(name: string): boolean {
  return name.startsWith('_') || name.startsWith('ws_');
}

type Method = (this: object, ...args: unknown[]) => unknown;

/** Reads descriptors only, so that no getter of the class runs. */
function collectMethods(instance: object, className: string): Map<string, Method> {
  const methods = new Map<string, Method>();
  const seen = new Set<string>();
  if (isController(instance)) refuseReserved(instance, className);
  for (let level = Object.getPrototypeOf(instance); level && !isBase(level); level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (seen.has(name)) continue;
      seen.add(name);
      const value: unknown = Object.getOwnPropertyDescriptor(level, name)?.value;
      if (isMethod(value) && !isPrivate(name) && !NEVER_ROUTED.has(name)) methods.set(name, value);
    }
  }
  return methods;
}

/** Fields count as well: they would hide what the base class has under the name. */
function refuseReserved(instance: object, className: string): void {
  for (let level = instance; !isBase(level); level = Object.getPrototypeOf(level))
    for (const name of RESERVED)
      if (Object.hasOwn(level, name))
        throw new TypeError(`${className}.${name}: the base class Controller needs this name; call it something else`);
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
  const parameters = signatureOf(method, name, where, params);
  checkSession(session, parameters, where);
  return {
    route: Object.freeze({
      name,
      path: name === 'index' ? prefix || '/' : `${prefix}/${encodeURIComponent(name)}`,
      parameters: Object.freeze(parameters.map(frozen)),
      methods: Object.freeze([...(methods ?? ['*'])]),
    }),
    methods,
    streamsBody,
    path: fitsPath(parameters, session),
    bind: prepareBinding(parameters, session),
    call: (args) => method.apply(instance, args),
  };
}

/** A misspelt name would leave the parameter to the client. */
function checkSession(session: ReadonlySet<string>, parameters: readonly Parameter[], where: string): void {
  const names = new Set(parameters.flatMap(boundNames));
  for (const name of session)
    if (!names.has(name))
      throw new TypeError(`${where}: its declaration's session names '${name}', which is not a parameter of it`);
}

function boundNames(parameter: Parameter): string[] {
  switch (parameter.kind) {
    case 'positional':
      return [parameter.name];
    case 'pattern':
      return parameter.keys.map(({ name }) => name);
    case 'rest':
      return [];
  }
}

function frozen(parameter: Parameter): Parameter {
  if (parameter.kind !== 'pattern') return Object.freeze(parameter);
  return Object.freeze({ ...parameter, keys: Object.freeze(parameter.keys.map((key) => Object.freeze(key))) });
}

function signatureOf(method: Method, name: string, where: string, names: readonly string[] | undefined): Parameter[] {
  try {
    return readSignature(method, names);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const cure = `name them by hand: static routes = { '${name}': { params: ['first', 'second'] } }`;
    throw new TypeError(`${where}: its parameters can't be read, since ${reason}; ${cure}`, { cause });
  }
}
