import type { Plan, PlannedName, PlannedParameter } from '../binding/plan.js';
import { MAX_REST } from '../binding/positions.js';
import { type Body, bodyOf } from '../body/body.js';
import { emptyLists } from '../body/pairs.js';
import { badRequest } from '../errors.js';

type PlannedKey = Extract<PlannedParameter, { kind: 'injected' | 'positional' }>;

/** The plan of a route whose arguments all come by name, from the arguments of a tool, or from the session. */
export function planOfTool({ parameters, maxSegments }: Plan): Plan {
  return { maxSegments, parameters: parameters.map(byName) };
}

function byName(parameter: PlannedParameter): PlannedParameter {
  if (parameter.kind === 'positional') return keyByName(parameter);
  return parameter.kind === 'pattern' ? { ...parameter, keys: parameter.keys.map(keyByName) } : parameter;
}

function keyByName(key: PlannedKey): PlannedKey {
  return key.kind === 'injected' ? key : { ...key, position: -1, sources: sourcesOf(key) };
}

function sourcesOf({ sources }: PlannedName): PlannedName['sources'] {
  const fromSession = sources.filter((source) => source === 'session');
  return sources.length === fromSession.length ? sources : ['body', ...fromSession];
}

/**
 * The arguments of a tool as the body of a request, with types of their own.
 *
 * @param isInput - Whether all of them together are the route's `input`.
 * @throws 400 for more than 1,000 values of a rest parameter.
 */
export function bodyOfArguments(args: Readonly<Record<string, unknown>>, plan: Plan, isInput: boolean): Body {
  const fields: Record<string, readonly unknown[]> = emptyLists();
  for (const [name, value] of Object.entries(args)) fields[name] = [value];
  for (const parameter of plan.parameters)
    if (parameter.kind === 'rest' && Object.hasOwn(args, parameter.name))
      fields[parameter.name] = listOf(args[parameter.name]);
  return bodyOf({ json: jsonOf(args, plan, isInput), fields, isCall: true });
}

/** Nothing given is no input, so that a default in the signature applies. */
function jsonOf(args: Readonly<Record<string, unknown>>, { parameters }: Plan, isInput: boolean): unknown {
  const input = parameters.find((parameter) => parameter.kind === 'input');
  if (!input) return args;
  if (!isInput) return Object.hasOwn(args, input.name) ? args[input.name] : undefined;
  return input.hasDefault && Object.keys(args).length === 0 ? undefined : args;
}

function listOf(value: unknown): readonly unknown[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > MAX_REST) throw badRequest(`More than ${MAX_REST} arguments`);
  return list;
}
