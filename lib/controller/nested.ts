import { isClass } from '../values.js';
import { RESERVED } from './controller.js';
import { isPrivate, refuseName } from './methods.js';
import type { CheckedRoutes } from './routes-check.js';

// Only what was marked is served: a controller may lie in a field for other reasons.
const marked = new WeakSet<object>();

declare const CLASS: unique symbol;

/** A nested controller, which remembers its class for the types of a client. */
export type Nested<C> = (C extends new (...args: never) => infer T ? T : C) & { readonly [CLASS]?: C };

/** The class of a nested controller; `never` for any other value. */
export type ClassOf<N> = typeof CLASS extends keyof N ? Known<NonNullable<N[typeof CLASS]>> : never;

/** Koa's context has a member of type `any` under every symbol. */
type Known<C> = 0 extends 1 & C ? never : C;

/** A class whose declarations are wrong, or whose constructor's arguments are missing, must not pass for an instance. */
type NotAClass<T> = T extends { prototype: unknown } | ((...args: never) => unknown) ? never : unknown;

/**
 * Makes a controller and serves it below the name of the field that it is put in.
 *
 * @param controller - A class; or an instance that was made elsewhere, whose class a client is told as in
 * `nested<typeof Tasks>(tasks)`.
 * @param args - The arguments of the class's constructor.
 *
 * @example
 * class Root {
 *   tasks = nested(Tasks, database); // what Tasks serves, below /tasks
 * }
 */
export function nested<T extends object>(controller: T & NotAClass<T>): Nested<T>;
// For a class that is named only: left to the compiler to find, any object would be an instance of it.
export function nested<C extends new (...args: never) => object = never>(controller: InstanceType<C>): Nested<C>;
export function nested<C extends new (...args: never) => object>(
  controller: C & CheckedRoutes<C, InstanceType<C>>,
  ...args: ConstructorParameters<C>
): Nested<C>;
export function nested(controller: object, ...args: readonly unknown[]): unknown {
  const instance = isClass(controller) ? make(controller, args) : controller;
  if (typeof instance !== 'object' || instance === null)
    throw new TypeError('nested: the controller must be a class or an instance of one');
  marked.add(instance);
  return instance;
}

// Far more than anybody nests, and far below what fills the stack.
const MAX_DEPTH = 100;
let depth = 0;

/** A class that nests itself would be made for ever. */
function make(controller: new (...args: readonly unknown[]) => object, args: readonly unknown[]): object {
  if (depth >= MAX_DEPTH)
    throw new TypeError(`nested: ${controller.name} is nested in itself, which never ends; remove the field`);
  depth += 1;
  try {
    return new controller(...args);
  } finally {
    depth -= 1;
  }
}

/**
 * The nested controllers in the fields of an instance, by the fields' names.
 *
 * @throws TypeError for a field whose name can't be served.
 */
export function nestedFields(
  instance: object,
  className: string,
  methods: ReadonlyMap<string, unknown>,
): Map<string, object> {
  const fields = new Map<string, object>();
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(instance))) {
    if (typeof value !== 'object' || value === null || !marked.has(value)) continue;
    if (isPrivate(name) || RESERVED.has(name) || name === 'then' || name === 'constructor')
      throw new TypeError(
        `${className}.${name}: a nested controller can't be served under this name; rename the field`,
      );
    refuseName(name, className, "name the field by plain text; the nested class has ':name' in paths of its own");
    // A field hides the method of its name, so that it would never be called.
    if (methods.has(name))
      throw new TypeError(`${className}.${name} is a method and a nested controller; rename one of them`);
    fields.set(name, value);
  }
  return fields;
}
