import { isRecord } from '../values.js';

/**
 * The interface that schema libraries share (standardschema.dev, version 1), and its extension that tells a
 * schema as JSON Schema. Written out, so that nothing has to be installed for it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly jsonSchema?: {
      readonly input: (options: JsonSchemaOptions) => Record<string, unknown>;
      readonly output: (options: JsonSchemaOptions) => Record<string, unknown>;
    };
  };
}

/** A schema, as far as declarations are checked: by the types that it states, not by what `validate` gives. */
export interface SchemaOf<Output> {
  readonly '~standard': { readonly version: 1; readonly types?: { readonly output: Output } | undefined };
}

/** Any schema; its types are not looked at, for which compilers take long. */
export interface AnySchema {
  readonly '~standard': unknown;
}

/** What a schema gives: the value as it made it, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

interface JsonSchemaOptions {
  readonly target: 'draft-2020-12';
  readonly libraryOptions?: Record<string, unknown>;
}

/** What JSON Schema says of a value, as far as it is read here. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Whether a value is a schema. arktype's are functions. */
export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  return typeof standard === 'object' && standard !== null && typeof Reflect.get(standard, 'validate') === 'function';
}

// By these, a member that JSON Schema can't express is left open (zod, valibot, arktype) instead of failing all of it.
const LENIENT = {
  unrepresentable: 'any',
  errorMode: 'ignore',
  fallback: ({ base }: { readonly base: JsonSchema }) => base,
};

// zod takes some 50 µs for a small object, and plans and documents ask for the same ones.
const described = { input: new WeakMap<object, JsonSchema>(), output: new WeakMap<object, JsonSchema>() };

/** @returns undefined where the schema does not tell. */
export function jsonSchemaOf(schema: StandardSchema, side: 'input' | 'output'): JsonSchema | undefined {
  const known = described[side].get(schema);
  if (known) return known;
  const made = describeAnew(schema, side);
  if (made) described[side].set(schema, made);
  return made;
}

/** The same, made once more: only so it shows which of its defaults are. */
export function describeAnew(schema: StandardSchema, side: 'input' | 'output'): JsonSchema | undefined {
  try {
    const made = schema['~standard'].jsonSchema?.[side]({ target: 'draft-2020-12', libraryOptions: LENIENT });
    return isRecord(made) ? made : undefined;
  } catch {
    return undefined;
  }
}
