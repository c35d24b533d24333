import type { DefaultType } from '../controller/signature.js';
import { isRecord } from '../values.js';
import { convert, REFUSED } from './convert.js';
import { type JsonSchema, jsonSchemaOf, type StandardSchema } from './standard-schema.js';

/** Makes of the texts that a request has under a name what a schema is given. */
export type TextConversion = (values: readonly unknown[]) => unknown;

type Type = 'array' | 'boolean' | 'null' | 'number' | 'object' | 'string';

const FIRST: TextConversion = ([value]) => value;

/**
 * Prepares the conversion of text for a schema. Text is converted only where the schema's input excludes strings:
 * a phone number must stay text, while `z.number()` could never be met by a query. What does not convert stays text,
 * for the schema to refuse.
 *
 * @param fallback - The type of the parameter's literal default, for schemas that do not tell theirs.
 */
export function prepareTextConversion(schema: StandardSchema, fallback: DefaultType): TextConversion {
  const described = jsonSchemaOf(schema, 'input');
  return described ? conversionOf(described, described) : conversionTo(fallback === 'list' ? ['array'] : [fallback]);
}

/** Prepares the same for all members of a query or a form. */
export function prepareInputConversion(
  schema: StandardSchema,
): (members: Readonly<Record<string, readonly unknown[]>>) => Record<string, unknown> {
  const described = jsonSchemaOf(schema, 'input');
  const conversions = new Map<string, TextConversion>();
  for (const [name, member] of described ? membersOf(described, described) : [])
    conversions.set(name, conversionOf({ anyOf: member }, described ?? {}));
  return (members) => {
    // With a prototype, since schemas may ask for a plain object; `__proto__` becomes a member like any other.
    const input: Record<string, unknown> = {};
    for (const name of Object.keys(members))
      Object.defineProperty(input, name, {
        value: (conversions.get(name) ?? FIRST)(members[name] ?? []),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return input;
  };
}

function conversionOf(schema: JsonSchema, root: JsonSchema): TextConversion {
  const types = typesOf(schema, root, new Set());
  if (!types || types.has('string')) return FIRST;
  if (!types.has('array')) return conversionTo([...types]);
  const items = itemsOf(schema, root);
  return (values) => {
    const [first] = values;
    return Array.isArray(first) ? first : values.map((value) => items([value]));
  };
}

function itemsOf(schema: JsonSchema, root: JsonSchema): TextConversion {
  const [items] = branchesOf(schema, root).flatMap((branch) => (isRecord(branch['items']) ? [branch['items']] : []));
  return items ? conversionOf(items, root) : FIRST;
}

function conversionTo(types: readonly string[]): TextConversion {
  if (types.includes('array')) return (values) => (Array.isArray(values[0]) ? values[0] : [...values]);
  const converters = (['number', 'boolean', 'bigint'] as const).flatMap((type) =>
    types.includes(type) ? [convert[type]] : [],
  );
  return ([value]) => {
    if (typeof value !== 'string') return value;
    for (const to of converters) {
      const converted = to([value]);
      if (converted !== REFUSED) return converted;
    }
    return value;
  };
}

/** The JSON types that a schema admits; undefined where it does not tell. */
function typesOf(schema: unknown, root: JsonSchema, seen: Set<unknown>): Set<Type> | undefined {
  if (!isRecord(schema) || seen.has(schema)) return undefined;
  const { type, enum: values, const: value, $ref, anyOf, oneOf, allOf } = schema;
  const inner = new Set([...seen, schema]);
  if (typeof $ref === 'string') return typesOf(resolve($ref, root), root, inner);
  if (type !== undefined) return new Set([type].flat().map((one) => (one === 'integer' ? 'number' : (one as Type))));
  if ('const' in schema) return new Set([typeOfValue(value)]);
  if (Array.isArray(values)) return new Set(values.map(typeOfValue));
  const union = anyOf ?? oneOf;
  if (Array.isArray(union)) {
    const all = union.map((one) => typesOf(one, root, inner));
    return all.every((one) => one !== undefined) ? new Set(all.flatMap((one) => [...(one ?? [])])) : undefined;
  }
  if (Array.isArray(allOf)) return allOf.map((one) => typesOf(one, root, inner)).find((one) => one !== undefined);
  return undefined;
}

function typeOfValue(value: unknown): Type {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as Type;
}

/** A schema, or the schemas that it is made of. */
function branchesOf(schema: unknown, root: JsonSchema, seen = new Set<unknown>()): JsonSchema[] {
  if (!isRecord(schema) || seen.has(schema)) return [];
  seen.add(schema);
  const { $ref, anyOf, oneOf, allOf } = schema;
  const parts = [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? list : []));
  if (typeof $ref === 'string') parts.push(resolve($ref, root));
  return [schema, ...parts.flatMap((part) => branchesOf(part, root, seen))];
}

function membersOf(schema: JsonSchema, root: JsonSchema): Map<string, JsonSchema[]> {
  const members = new Map<string, JsonSchema[]>();
  for (const { properties } of branchesOf(schema, root)) {
    if (!isRecord(properties)) continue;
    for (const [name, member] of Object.entries(properties))
      if (isRecord(member)) members.set(name, [...(members.get(name) ?? []), member]);
  }
  return members;
}

/** A reference within the same document (RFC 6901), which is all that schema libraries write. */
function resolve(reference: string, root: JsonSchema): unknown {
  if (!reference.startsWith('#')) return undefined;
  return reference
    .slice(1)
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, part) => (isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined), root);
}
