import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import * as z from 'zod';
import type { StandardSchema } from '../../lib/index.js';
import { UploadedFile } from '../../lib/uploads/uploaded-file.js';

/** The schemas that the shared cases ask every library for. */
type Name =
  | 'number'
  | 'text'
  | 'flag'
  | 'bigint'
  | 'numberOrText'
  | 'numberOrFlag'
  | 'nullableNumber'
  | 'optionalNumber'
  | 'level'
  | 'numbers'
  | 'pair'
  | 'record'
  | 'length'
  | 'filter'
  | 'task'
  | 'tree'
  | 'upload'
  | 'files'
  | 'loose'
  | 'throwing';

export type Schemas = Readonly<Record<Name, StandardSchema>> & {
  /** arktype has no schemas to wait for. */
  readonly free?: StandardSchema;
};

export interface Library {
  readonly schemas: Schemas;
  /** Whether it tells its schemas as JSON Schema, so that text can be converted for them. */
  readonly tells: boolean;
}

function fails(): never {
  throw new Error('The schema itself is broken');
}

const isFree = async (name: string) => name !== 'taken';

const zTree = z.object({
  value: z.number(),
  get child() {
    return zTree.optional();
  },
});

const zod: Schemas = {
  number: z.number(),
  text: z.string(),
  flag: z.boolean(),
  bigint: z.bigint(),
  numberOrText: z.union([z.number(), z.string()]),
  numberOrFlag: z.union([z.number(), z.boolean()]),
  nullableNumber: z.number().nullable(),
  optionalNumber: z.number().optional(),
  level: z.literal([1, 2]),
  numbers: z.array(z.number()),
  pair: z.tuple([z.number(), z.boolean()]),
  record: z.record(z.string(), z.number()),
  length: z.string().transform((text) => text.length),
  filter: z.object({
    page: z.number().default(1),
    open: z.boolean().optional(),
    since: z.coerce.date().optional(),
    until: z.date().optional(),
    sizes: z.array(z.number()).optional(),
    tags: z.array(z.string()).optional(),
    phone: z.string().optional(),
    code: z.union([z.number(), z.string()]).optional(),
  }),
  task: z.object({
    title: z.string(),
    done: z.boolean().default(false),
    owner: z.object({ name: z.string(), 'e/mail~': z.string().optional() }),
    steps: z.array(z.object({ hours: z.number() })).default([]),
  }),
  tree: zTree,
  upload: z.object({ title: z.string(), size: z.number(), file: z.instanceof(UploadedFile) }),
  files: z.array(z.instanceof(UploadedFile)),
  loose: z.looseObject({ a: z.string().optional() }),
  throwing: z.unknown().transform(fails),
  free: z.string().refine(isFree, 'It is taken'),
};

interface Tree {
  value: number;
  child?: Tree | undefined;
}
const vTree: v.GenericSchema<Tree> = v.object({ value: v.number(), child: v.optional(v.lazy(() => vTree)) });
const vFile = v.instance(UploadedFile);

const valibotSync = {
  number: v.number(),
  text: v.string(),
  flag: v.boolean(),
  bigint: v.bigint(),
  numberOrText: v.union([v.number(), v.string()]),
  numberOrFlag: v.union([v.number(), v.boolean()]),
  nullableNumber: v.nullable(v.number()),
  optionalNumber: v.optional(v.number()),
  level: v.picklist([1, 2]),
  numbers: v.array(v.number()),
  pair: v.tuple([v.number(), v.boolean()]),
  record: v.record(v.string(), v.number()),
  length: v.pipe(
    v.string(),
    v.transform((text) => text.length),
  ),
  filter: v.object({
    page: v.optional(v.number(), 1),
    open: v.optional(v.boolean()),
    since: v.optional(
      v.pipe(
        v.unknown(),
        v.transform((value) => new Date(String(value))),
        v.date(),
      ),
    ),
    until: v.optional(v.date()),
    sizes: v.optional(v.array(v.number())),
    tags: v.optional(v.array(v.string())),
    phone: v.optional(v.string()),
    code: v.optional(v.union([v.number(), v.string()])),
  }),
  task: v.object({
    title: v.string(),
    done: v.optional(v.boolean(), false),
    owner: v.object({ name: v.string(), 'e/mail~': v.optional(v.string()) }),
    steps: v.optional(v.array(v.object({ hours: v.number() })), []),
  }),
  tree: vTree,
  upload: v.object({ title: v.string(), size: v.number(), file: vFile }),
  files: v.array(vFile),
  loose: v.looseObject({ a: v.optional(v.string()) }),
  throwing: v.pipe(v.unknown(), v.transform(fails)),
};

const valibotAsync = {
  free: v.pipeAsync(v.string(), v.checkAsync(isFree, 'It is taken')),
};

const valibotTelling: Schemas = {
  number: toStandardJsonSchema(valibotSync.number),
  text: toStandardJsonSchema(valibotSync.text),
  flag: toStandardJsonSchema(valibotSync.flag),
  bigint: toStandardJsonSchema(valibotSync.bigint),
  numberOrText: toStandardJsonSchema(valibotSync.numberOrText),
  numberOrFlag: toStandardJsonSchema(valibotSync.numberOrFlag),
  nullableNumber: toStandardJsonSchema(valibotSync.nullableNumber),
  optionalNumber: toStandardJsonSchema(valibotSync.optionalNumber),
  level: toStandardJsonSchema(valibotSync.level),
  numbers: toStandardJsonSchema(valibotSync.numbers),
  pair: toStandardJsonSchema(valibotSync.pair),
  record: toStandardJsonSchema(valibotSync.record),
  length: toStandardJsonSchema(valibotSync.length),
  filter: toStandardJsonSchema(valibotSync.filter),
  task: toStandardJsonSchema(valibotSync.task),
  tree: toStandardJsonSchema(valibotSync.tree),
  upload: toStandardJsonSchema(valibotSync.upload),
  files: toStandardJsonSchema(valibotSync.files),
  loose: toStandardJsonSchema(valibotSync.loose),
  throwing: toStandardJsonSchema(valibotSync.throwing),
  ...valibotAsync,
};

const aFile = type.instanceOf(UploadedFile);

const arktype: Schemas = {
  number: type('number'),
  text: type('string'),
  flag: type('boolean'),
  bigint: type('bigint'),
  numberOrText: type('number | string'),
  numberOrFlag: type('number | boolean'),
  nullableNumber: type('number | null'),
  optionalNumber: type('number | undefined'),
  level: type('1 | 2'),
  numbers: type('number[]'),
  pair: type(['number', 'boolean']),
  record: type({ '[string]': 'number' }),
  length: type('string').pipe((text) => text.length),
  filter: type({
    page: 'number = 1',
    'open?': 'boolean',
    'since?': type('unknown').pipe((value) => new Date(String(value)), type('Date')),
    'until?': 'Date',
    'sizes?': 'number[]',
    'tags?': 'string[]',
    'phone?': 'string',
    'code?': 'number | string',
  }),
  task: type({
    title: 'string',
    done: 'boolean = false',
    owner: { name: 'string', 'e/mail~?': 'string' },
    steps: type({ hours: 'number' })
      .array()
      .default(() => []),
  }),
  tree: type({ value: 'number', 'child?': 'this' }),
  upload: type({ title: 'string', size: 'number', file: aFile }),
  files: aFile.array(),
  loose: type({ 'a?': 'string' }),
  throwing: type('unknown').pipe(fails),
};

export const LIBRARIES: Readonly<Record<string, Library>> = {
  zod: { schemas: zod, tells: true },
  'valibot with its JSON Schema': { schemas: valibotTelling, tells: true },
  'valibot alone': { schemas: { ...valibotSync, ...valibotAsync }, tells: false },
  arktype: { schemas: arktype, tells: true },
};
