import type { WrittenName, WrittenParameter } from '../controller/written-parameter.js';
import type { PatternSegment } from '../routing/pattern.js';
import { prepareInputConversion, prepareTextConversion, type TextConversion } from './json-schema.js';
import { checkSessionNames, lastGiven, type NamedWritten, nameParameters } from './naming.js';
import type {
  DeclaredParameter,
  NamedParameter,
  Parameter,
  ParameterDeclaration,
  ParameterType,
  Source,
} from './parameters.js';
import type { StandardSchema } from './standard-schema.js';

/** How one named value is found, converted and checked. */
export interface PlannedName extends NamedParameter {
  /** The path segment that gives it; -1 for none. */
  readonly position: number;
  readonly hasDefault: boolean;
  readonly schema: StandardSchema | undefined;
  /** What is made of text before a schema sees it; undefined where it stays text. */
  readonly conversion: TextConversion | undefined;
}

/** What is never bound from a client. */
interface Injected {
  readonly kind: 'injected';
  readonly name: 'ctx' | 'request';
}

type PlannedKey = Injected | ({ readonly kind: 'positional' } & PlannedName);

/** How one argument of the method is made. */
export type PlannedParameter =
  | PlannedKey
  | { readonly kind: 'pattern'; readonly keys: readonly PlannedKey[] }
  | ({ readonly kind: 'rest' } & PlannedName)
  | {
      readonly kind: 'input';
      readonly name: string;
      /** The keys of the object pattern that it is written as; undefined where it is none. */
      readonly keys: readonly string[] | undefined;
      readonly hasDefault: boolean;
      readonly schema: StandardSchema;
      readonly convert: (members: Readonly<Record<string, readonly unknown[]>>) => unknown;
    };

/** What a method's parameters are and where each may come from, worked out once. */
export interface Plan {
  readonly parameters: readonly PlannedParameter[];
  /** How many path segments they take. */
  readonly maxSegments: number;
}

const BY_NAME: readonly Source[] = ['query', 'body', 'file', 'session'];
const FROM_BODY: readonly Source[] = ['body', 'file'];
// The body is looked at so that JSON in a file's place is refused, instead of being overlooked.
const FILES_FIRST: readonly Source[] = ['file', 'body'];
const OF_SOCKET: readonly Source[] = ['query', 'session'];

/**
 * Plans the binding of a method's parameters.
 *
 * @param written - The parameters as its source writes them.
 * @param declaration - What `static routes` says of the method.
 * @param segments - The declared path; undefined for the automatic one.
 * @param where - How messages name the method.
 * @throws TypeError where the declaration does not fit the parameters.
 */
export function makePlan(
  written: readonly WrittenParameter[],
  declaration: ParameterDeclaration,
  segments: readonly PatternSegment[] | undefined,
  where: string,
): Plan {
  const parameters = nameParameters(written, declaration, segments, where);
  checkSessionNames(declaration.session, parameters, where);
  const planning = new Planning(declaration, segments);
  const inputAt = declaration.input ? lastGiven(parameters, declaration.session, where) : -1;
  const planned = parameters.map((parameter, index) =>
    index === inputAt && declaration.input ? planInput(parameter, declaration.input) : planning.plan(parameter),
  );
  return { parameters: planned, maxSegments: planning.maxSegments };
}

/** The parameters that a client or the session gives, for people and documents. */
export function describePlan({ parameters }: Plan): readonly Parameter[] {
  return Object.freeze(parameters.flatMap((parameter) => (parameter.kind === 'injected' ? [] : [describe(parameter)])));
}

function describe(parameter: Exclude<PlannedParameter, { kind: 'injected' }>): Parameter {
  const { kind } = parameter;
  if (kind === 'pattern') return Object.freeze({ kind, keys: Object.freeze(parameter.keys.flatMap(describeKey)) });
  if (kind === 'positional') return Object.freeze({ kind, ...describeName(parameter) });
  const { name } = parameter;
  if (kind === 'rest') return Object.freeze({ kind, name, sources: Object.freeze([...parameter.sources]) });
  return Object.freeze({ kind, name, type: 'any', required: !parameter.hasDefault, sources: INPUT_SOURCES });
}

function describeKey(key: PlannedKey): NamedParameter[] {
  return key.kind === 'injected' ? [] : [describeName(key)];
}

const INPUT_SOURCES: readonly Source[] = Object.freeze<Source[]>(['query', 'body', 'file']);

function describeName({ name, type, required, sources }: PlannedName): NamedParameter {
  return Object.freeze({ name, type, required, sources: Object.freeze([...sources]) });
}

/** Plans the parameters of one method, which share the segments of its path. */
class Planning {
  maxSegments = 0;
  readonly #declaration: ParameterDeclaration;
  readonly #inPath: ReadonlySet<string> | undefined;

  constructor(declaration: ParameterDeclaration, segments: readonly PatternSegment[] | undefined) {
    this.#declaration = declaration;
    this.#inPath = segments && new Set(segments.flatMap((one) => (one.kind === 'text' ? [] : [one.name])));
  }

  plan({ declared, ...parameter }: NamedWritten): PlannedParameter {
    switch (parameter.kind) {
      case 'positional':
        return this.#key(parameter, declared, () => this.#position(parameter.name, declared));
      case 'pattern':
        return { kind: 'pattern', keys: parameter.keys.map((key) => this.#key(key, {}, () => -1)) };
      case 'rest':
        return { kind: 'rest', ...this.#rest(parameter.name, declared) };
    }
  }

  #key(written: WrittenName, declared: DeclaredParameter, position: () => number): PlannedKey {
    const { name } = written;
    if (name === 'ctx' || name === 'request') return { kind: 'injected', name };
    return { kind: 'positional', ...this.#named(written, declared, position()) };
  }

  #named(written: WrittenName, declared: DeclaredParameter, position: number): PlannedName {
    const { name, hasDefault } = written;
    const { schema } = declared;
    const type = typeOf(declared, written.type);
    return {
      name,
      type,
      hasDefault,
      required: !hasDefault && !schema,
      sources: this.#sources(name, type, position),
      position,
      schema,
      conversion: schema && prepareTextConversion(schema, written.type),
    };
  }

  #rest(name: string, declared: DeclaredParameter): PlannedName {
    const position = this.maxSegments;
    const isServed = !this.#inPath || this.#inPath.has(name);
    if (isServed) this.maxSegments = Number.POSITIVE_INFINITY;
    const written: WrittenName = { name, type: 'any', hasDefault: true, hidesType: false };
    return { ...this.#named(written, declared, position), sources: isServed ? ['path'] : [] };
  }

  #position(name: string, declared: DeclaredParameter): number {
    const { session, fromBody } = this.#declaration;
    const takesSegment = this.#inPath
      ? this.#inPath.has(name)
      : !session.has(name) && !fromBody && declared.type !== 'file';
    if (!takesSegment) return -1;
    this.maxSegments += 1;
    return this.maxSegments - 1;
  }

  #sources(name: string, type: ParameterType, position: number): readonly Source[] {
    const { session, fromBody, isSocket } = this.#declaration;
    if (session.has(name)) return ['session'];
    if (this.#inPath?.has(name)) return ['path'];
    if (type === 'file' || type === 'file[]') return FILES_FIRST;
    if (fromBody) return FROM_BODY;
    const byName = isSocket ? OF_SOCKET : BY_NAME;
    return position === -1 ? byName : ['path', ...byName];
  }
}

function typeOf({ type, isList, schema }: DeclaredParameter, written: WrittenName['type']): ParameterType {
  if (schema) return 'any';
  if (!type) return written;
  return isList ? `${type}[]` : type;
}

function planInput(parameter: NamedWritten, schema: StandardSchema): PlannedParameter {
  const hasDefault = parameter.kind !== 'rest' && parameter.hasDefault;
  return {
    kind: 'input',
    name: parameter.kind === 'pattern' ? 'input' : parameter.name,
    keys: parameter.kind === 'pattern' ? parameter.keys.map(({ name }) => name) : undefined,
    hasDefault,
    schema,
    convert: prepareInputConversion(schema),
  };
}
