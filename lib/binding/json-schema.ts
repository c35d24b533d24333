import type { DefaultType } from '../controller/written-parameter.js';
import { isRecord } from '../values.js';
import { convert, REFUSED } from './convert.js';
import { type JsonSchema, jsonSchemaOf, type StandardSchema } from './standard-schema.js';

/** Makes of the texts that a request has under a name what a schema is given. */
export type TextConversion = (values: readonly unknown[]) => unknown;

const FIRST: TextConversion = ([value]) => value;

/**
 * Prepares the conversion of text for a schema. Text is converted only where the schema's input excludes strings:
 * a phone number must stay text, while `z.number()` could never be met by a query. What does not convert stays text,
 * for the schema to refuse.
 *
 * @param fallback - The type of the parameter's literal default, for schemas that do not tell theirs.
 * @returns undefined where text stays text.
 */
export function prepareTextConversion(schema: StandardSchema, fallback: DefaultType): TextConversion | undefined {
  const described = jsonSchemaOf(schema, 'input');
  // It may also say no more than that there is a value, as zod does of a bigint.
  const conversion =
    described && typesOf(described, described)
      ? conversionOf(described, described)
      : conversionTo(fallback === 'list' ? ['array'] : [fallback]);
  return conversion === FIRST ? undefined : conversion;
}

/** Prepares the same for all members of a query or a form. */
export function prepareInputConversion(
  schema: StandardSchema,
): (members: Readonly<Record<string, readonly unknown[]>>) => Record<string, unknown> {
  const described = jsonSchemaOf(schema, 'input');
  const conversions = new Map<string, TextConversion>();
  for (const [name, member] of described ? membersOf(described, described) : [])
    conversions.set(name, conversionOf({ anyOf: member }, described ?? {}));
  const further = described ? furtherOf(described) : FIRST;
  return (members) => {
    // With a prototype, since schemas may ask for a plain object.
    const input: Record<string, unknown> = {};
    // Left out, as JSON with it is refused: a handler that copies the members would set a prototype.
    for (const name of Object.keys(members))
      if (name !== '__proto__') input[name] = (conversions.get(name) ?? further)(members[name] ?? []);
    return input;
  };
}

function conversionOf(schema: JsonSchema, root: JsonSchema): TextConversion {
  const types = typesOf(schema, root);
  if (!types || types.has('string')) return FIRST;
  if (!types.has('array')) return conversionTo([...types]);
  const { first, others } = itemsOf(schema, root);
  return (values) =>
    Array.isArray(values[0]) ? values[0] : values.map((value, index) => (first[index] ?? others)([value]));
}

/** A tuple has a schema for each of its first items, a list one for all. */
function itemsOf(schema: JsonSchema, root: JsonSchema): { first: TextConversion[]; others: TextConversion } {
  const list = branchesOf(schema, root).find(({ items, prefixItems }) => isRecord(items) || Array.isArray(prefixItems));
  const { items, prefixItems } = list ?? {};
  const first: unknown[] = Array.isArray(prefixItems) ? prefixItems : [];
  const conversion = (item: unknown) => (isRecord(item) ? conversionOf(item, root) : FIRST);
  return { first: first.map(conversion), others: conversion(items) };
}

/** The conversion of members without a name of their own, as a record of numbers has them. */
function furtherOf(root: JsonSchema): TextConversion {
  const further = branchesOf(root, root).flatMap(({ additionalProperties: one }) => (isRecord(one) ? [one] : []));
  return further.length > 0 ? conversionOf({ anyOf: further }, root) : FIRST;
}

function conversionTo(types: readonly string[]): TextConversion {
  if (types.includes('array')) return (values) => (Array.isArray(values[0]) ? values[0] : [...values]);
  const converters = (['number', 'boolean', 'bigint'] as const).flatMap((type) =>
    types.includes(type) ? [convert[type]] : [],
  );
  if (converters.length === 0) return FIRST;
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
function typesOf(schema: unknown, root: JsonSchema, seen = new Set<unknown>()): Set<string> | undefined {
  if (!isRecord(schema)) return undefined;
  // What a recursion admits was counted where it began.
  if (seen.has(schema)) return new Set();
  seen.add(schema);
  const { type, enum: values, const: value, $ref, anyOf, oneOf, allOf } = schema;
  if (typeof $ref === 'string') return typesOf(resolve($ref, root), root, seen);
  if (type !== undefined) return new Set([type].flat().map((one) => (one === 'integer' ? 'number' : String(one))));
  if ('const' in schema) return new Set([typeOfValue(value)]);
  if (Array.isArray(values)) return new Set(values.map(typeOfValue));
  const union = anyOf ?? oneOf;
  if (Array.isArray(union)) return unionOf(union.map((one) => typesOf(one, root, seen)));
  if (Array.isArray(allOf)) return allOf.map((one) => typesOf(one, root, seen)).find((one) => one !== undefined);
  return undefined;
}

/** One that does not tell may admit anything. */
function unionOf(all: readonly (ReadonlySet<string> | undefined)[]): Set<string> | undefined {
  const told = all.filter((one) => one !== undefined);
  return told.length === all.length ? new Set(told.flatMap((one) => [...one])) : undefined;
}

function typeOfValue(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
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

/** A reference within the same document (RFC 6901), which is all that schema libraries write, never percent-encoded. */
function resolve(reference: string, root: JsonSchema): unknown {
  if (!reference.startsWith('#')) return undefined;
  return reference
    .slice(1)
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, part) => (isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined), root);
}
