import type { JsonSchema, StandardSchema } from '../binding/standard-schema.js';
import { isRecord } from '../values.js';
import { localName, type Member, membersOf, SCHEMAS, SCHEMAS_BY_NAME, steadySchemaOf } from './json-schema.js';

/** What a schema takes, or what it gives. */
export type Side = 'input' | 'output';

/** A schema's document, whose references lead to its own `$defs`. */
interface Origin {
  readonly side: Side;
  readonly root: JsonSchema;
  readonly definitions: Readonly<Record<string, unknown>>;
  /** What definitions are called that have no name of their own. */
  readonly owner: string;
  /** The names that definitions have here, by their references. */
  readonly names: Map<string, string>;
}

// Names that zod, valibot and arktype number as they go: arktype's depend on what was loaded before.
const NUMBERED = /^(?:__schema|alias|domain|intersection|morph|proto|union|unit)?\d+$/;

/**
 * Collects the named parts of many schemas at one place of a document. What is the same is there once, and different
 * ones of one name each get their own.
 */
export class Definitions {
  /** The collected definitions, by name; without a prototype, since one may be called `__proto__`. */
  readonly schemas: Record<string, unknown> = Object.create(null);
  readonly #place: string;
  readonly #taken: Set<string>;
  readonly #nameOfText = new Map<string, string>();
  readonly #done: Record<Side, Map<StandardSchema, JsonSchema>> = { input: new Map(), output: new Map() };
  readonly #origins: Record<Side, Map<StandardSchema, Origin>> = { input: new Map(), output: new Map() };

  /**
   * @param place - Where the document has its definitions, such as `#/$defs/`.
   * @param taken - Names that are in use there already.
   */
  constructor(place: string, taken: Iterable<string> = []) {
    this.#place = place;
    this.#taken = new Set(taken);
  }

  /** Adds a definition, and gives a reference to it. */
  add(name: string, schema: JsonSchema): JsonSchema {
    const free = this.#freeName(name);
    this.schemas[free] = schema;
    return { $ref: this.#place + free };
  }

  /** A schema as JSON Schema whose references lead to the collected definitions; `{}` where it does not tell. */
  schemaOf(schema: StandardSchema, side: Side, owner: string): JsonSchema {
    const known = this.#done[side].get(schema);
    if (known) return known;
    const origin = this.#originOf(schema, side, owner);
    const inline = this.#convert(origin.root, origin);
    // It has a name by now where it refers to itself.
    const name = origin.names.get('');
    const converted = name === undefined ? inline : { $ref: this.#place + name };
    this.#done[side].set(schema, converted);
    return converted;
  }

  /** The members of the objects that a schema takes, as far as it tells. */
  membersOf(schema: StandardSchema, owner: string): Member[] {
    const origin = this.#originOf(schema, 'input', owner);
    return [...membersOf(origin.root, origin.definitions).values()].map((member) => ({
      ...member,
      schema: this.#convert(member.schema, origin),
    }));
  }

  /** Whether all that a schema gives, or takes, is text. */
  isText(schema: StandardSchema, side: Side): boolean {
    const { root } = this.#originOf(schema, side, '');
    return root['type'] === 'string';
  }

  #originOf(schema: StandardSchema, side: Side, owner: string): Origin {
    const known = this.#origins[side].get(schema);
    if (known) return known;
    const { $schema: _, $defs, ...root } = steadySchemaOf(schema, side);
    const origin: Origin = { side, root, definitions: isRecord($defs) ? $defs : {}, owner, names: new Map() };
    this.#origins[side].set(schema, origin);
    return origin;
  }

  #convert(schema: JsonSchema, origin: Origin): JsonSchema {
    const { id } = schema;
    if (typeof id === 'string') {
      const { id: _, ...anonymous } = schema;
      return { $ref: this.#place + this.#define(id, anonymous, origin) };
    }
    const converted: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(schema)) {
      // zod closes all objects that it gives, which would part them from those that it takes.
      if (keyword === 'additionalProperties' && value === false && origin.side === 'output') continue;
      converted[keyword] = this.#convertKeyword(keyword, value, origin);
    }
    return converted;
  }

  #convertKeyword(keyword: string, value: unknown, origin: Origin): unknown {
    if (keyword === '$ref' && typeof value === 'string') return this.#reference(value, origin).$ref;
    if (SCHEMAS.has(keyword)) return this.#convertParts(value, origin);
    if (!SCHEMAS_BY_NAME.has(keyword) || !isRecord(value)) return value;
    // Not by assignment: a member may be called `__proto__`.
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.#convertParts(part, origin)]));
  }

  #convertParts(value: unknown, origin: Origin): unknown {
    if (Array.isArray(value)) return value.map((part) => this.#convertParts(part, origin));
    return isRecord(value) ? this.#convert(value, origin) : value;
  }

  /** Leads a reference to the definition that is made of what it leads to. */
  #reference(reference: string, origin: Origin): { readonly $ref: string } {
    if (!reference.startsWith('#')) return { $ref: reference };
    const local = localName(reference) ?? '';
    const target = local === '' ? origin.root : origin.definitions[local];
    const name = origin.names.get(local) ?? this.#define(local, isRecord(target) ? target : {}, origin, local);
    return { $ref: this.#place + name + reference.replace(/^#(?:\/\$defs\/[^/]+)?/, '') };
  }

  #define(wanted: string, schema: JsonSchema, origin: Origin, local?: string): string {
    const text = textOf(schema, origin);
    const known = this.#nameOfText.get(text);
    const name = known ?? this.#freeName(wanted === '' || NUMBERED.test(wanted) ? origin.owner : wanted);
    if (local !== undefined) origin.names.set(local, name);
    if (known !== undefined) return known;
    // Before what it is made of, which may refer to it.
    this.#nameOfText.set(text, name);
    this.schemas[name] = {};
    this.schemas[name] = this.#convert(schema, origin);
    return name;
  }

  #freeName(wanted: string): string {
    const base = wanted.replace(/[^\w.-]/g, '_');
    let name = base;
    for (let count = 2; this.#taken.has(name); count++) name = `${base}${count}`;
    this.#taken.add(name);
    return name;
  }
}

/** A schema with all that it refers to, as a text to compare it by. */
function textOf(schema: JsonSchema, { side, root, definitions }: Origin): string {
  const texts = new Map<string, string>([['self', JSON.stringify(schema)]]);
  // A map is iterated to its end, with what is added meanwhile.
  for (const text of texts.values())
    for (const [, path = ''] of text.matchAll(/"\$ref":"#([^"]*)"/g)) {
      if (texts.has(path)) continue;
      const local = localName(`#${path}`);
      texts.set(path, JSON.stringify(local === undefined ? root : definitions[local]) ?? '');
    }
  const all = [...texts].flat().join('\n');
  return side === 'output' ? all.replaceAll(',"additionalProperties":false', '') : all;
}
