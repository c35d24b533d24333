import { type Body, bodyOf } from '../body/body.js';
import { emptyLists, type Lists } from '../body/pairs.js';
import type { Context } from '../context.js';
import { badRequest } from '../errors.js';
import { decodeSegments } from '../routing/path.js';
import { UploadedFile } from '../uploads/uploaded-file.js';
import { isRecord } from '../values.js';
import type { Plan, PlannedParameter } from './plan.js';

type GivenParameter = Exclude<PlannedParameter, { kind: 'injected' }>;

/** The parameters that a client gives, in order: what it calls 0, 1, 2. */
export type Positions = readonly GivenParameter[];

/** The field of a multipart call that holds all arguments but the files, as JSON. */
const JSON_FIELD = 'json';
// A hundred thousand arguments would fill the stack; a form has as many fields at most.
export const MAX_REST = 1_000;
const NO_CALL = 'A call holds its arguments by position, as in {"0":"a"}';

/** Without ctx and request, and what comes from the session alone: no position leads to these. */
export function positionsOf({ parameters }: Plan): Positions {
  return parameters.filter((parameter) => parameter.kind !== 'injected').filter(isGiven);
}

function isGiven(parameter: GivenParameter): boolean {
  if (parameter.kind === 'pattern') return parameter.keys.length === 0 || namesOf(parameter).length > 0;
  return parameter.kind !== 'positional' || parameter.sources.some((source) => source !== 'session');
}

function namesOf({ keys }: Extract<GivenParameter, { kind: 'pattern' }>): readonly string[] {
  return keys.flatMap((key) => (key.kind !== 'injected' && key.sources.includes('body') ? [key.name] : []));
}

/** Whether the typed client made a request: a header that no form of another site can send. */
export function isCall({ req }: Context): boolean {
  return req.headers['micropie-call'] === '1';
}

/** A JSON body of a call by names; any other body as it is. */
export function nameBody({ request }: Context, body: Body, positions: Positions): Body {
  if (body.json === undefined) return body;
  const named = nameArguments(positions, body.json);
  request.body = named.json;
  return named;
}

/**
 * Gives the arguments of a call the names of their parameters, so that hooks and the binder find them as in any body.
 *
 * @param args - The arguments by position, as in `{ "0": "a", "2": true }`.
 * @throws 400 for what is no such object.
 */
export function nameArguments(positions: Positions, args: unknown): Body {
  if (!isRecord(args)) throw badRequest(NO_CALL);
  const naming = new Naming();
  for (const [index, parameter] of positions.entries()) {
    if (parameter.kind === 'rest') naming.rest(parameter.name, listFrom(args, index));
    else if (Object.hasOwn(args, index)) naming.add(parameter, args[index], index);
  }
  return bodyOf({ json: naming.json(positions), fields: naming.fields, isCall: true });
}

function listFrom(args: Record<string, unknown>, start: number): unknown[] {
  const values: unknown[] = [];
  for (let index = start; Object.hasOwn(args, index); index += 1) values.push(args[index]);
  if (values.length > MAX_REST) throw badRequest(`More than ${MAX_REST} arguments`);
  return values;
}

/** Collects values under names; a member of an object never hides a parameter. */
class Naming {
  readonly fields: Record<string, readonly unknown[]> = emptyLists();
  #members: (readonly [name: string, value: unknown])[] = [];
  #input: unknown;

  add(parameter: Exclude<GivenParameter, { kind: 'rest' }>, value: unknown, index: number): void {
    if (parameter.kind === 'input') {
      this.#input = value;
      if (isRecord(value)) this.#members.push(...Object.entries(value));
    } else if (parameter.kind === 'pattern') {
      if (!isRecord(value)) throw badRequest(`Argument ${index} of the call must be an object`);
      for (const name of namesOf(parameter)) if (Object.hasOwn(value, name)) this.#members.push([name, value[name]]);
    } else if (parameter.sources.includes('body')) this.fields[parameter.name] = [value];
  }

  rest(name: string, values: readonly unknown[]): void {
    if (values.length > 0) this.fields[name] = values;
  }

  json(positions: Positions): unknown {
    for (const [name, value] of this.#members) this.fields[name] ??= [value];
    if (positions.some(({ kind }) => kind === 'input')) return this.#input;
    const isRest = (name: string) => positions.some((one) => one.kind === 'rest' && one.name === name);
    return Object.fromEntries(
      Object.entries(this.fields).map(([name, values]) => [name, isRest(name) ? values : values[0]]),
    );
  }
}

/**
 * The arguments of a call that came as a multipart form, by position: JSON, and files in the places that their
 * fields' names tell, as in `1`, `0.avatar` and `2.0`.
 *
 * @throws 400 for JSON that is none, and for a file in a place that the JSON has not.
 */
export function argumentsOfForm(fields: Lists<unknown>, files: Lists<UploadedFile>): unknown {
  const args = parseField(fields[JSON_FIELD]?.[0]);
  for (const [name, values] of [...Object.entries(fields), ...Object.entries(files)])
    if (name !== JSON_FIELD) put(args, stepsOf(name), values.length > 1 ? values : values[0]);
  return args;
}

function parseField(text: unknown): Record<string, unknown> {
  try {
    const args: unknown = JSON.parse(String(text ?? '{}'), refusePrototypes);
    if (isRecord(args)) return Object.assign(Object.create(null), args);
  } catch (error) {
    throw badRequest('Bad JSON', error);
  }
  throw badRequest(NO_CALL);
}

/** As the parser of JSON bodies does: a handler that copies the members would set a prototype. */
function refusePrototypes(this: unknown, key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('It has a member __proto__');
  return value;
}

/** The steps are percent-encoded: a dot may be part of one, and browsers change quotes in the names of fields. */
function stepsOf(name: string): readonly string[] {
  const steps = decodeSegments(name.split('.'));
  if (!steps) throw badRequest('A call has a field whose name is malformed');
  return steps;
}

/** Only in places that the JSON itself has, so that no name leads to a prototype. */
function put(args: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let place: unknown = args;
  for (const [depth, step] of path.entries()) {
    if (!isObject(place) || (!has(place, step) && path.length > 1))
      throw badRequest('A call has a file in a place that its JSON has not');
    if (depth === path.length - 1) Reflect.set(place, step, value);
    else place = Reflect.get(place, step);
  }
}

/** Not `length`: a list of four billion items would take none, but end the process. */
function has(place: object, key: string): boolean {
  return Object.keys(place).includes(key);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The files among the values of fields, under the fields' names. */
export function filesAmong(fields: Lists<unknown>): Lists<UploadedFile> {
  const files: Record<string, readonly UploadedFile[]> = emptyLists();
  for (const [name, values] of Object.entries(fields)) {
    const found = values.flat().filter((value) => value instanceof UploadedFile);
    if (found.length > 0) files[name] = found;
  }
  return files;
}
