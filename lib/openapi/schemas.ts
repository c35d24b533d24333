import type { ParameterType, Source } from '../binding/parameters.js';
import type { Plan, PlannedName, PlannedParameter } from '../binding/plan.js';
import type { JsonSchema, StandardSchema } from '../binding/standard-schema.js';
import { isPromiseLike } from '../values.js';
import type { Definitions } from './definitions.js';

/** One named value that a client may give to a route. */
export interface Argument {
  readonly name: string;
  readonly type: ParameterType;
  readonly required: boolean;
  readonly sources: readonly Source[];
  readonly schema: StandardSchema | undefined;
}

/** The value that takes the whole query or body of a route. */
export type Input = Extract<PlannedParameter, { kind: 'input' }>;

/** The named values that a client may give to a route, each once, in the order of its parameters. */
export function argumentsOf({ parameters }: Plan): Argument[] {
  const found = new Map<string, Argument>();
  for (const one of parameters.flatMap(namesOf))
    if (!found.has(one.name) && one.sources.some((source) => source !== 'session'))
      found.set(one.name, {
        ...one,
        required: one.schema ? !one.hasDefault && refusesNothing(one.schema) : one.required,
      });
  return [...found.values()];
}

function namesOf(parameter: PlannedParameter): PlannedName[] {
  if (parameter.kind === 'pattern') return parameter.keys.flatMap(namesOf);
  return parameter.kind === 'injected' || parameter.kind === 'input' ? [] : [parameter];
}

export function inputOf({ parameters }: Plan): Input | undefined {
  return parameters.find((parameter) => parameter.kind === 'input');
}

/** Whether a client must give an input. */
export function isRequired({ hasDefault, schema }: Input): boolean {
  return !hasDefault && refusesNothing(schema);
}

/** JSON Schema does not tell whether a value may be left out: only the schema itself can. */
function refusesNothing(schema: StandardSchema): boolean {
  const result = schema['~standard'].validate(undefined);
  if (!isPromiseLike(result)) return result.issues !== undefined;
  // Nobody waits for it.
  result.then(undefined, () => {});
  return true;
}

/**
 * The JSON Schema of one argument.
 *
 * @param isText - Whether it comes from a path or a query, where a value of any type is text.
 */
export function schemaOf(
  { type, schema }: Argument,
  definitions: Definitions,
  owner: string,
  isText: boolean,
): JsonSchema {
  return schema ? definitions.schemaOf(schema, 'input', owner) : schemaOfType(type, isText);
}

/** The JSON Schema of an object that has these arguments as members. */
export function objectOf(args: readonly Argument[], definitions: Definitions, owner: string): JsonSchema {
  const properties = Object.fromEntries(args.map((one) => [one.name, schemaOf(one, definitions, owner, false)]));
  const required = args.filter((one) => one.required).map(({ name }) => name);
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

function schemaOfType(type: ParameterType, isText: boolean): JsonSchema {
  if (type === 'any') return isText ? { type: 'string' } : {};
  if (type === 'list') return { type: 'array', items: schemaOfType('any', isText) };
  const [, scalar = '', list] = /^(\w+)(\[\])?$/.exec(type) ?? [];
  const schema = SCALARS[scalar] ?? {};
  return list === undefined ? schema : { type: 'array', items: schema };
}

const SCALARS: Readonly<Record<string, JsonSchema>> = {
  bigint: { type: 'integer' },
  boolean: { type: 'boolean' },
  // OpenAPI 3.1 names no format for files; by this of OpenAPI 3.0 all tools know them.
  file: { type: 'string', format: 'binary' },
  number: { type: 'number' },
  string: { type: 'string' },
};
