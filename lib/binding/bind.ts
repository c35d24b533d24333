import { readTypes } from '../body/content.js';
import type { NamedParameter, Parameter } from '../controller/signature.js';
import { badRequest, unsupportedMediaType } from '../errors.js';
import { BODY, MOUNT, type Request, SESSION, SPOOL } from '../request.js';
import { convert, DESCRIPTION, REFUSED } from './convert.js';

/** Names that a handler's parameter gets from the request itself and never from the client. */
const INJECTED = new Map<string, (request: Request) => unknown>([
  ['ctx', (request) => request.ctx],
  ['request', (request) => request],
]);

type Bind = (request: Request) => unknown;

/**
 * Prepares the binding of a method's parameters.
 *
 * @param parameters - The method's parameters.
 * @param fromSession - The names that only the session may give.
 * @returns A function that makes the arguments for one request; it throws a 400 where that can't be done.
 */
export function prepareBinding(
  parameters: readonly Parameter[],
  fromSession: ReadonlySet<string>,
): (request: Request) => unknown[] {
  const takers: readonly Parameter[] = parameters.filter((parameter) => takesSegment(parameter, fromSession));
  const hasRest = parameters.at(-1)?.kind === 'rest';
  const binds = parameters.flatMap((parameter) =>
    parameter.kind === 'rest' ? [] : [prepare(parameter, takers.indexOf(parameter), fromSession)],
  );
  return (request) => {
    const values = binds.map((bind) => bind(request));
    return hasRest ? [...values, ...request.pathParams.slice(takers.length)] : values;
  };
}

/** How many path segments the parameters take, and whether each of the given ones fits its parameter. */
export function fitsPath(
  parameters: readonly Parameter[],
  fromSession: ReadonlySet<string>,
): { max: number; accepts(segments: readonly string[]): boolean } {
  const takers = parameters.filter((parameter) => takesSegment(parameter, fromSession));
  const max = parameters.some(({ kind }) => kind === 'rest') ? Number.POSITIVE_INFINITY : takers.length;
  return {
    max,
    accepts: (segments) =>
      segments.length <= max &&
      takers.every(({ type }, index) => index >= segments.length || convert[type]([segments[index]]) !== REFUSED),
  };
}

function takesSegment(
  parameter: Parameter,
  fromSession: ReadonlySet<string>,
): parameter is Extract<Parameter, { kind: 'positional' }> {
  return parameter.kind === 'positional' && !INJECTED.has(parameter.name) && !fromSession.has(parameter.name);
}

/** @param position - The path segment that is the parameter's; -1 for none. */
function prepare(
  parameter: Exclude<Parameter, { kind: 'rest' }>,
  position: number,
  fromSession: ReadonlySet<string>,
): Bind {
  if (parameter.kind === 'pattern') return preparePattern(parameter.keys, fromSession);
  const byName = prepareByName(parameter, fromSession);
  if (position === -1) return byName;
  return (request) => {
    const segment = request.pathParams[position];
    return segment === undefined ? byName(request) : converted(parameter, [segment]);
  };
}

function preparePattern(keys: readonly NamedParameter[], fromSession: ReadonlySet<string>): Bind {
  const entries = keys.map((key) => [key.name, prepareByName(key, fromSession)] as const);
  return (request) => {
    const bound: Record<string, unknown> = Object.create(null);
    for (const [name, bind] of entries) bound[name] = bind(request);
    return bound;
  };
}

/** MicroPie's order, first come first served: query, body, file, session; then the default. */
function prepareByName(parameter: NamedParameter, fromSession: ReadonlySet<string>): Bind {
  const { name, required } = parameter;
  const inject = INJECTED.get(name);
  if (inject) return inject;
  const find = fromSession.has(name) ? valuesInSession : valuesInRequest;
  return (request) => {
    const values = find(request, name);
    if (values) return converted(parameter, values);
    if (required) throw missing(name, request, find === valuesInRequest);
    return undefined;
  };
}

function valuesInRequest(request: Request, name: string): readonly unknown[] | undefined {
  return (
    request.queryParams[name] ??
    request.bodyParams[name] ??
    request[SPOOL]?.files[name] ??
    valuesInSession(request, name)
  );
}

/** A parameter that the body could have given, had its type been one that is read, is a matter of the type: 415. */
function missing(name: string, request: Request, mayComeFromBody: boolean): Error {
  const message = `Missing required parameter '${name}'`;
  if (!mayComeFromBody || !request[BODY]?.isUnreadType) return badRequest(message);
  return unsupportedMediaType(`${message}; a body is read as ${readTypes(request[MOUNT].uploads !== false)}`);
}

function valuesInSession(request: Request, name: string): readonly unknown[] | undefined {
  const value = request[SESSION].value(name);
  return value === undefined ? undefined : [value];
}

function converted({ name, type }: NamedParameter, values: readonly unknown[]): unknown {
  const value = convert[type](values);
  if (value === REFUSED) throw badRequest(`Parameter '${name}' must be ${DESCRIPTION[type]}`);
  return value;
}
