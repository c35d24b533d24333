import type { JsonSchema } from '../binding/standard-schema.js';
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

/** The name of the definition that a reference leads to, or into; undefined for the whole document. */
export function localName(reference: string): string | undefined {
  const encoded = /^#\/\$defs\/([^/]+)/.exec(reference)?.[1];
  return encoded && decodeURIComponent(encoded).replaceAll('~1', '/').replaceAll('~0', '~');
}

/** The members of the objects that a schema takes, those of its parts too. */
export function membersOf(schema: unknown, definitions: Readonly<Record<string, unknown>>): Member[] {
  const members = new Map<string, Member>();
  const seen = new Set<unknown>();

  function visit(part: unknown, isRequired: boolean): void {
    if (!isRecord(part) || seen.has(part)) return;
    seen.add(part);
    const { properties, required, $ref, allOf, anyOf, oneOf } = part;
    const names = new Set(isRequired ? listOf(required) : []);
    for (const [name, member] of Object.entries(isRecord(properties) ? properties : {}))
      add({ name, schema: isRecord(member) ? member : {}, required: names.has(name) });
    const local = typeof $ref === 'string' ? localName($ref) : undefined;
    if (local !== undefined) visit(definitions[local], isRequired);
    for (const one of listOf(allOf)) visit(one, isRequired);
    for (const one of [...listOf(anyOf), ...listOf(oneOf)]) visit(one, false);
  }

  function add(member: Member): void {
    const known = members.get(member.name);
    if (!known) members.set(member.name, member);
    else if (JSON.stringify(known.schema) !== JSON.stringify(member.schema))
      members.set(member.name, { ...known, schema: { anyOf: [known.schema, member.schema] } });
  }

  visit(schema, true);
  return [...members.values()];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
