import type { DeclaredParameter, ParameterDeclaration, ScalarType } from '../binding/parameters.js';
import { isSchema, type StandardSchema } from '../binding/standard-schema.js';
import { type HttpMiddleware, refuseHook } from '../hooks.js';
import { type Pattern, parsePattern } from '../routing/pattern.js';
import { UploadedFile } from '../uploads/uploaded-file.js';
import { isRecord } from '../values.js';
import { isSocketName } from './methods.js';

/** What `returns` says: one schema for every answer that succeeds, or one for each status. */
export type DeclaredResult =
  | { readonly kind: 'any'; readonly schema: StandardSchema }
  | { readonly kind: 'byStatus'; readonly schemas: ReadonlyMap<number, StandardSchema> };

/** A declaration of `static routes` that was checked. */
export interface Declaration extends ParameterDeclaration {
  readonly pattern: Pattern | undefined;
  readonly returns: DeclaredResult | undefined;
  readonly streamsBody: boolean;
  readonly middlewares: readonly HttpMiddleware[];
  readonly summary: string | undefined;
  readonly description: string | undefined;
  readonly openapi: Readonly<Record<string, unknown>> | undefined;
  readonly tool: boolean;
  /** The subprotocols that a socket speaks. */
  readonly protocols: readonly string[];
}

export const UNDECLARED: Declaration = {
  pattern: undefined,
  params: [],
  input: undefined,
  returns: undefined,
  fromBody: false,
  isSocket: false,
  session: new Set(),
  streamsBody: false,
  middlewares: [],
  summary: undefined,
  description: undefined,
  openapi: undefined,
  tool: false,
  protocols: [],
};

/** Reads the value of one key; `where` is how messages name it. */
type Readers = { readonly [K in keyof Declaration]?: (value: unknown, where: string) => Declaration[K] };

const KEYS: Readonly<Record<string, Readers>> = {
  path: { pattern: (value, where) => parsePattern(text(value, where), where) },
  params: { params: declaredParameters },
  input: { input: schema },
  returns: { returns: declaredResult },
  from: { fromBody: (value, where) => only('body', value, where) },
  session: { session: (value, where) => new Set(names(value, where)) },
  body: { streamsBody: (value, where) => only('stream', value, where) },
  middlewares: { middlewares: hooks },
  summary: { summary: text },
  description: { description: text },
  openapi: { openapi: record },
  tool: { tool: boolean },
  protocols: { protocols },
};

// Whether a key is for sockets (true) or for other methods alone (false).
const OF_ONE_KIND: Readonly<Record<string, boolean | undefined>> = {
  protocols: true,
  returns: false,
  from: false,
  body: false,
  tool: false,
};

/**
 * Collects `static routes` of a class and the classes it extends; the nearest wins.
 *
 * @throws TypeError for whatever is not a declaration.
 */
export function readDeclarations(controller: object, className: string): Map<string, Declaration> {
  const declarations = new Map<string, Declaration>();
  for (let level: object | null = controller; level; level = Object.getPrototypeOf(level)) {
    const property = Object.getOwnPropertyDescriptor(level, 'routes');
    if (property?.get) throw new TypeError(`${className}.routes must be a static field, not a getter`);
    const routes: unknown = property?.value;
    if (routes === undefined) continue;
    if (!isRecord(routes)) throw new TypeError(`${className}.routes must be an object of { method name: declaration }`);
    for (const [name, value] of Object.entries(routes))
      if (!declarations.has(name)) declarations.set(name, readDeclaration(name, value, `${className}.routes.${name}`));
  }
  return declarations;
}

function readDeclaration(method: string, value: unknown, where: string): Declaration {
  const given = typeof value === 'string' ? { path: value } : value;
  if (!isRecord(given))
    throw new TypeError(`${where} must be a path such as 'POST' or 'GET /:id', or an object such as { path: 'POST' }`);
  const isSocket = isSocketName(method);
  const declaration: Declaration = { ...UNDECLARED, isSocket };
  for (const [key, part] of Object.entries(given)) {
    const readers = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (!readers) throw new TypeError(unknownKey(key, part, where));
    if (part === undefined) continue;
    if (OF_ONE_KIND[key] === !isSocket)
      throw new TypeError(`${where}.${key} is for ${isSocket ? 'HTTP' : 'ws_ methods'} alone; leave it out`);
    for (const [name, read] of Object.entries(readers))
      Object.assign(declaration, { [name]: read(part, `${where}.${key}`) });
  }
  if (isSocket && declaration.pattern?.methods)
    throw new TypeError(`${where}.path names a method, but a socket has none; write it as in '/:room'`);
  return declaration;
}

function unknownKey(key: string, value: unknown, where: string): string {
  const methods = Array.isArray(value) ? value.join(',') : String(value);
  if (key === 'method') return `${where}.method is not known any more; write ${where}.path: '${methods}'`;
  return `${where}.${key} is unknown; it takes ${Object.keys(KEYS).join(', ')}`;
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`${where} must be a text that is not empty`);
}

function boolean(value: unknown, where: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${where} must be true or false`);
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw new TypeError(`${where} must be an object`);
}

function only(word: string, value: unknown, where: string): boolean {
  if (value === word) return true;
  throw new TypeError(`${where} must be '${word}' or left out`);
}

function names(value: unknown, where: string): string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')) return value;
  throw new TypeError(`${where} must be a list of names`);
}

function protocols(value: unknown, where: string): string[] {
  const list = names(value, where);
  // RFC 6455, section 11.3.4: they are tokens of a header.
  const wrong = list.find((name) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name));
  if (wrong === undefined) return list;
  throw new TypeError(`${where}: '${wrong}' is no name of a subprotocol; write it without spaces and commas`);
}

function schema(value: unknown, where: string): StandardSchema {
  if (isSchema(value)) return value;
  throw new TypeError(
    `${where} must be a schema of a library that follows Standard Schema, such as zod 4, valibot 1 or arktype 2`,
  );
}

function hooks(value: unknown, where: string): HttpMiddleware[] {
  if (!Array.isArray(value)) throw new TypeError(`${where} must be a list of hooks`);
  for (const [index, hook] of value.entries()) refuseHook(hook, `${where}[${index}]`);
  return value;
}

function declaredResult(value: unknown, where: string): DeclaredResult {
  if (isSchema(value)) return { kind: 'any', schema: value };
  if (!isRecord(value) || Object.keys(value).length === 0)
    throw new TypeError(`${where} must be a schema, or an object of schemas by status such as { 201: Task }`);
  const schemas = Object.entries(value).map(([status, one]): [number, StandardSchema] => {
    if (!/^[2-5]\d\d$/.test(status)) throw new TypeError(`${where}: '${status}' is not a status from 200 to 599`);
    return [Number(status), schema(one, `${where}[${status}]`)];
  });
  return { kind: 'byStatus', schemas: new Map(schemas) };
}

const TYPES = new Map<unknown, ScalarType>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [BigInt, 'bigint'],
  [UploadedFile, 'file'],
]);

function declaredParameters(value: unknown, where: string): DeclaredParameter[] {
  if (!Array.isArray(value))
    throw new TypeError(`${where} must be a list with a name, a type or a pair of both for each parameter, in order`);
  return Array.from(value, (one, index) => (one === undefined ? {} : declaredParameter(one, `${where}[${index}]`)));
}

function declaredParameter(value: unknown, where: string): DeclaredParameter {
  if (typeof value === 'string') return { name: text(value, where) };
  if (!Array.isArray(value) || typeof value[0] !== 'string') return declaredType(value, where);
  if (value.length !== 2) throw new TypeError(`${where} must be a pair of a name and a type, as in ['id', Number]`);
  return { name: text(value[0], where), ...declaredType(value[1], where) };
}

function declaredType(value: unknown, where: string): DeclaredParameter {
  if (isSchema(value)) return { schema: value };
  const isList = Array.isArray(value) && value.length === 1;
  const type = TYPES.get(isList ? value[0] : value);
  if (type) return { type, isList };
  throw new TypeError(
    `${where} must be a name, a type or a pair of both; types are String, Number, Boolean, BigInt, UploadedFile, ` +
      'a list of one of them such as [Number], or a schema',
  );
}
