import { type Filled, type Rows, settleRows } from '../option-rows.js';
import { isRecord } from '../values.js';

/** A part of a document that is taken as it is given. */
export type Part = Readonly<Record<string, unknown>>;

/** The second argument of `openapi`; all of it is the document's own, as OpenAPI 3.1 describes it. */
export interface OpenApiOptions {
  /** What the API is called, and its version. */
  readonly info: Part & { readonly title: string; readonly version: string };
  /** Where it is served; the origin of the document where not given. */
  readonly servers?: readonly (Part & { readonly url: string })[] | undefined;
  /** What every operation asks for, such as `[{ bearer: [] }]`; the schemes are in `components`. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[] | undefined;
  /** Schemes, schemas and others that are yours; the names that you use are left to you. */
  readonly components?: Readonly<Record<string, Part>> | undefined;
  /** What the groups of operations are about. */
  readonly tags?: readonly (Part & { readonly name: string })[] | undefined;
}

type Settings = Filled<OpenApiOptions>;

const ROWS: Rows<Settings> = {
  info: {
    fallback: { title: '', version: '' },
    must: "have a title and a version, as in { title: 'Tasks', version: '1.0.0' }",
    allows: (value) => isRecord(value) && typeof value['title'] === 'string' && typeof value['version'] === 'string',
  },
  servers: { fallback: [{ url: '/' }], must: 'be a list of servers, each with a url', allows: isListWith('url') },
  security: { fallback: [], must: 'be a list such as [{ bearer: [] }]', allows: Array.isArray },
  components: {
    fallback: {},
    must: 'be an object of objects, as in { securitySchemes: { ... } }',
    allows: (value) => isRecord(value) && Object.values(value).every(isRecord),
  },
  tags: { fallback: [], must: 'be a list of tags, each with a name', allows: isListWith('name') },
};

function isListWith(member: string): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every((one) => isRecord(one) && typeof one[member] === 'string');
}

/** @throws TypeError that names the option that is missing, unknown or wrong. */
export function settleOptions(options: OpenApiOptions): Settings {
  const settled = settleRows<Settings>(options, ROWS, 'openapi: options');
  if (settled.info.title === '') throw new TypeError(`openapi: options.info must ${ROWS.info.must}`);
  return settled;
}
