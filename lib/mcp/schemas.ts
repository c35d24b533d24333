import type { Plan } from '../binding/plan.js';
import type { JsonSchema, StandardSchema } from '../binding/standard-schema.js';
import type { DeclaredResult } from '../controller/declarations.js';
import { Definitions } from '../openapi/definitions.js';
import { argumentsOf, inputOf, isRequired, schemaOf } from '../openapi/schemas.js';
import { isRecord } from '../values.js';

const PLACE = '#/$defs/';

/** What a tool takes. */
export interface InputSchema {
  readonly schema: JsonSchema & { readonly type: 'object' };
  /** Whether all arguments together are the route's `input`; else that is one of them, under its parameter's name. */
  readonly isInput: boolean;
  readonly takesFiles: boolean;
}

/** The JSON Schema of the arguments that a tool takes by name, however the route gets them by HTTP. */
export function inputSchemaOf(plan: Plan): InputSchema {
  const definitions = new Definitions(PLACE);
  const args = argumentsOf(plan);
  const input = inputOf(plan);
  const inputSchema = input && definitions.schemaOf(input.schema, 'input', 'Input');
  const takesFiles = JSON.stringify([inputSchema, definitions.schemas]).includes('"format":"binary"');
  const whole = args.length === 0 && inputSchema ? standalone(inputSchema, definitions) : {};
  if (isPlainObject(whole)) return { schema: whole, isInput: true, takesFiles };
  const lists = new Set(plan.parameters.flatMap((one) => (one.kind === 'rest' ? [one.name] : [])));
  const properties = args.map((one): [string, JsonSchema] => {
    const schema = schemaOf(one, definitions, one.name, false);
    return [one.name, lists.has(one.name) ? { type: 'array', items: schema } : schema];
  });
  const required = args.filter((one) => one.required).map(({ name }) => name);
  if (input && inputSchema) properties.push([input.name, inputSchema]);
  if (input && isRequired(input)) required.push(input.name);
  const object = { properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) };
  return { schema: { ...standalone(object, definitions), type: 'object' }, isInput: false, takesFiles };
}

/** Providers take no unions at the root, and clients only what says that it is an object. */
function isPlainObject(schema: JsonSchema): schema is JsonSchema & { readonly type: 'object' } {
  return schema['type'] === 'object' && !['anyOf', 'oneOf', 'allOf'].some((keyword) => keyword in schema);
}

/** @returns undefined where the result is not told, or an answer that succeeds may be empty. */
export function outputSchemaOf(returns: DeclaredResult): JsonSchema | undefined {
  const schemas = successesOf(returns);
  if (!schemas) return undefined;
  const definitions = new Definitions(PLACE);
  const told = schemas.map((schema) => definitions.schemaOf(schema, 'output', 'Result'));
  const [first, ...others] = told;
  if (!first || told.some((schema) => Object.keys(schema).length === 0)) return undefined;
  return standalone(others.length > 0 ? { anyOf: told } : first, definitions);
}

const EMPTY = new Set([204, 205]);

function successesOf(returns: DeclaredResult): StandardSchema[] | undefined {
  if (returns.kind === 'any') return [returns.schema];
  const successes = [...returns.schemas].filter(([status]) => status < 300);
  return successes.some(([status]) => EMPTY.has(status)) ? undefined : successes.map(([, schema]) => schema);
}

/** A schema with the definitions that it refers to; at its root stands what it is, by which clients tell objects. */
function standalone(schema: JsonSchema, { schemas }: Definitions): JsonSchema {
  const { $ref, ...others } = schema;
  const target = typeof $ref === 'string' && $ref.startsWith(PLACE) ? schemas[$ref.slice(PLACE.length)] : undefined;
  const root = isRecord(target) ? { ...target, ...others } : schema;
  const $defs = referredBy(root, schemas);
  return Object.keys($defs).length > 0 ? { ...root, $defs } : root;
}

function referredBy(schema: JsonSchema, schemas: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const found = new Map<string, unknown>();
  const look = (value: unknown) => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"\$ref":"#\/\$defs\/([\w.-]+)/g)) {
      if (found.has(name)) continue;
      found.set(name, schemas[name]);
      look(schemas[name]);
    }
  };
  look(schema);
  return Object.fromEntries(found);
}
