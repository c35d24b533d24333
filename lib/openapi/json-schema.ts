import { describeAnew, type JsonSchema, jsonSchemaOf, type StandardSchema } from '../binding/standard-schema.js';
import { isRecord } from '../values.js';

// The keywords of JSON Schema 2020-12 below which there are schemas; all others hold values, such as `default`.
export const SCHEMAS_BY_NAME = new Set(['properties', 'patternProperties', 'dependentSchemas']);
export const SCHEMAS = new Set(
  'items prefixItems contains additionalProperties unevaluatedItems unevaluatedProperties propertyNames'.split(' '),
);
for (const keyword of 'anyOf oneOf allOf not if then else contentSchema'.split(' ')) SCHEMAS.add(keyword);

/** One member of the objects that a schema takes. */
export interface Member {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/**
 * The JSON Schema of a schema, without defaults that are made anew each time, such as identifiers: every document would
 * have others, and they are no more than the server's to give.
 */
export function steadySchemaOf(schema: StandardSchema, side: 'input' | 'output'): JsonSchema {
  const described = jsonSchemaOf(schema, side) ?? {};
  if (!JSON.stringify(described).includes('"default":')) return described;
  return steady(described, describeAnew(schema, side));
}

/** @param another - The same, made once more. */
function steady(schema: JsonSchema, another: unknown): JsonSchema {
  const again = isRecord(another) ? another : {};
  const kept = Object.entries(schema).filter(([key, value]) => key !== 'default' || isSame(value, again[key]));
  return Object.fromEntries(kept.map(([key, value]) => [key, steadyPart(key, value, again[key])]));
}

function steadyPart(keyword: string, value: unknown, again: unknown): unknown {
  if (Array.isArray(value)) return value.map((part, at) => steadyPart(keyword, part, listOf(again)[at]));
  if (!isRecord(value) || keyword === 'default') return value;
  if (keyword !== '$defs' && !SCHEMAS_BY_NAME.has(keyword)) return steady(value, again);
  const others = isRecord(again) ? again : {};
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, steadyPart('', part, others[name])]));
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The name of the definition that a reference leads to, or into; undefined for the whole document. */
export function localName(reference: string): string | undefined {
  const encoded = /^#\/\$defs\/([^/]+)/.exec(reference)?.[1];
  return encoded && decodeURIComponent(encoded).replaceAll('~1', '/').replaceAll('~0', '~');
}

/** The members of the objects that a schema takes, by name; those of its parts too. */
export function membersOf(
  schema: unknown,
  definitions: Readonly<Record<string, unknown>>,
  above: ReadonlySet<unknown> = new Set(),
): Map<string, Member> {
  const members = new Map<string, Member>();
  if (!isRecord(schema) || above.has(schema)) return members;
  const { properties, required, $ref, allOf, anyOf, oneOf } = schema;
  const partsOf = (list: unknown) =>
    listOf(list).map((part) => membersOf(part, definitions, new Set([...above, schema])));
  const names = new Set(listOf(required));
  for (const [name, member] of Object.entries(isRecord(properties) ? properties : {}))
    add(members, { name, schema: isRecord(member) ? member : {}, required: names.has(name) });
  const local = typeof $ref === 'string' ? localName($ref) : undefined;
  for (const part of partsOf([local === undefined ? undefined : definitions[local], ...listOf(allOf)]))
    for (const member of part.values()) add(members, member);
  for (const branches of [partsOf(anyOf), partsOf(oneOf)])
    for (const member of branches.flatMap((branch) => [...branch.values()]))
      add(members, { ...member, required: branches.every((branch) => branch.get(member.name)?.required) });
  return members;
}

function add(members: Map<string, Member>, member: Member): void {
  const known = members.get(member.name);
  if (!known) {
    members.set(member.name, member);
    return;
  }
  const { schema } = known;
  members.set(member.name, {
    name: member.name,
    schema: isSame(schema, member.schema) ? schema : { anyOf: [schema, member.schema] },
    required: known.required || member.required,
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
