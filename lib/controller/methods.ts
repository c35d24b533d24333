import { isDots } from '../routing/pattern.js';
import { isBase, isController, RESERVED } from './controller.js';

/** A method of a controller, called with the controller as `this`. */
export type Method = (this: object, ...args: unknown[]) => unknown;

// `then` would make a promise of the controller.
const NEVER_ROUTED = new Set(['constructor', 'then']);

/** Whether a name is kept from clients: helpers begin with `_`, WebSocket handlers with `ws_`. */
export function isPrivate(name: string): boolean {
  return name.startsWith('_') || name.startsWith('ws_');
}

/** Whether a method handles WebSockets. */
export function isSocketName(name: string): boolean {
  return name.startsWith('ws_');
}

/** Whether a method of this name is served; what would be private as a path is not served as a socket either. */
function isServed(name: string): boolean {
  const inPath = isSocketName(name) ? name.slice(3) : name;
  const isNameless = isSocketName(name) && inPath === '';
  return !isNameless && !isPrivate(inPath) && !NEVER_ROUTED.has(name);
}

/** How messages name a controller. */
export function nameOfClass(instance: object): string {
  return classOf(instance).name || 'Controller';
}

/** An object without a class is taken for one of `Object`, which has no routes of its own. */
export function classOf(instance: object): { readonly name: string } {
  return constructorOf(Object.getPrototypeOf(instance));
}

function constructorOf(prototype: object | null): { readonly name: string } {
  const made: unknown = prototype && Reflect.get(prototype, 'constructor');
  return typeof made === 'function' ? made : Object;
}

/**
 * Collects the methods that a controller serves, its sockets included, from its class up to `Controller` or `Object`. Only property
 * descriptors are read, so that no getter of the class runs.
 *
 * @throws TypeError for a name that the base class needs itself, and for names and fields that can't be served.
 */
export function collectMethods(instance: object): Map<string, Method> {
  const className = nameOfClass(instance);
  const methods = new Map<string, Method>();
  const seen = new Set<string>();
  if (isController(instance)) refuseReserved(instance, className);
  for (let level = Object.getPrototypeOf(instance); level && !isBase(level); level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (seen.has(name)) continue;
      seen.add(name);
      const value: unknown = Object.getOwnPropertyDescriptor(level, name)?.value;
      if (!isMethod(value) || !isServed(name)) continue;
      refuseName(name, className, `call the method something else and declare ${pathInstead(name)}`);
      methods.set(name, value);
    }
  }
  warnOfFields(instance, className);
  return methods;
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

/** Fields count as well: they would hide what the base class has under the name. */
function refuseReserved(instance: object, className: string): void {
  for (let level = instance; !isBase(level); level = Object.getPrototypeOf(level))
    for (const name of RESERVED)
      if (Object.hasOwn(level, name))
        throw new TypeError(`${className}.${name}: the base class Controller needs this name; call it something else`);
}

/**
 * Refuses the name of a method or a field that no client can ask for, or that is surely meant as a path:
 * `'tasks/:id'() {}` would be served at `/tasks%2F:id`.
 *
 * @param cure - What to do where a path is meant.
 */
export function refuseName(name: string, className: string, cure: string): void {
  if (name === '' || isDots(name))
    throw new TypeError(`${className}['${name}'] can't be served: no client sends such a segment; rename it`);
  if (/(^|\/)[:*]\w|^[A-Z]+ \//.test(name)) throw new TypeError(`${className}['${name}'] is not a path: ${cure}`);
}

function pathInstead(name: string): string {
  return `static routes = { name: '${/^[A-Z]+ \/|^\//.test(name) ? '' : '/'}${name}' }`;
}

/** An arrow function in a field looks like a handler, but is never served. One that was passed in is left alone. */
function warnOfFields(instance: object, className: string): void {
  if (process.env.NODE_ENV === 'production') return;
  const arrows = Object.entries(Object.getOwnPropertyDescriptors(instance)).flatMap(([name, { value }]) =>
    !isPrivate(name) && isArrowFunction(value) ? [{ name, value }] : [],
  );
  if (arrows.length === 0) return;
  const source = compact(sourceOf(instance));
  const fields = arrows.filter(({ name, value }) => isWrittenAsField(name, value, source)).map(({ name }) => name);
  if (fields.length === 0) return;
  process.emitWarning(
    `${className} has arrow functions in fields, which are never served: ${fields.join(', ')}. ` +
      'Write each as a method, as in name() {}, or begin its name with _',
    { code: 'KOA_MICROPIE_FIELD' },
  );
}

function isArrowFunction(value: unknown): value is Method {
  return typeof value === 'function' && !Object.hasOwn(value, 'prototype');
}

/** The source text of an instance's classes. */
function sourceOf(instance: object): string {
  let source = '';
  for (let level = Object.getPrototypeOf(instance); level && !isBase(level); level = Object.getPrototypeOf(level))
    source += Function.prototype.toString.call(constructorOf(level));
  return source;
}

/** As authors write it, `name = () => {}`, or as esbuild does for them: by `__name` and, for old targets, a call. */
function isWrittenAsField(name: string, value: Method, source: string): boolean {
  const text = compact(Function.prototype.toString.call(value));
  return [`${name}=`, `"${name}",`].some((field) =>
    ['', '__name('].some((wrapper) => source.includes(field + wrapper + text)),
  );
}

/** Without what tools add or take away. */
function compact(source: string): string {
  return source.replace(/\/\*.*?\*\/|\s+/gs, '');
}
