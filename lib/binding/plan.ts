import type { WrittenName, WrittenParameter } from '../controller/signature.js';
import type { PatternSegment } from '../routing/pattern.js';
import { prepareInputConversion, prepareTextConversion, type TextConversion } from './json-schema.js';
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
  /** What is made of text before a schema sees it. */
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
      /** Whether it is written as an object pattern, whose keys are names of their own. */
      readonly isPattern: boolean;
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

const INJECTED = new Set(['ctx', 'request']);
const BY_NAME: readonly Source[] = ['query', 'body', 'file', 'session'];
const FROM_BODY: readonly Source[] = ['body', 'file'];
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
  const planning = new Planning(declaration, segments);
  const inputAt = declaration.input ? lastGiven(parameters, declaration.session, where) : -1;
  const planned = parameters.map((parameter, index) =>
    index === inputAt && declaration.input ? planInput(parameter, declaration.input) : planning.plan(parameter),
  );
  checkSession(declaration.session, planned, where);
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

/** A parameter as the source writes it, with what `params` and the path say of it. */
type NamedWritten = WrittenParameter & { readonly declared: DeclaredParameter };

/** Lays `params` and the names in a declared path over the parameters that a client gives, in order. */
function nameParameters(
  written: readonly WrittenParameter[],
  { params, session }: ParameterDeclaration,
  segments: readonly PatternSegment[] | undefined,
  where: string,
): NamedWritten[] {
  const inPath = (segments ?? []).filter((segment) => segment.kind !== 'text');
  refuseMisplaced(inPath, written, session, where);
  let next = 0;
  const named = expandRest(written, params).map((parameter): NamedWritten => {
    const declared = params[next];
    if (!isGiven(parameter, session) && declared?.name !== nameOf(parameter)) return { ...parameter, declared: {} };
    const segment = inPath[next];
    next += 1;
    if (segment) refuseMismatch(segment, parameter, declared, where);
    return { ...rename(parameter, declared, segment?.name, where), declared: declared ?? {} };
  });
  const missing = inPath[next];
  if (missing) throw new TypeError(`${where}: its path names '${missing.name}', but it has no parameter for it`);
  if (next < params.length)
    throw new TypeError(`${where}: its params are ${params.length}, but it has ${next} parameters that a client gives`);
  return named;
}

function rename(
  parameter: WrittenParameter,
  declared: DeclaredParameter | undefined,
  nameInPath: string | undefined,
  where: string,
): WrittenParameter {
  const name = declared?.name ?? nameInPath;
  if (parameter.kind !== 'pattern') return name === undefined ? parameter : { ...parameter, name };
  if (!declared || Object.keys(declared).length === 0) return parameter;
  if (declared.name === undefined)
    throw new TypeError(`${where}: its params give a type to an object pattern; name it too, as in ['filter', Filter]`);
  return { kind: 'positional', name: declared.name, type: 'any', hasDefault: parameter.hasDefault, hidesType: false };
}

/** More names than parameters: the `...args` of a wrapper stands for several. */
function expandRest(written: readonly WrittenParameter[], params: readonly DeclaredParameter[]): WrittenParameter[] {
  const last = written.at(-1);
  if (last?.kind !== 'rest' || params.length <= written.length) return [...written];
  const names = params.slice(written.length - 1).map(({ name = last.name }) => name);
  return [...written.slice(0, -1), ...names.map(withoutDefault)];
}

/** The parameters of a method whose source can't be read. */
export function parametersOfNames(params: readonly DeclaredParameter[]): WrittenParameter[] | undefined {
  const names = params.flatMap(({ name }) => name ?? []);
  return params.length > 0 && names.length === params.length ? names.map(withoutDefault) : undefined;
}

function withoutDefault(name: string): WrittenParameter {
  return { kind: 'positional', name, type: 'any', hasDefault: false, hidesType: false };
}

function isGiven(parameter: WrittenParameter, session: ReadonlySet<string>): boolean {
  return parameter.kind !== 'positional' || !(INJECTED.has(parameter.name) || session.has(parameter.name));
}

function nameOf(parameter: WrittenParameter): string | undefined {
  return parameter.kind === 'pattern' ? undefined : parameter.name;
}

type NamedSegment = Exclude<PatternSegment, { kind: 'text' }>;

/** `'/:id'` on `show(name, id)` would give the id as the name. */
function refuseMisplaced(
  inPath: readonly NamedSegment[],
  written: readonly WrittenParameter[],
  session: ReadonlySet<string>,
  where: string,
): void {
  const given = written.filter((parameter) => isGiven(parameter, session)).map(nameOf);
  for (const [index, { name }] of inPath.entries()) {
    const at = given.indexOf(name);
    if (at !== -1 && at !== index)
      throw new TypeError(
        `${where}: its path gives '${name}' as parameter ${index + 1}, but that is parameter ${at + 1}; ` +
          'put the parameters in the order in which the path names them',
      );
  }
}

function refuseMismatch(
  segment: NamedSegment,
  parameter: WrittenParameter,
  declared: DeclaredParameter | undefined,
  where: string,
): void {
  const { kind, name } = segment;
  if (declared?.name !== undefined && declared.name !== name)
    throw new TypeError(`${where}: its path calls a parameter '${name}' that params calls '${declared.name}'`);
  if (parameter.kind === 'pattern')
    throw new TypeError(
      `${where}: its path names '${name}', which must be a parameter of its own, not a key of a pattern`,
    );
  if (kind === 'rest' && parameter.kind !== 'rest')
    throw new TypeError(`${where}: its path ends with *${name}, which needs a rest parameter: ...${name}`);
  if (kind === 'name' && parameter.kind === 'rest')
    throw new TypeError(`${where}: its path names ':${name}' where it has a rest parameter; write '*${name}'`);
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
    // The body is looked at so that JSON in a file's place is refused, instead of being overlooked.
    if (fromBody || type === 'file' || type === 'file[]') return FROM_BODY;
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
    isPattern: parameter.kind === 'pattern',
    hasDefault,
    schema,
    convert: prepareInputConversion(schema),
  };
}

function lastGiven(parameters: readonly NamedWritten[], session: ReadonlySet<string>, where: string): number {
  const at = parameters.findLastIndex((parameter) => isGiven(parameter, session));
  if (at !== -1 && parameters[at]?.kind !== 'rest') return at;
  throw new TypeError(`${where}: its input needs a last parameter to go to, as in create(task)`);
}

/** A misspelt name would leave the parameter to the client, and one in the middle would shift the client's arguments. */
function checkSession(session: ReadonlySet<string>, planned: readonly PlannedParameter[], where: string): void {
  const names = new Set(planned.flatMap(boundNames));
  for (const name of session)
    if (!names.has(name))
      throw new TypeError(`${where}: its declaration's session names '${name}', which is not a parameter of it`);
  const given = planned.filter(({ kind }) => kind !== 'injected');
  const first = given.findIndex((parameter) => parameter.kind !== 'pattern' && isFromSession(parameter, session));
  const behind = first === -1 ? undefined : given.slice(first).find((parameter) => !isFromSession(parameter, session));
  if (behind)
    throw new TypeError(`${where}: what comes from the session must stand behind the parameters that clients give`);
}

function boundNames(parameter: PlannedParameter): string[] {
  if (parameter.kind === 'pattern') return parameter.keys.map(({ name }) => name);
  return parameter.kind === 'positional' ? [parameter.name] : [];
}

function isFromSession(parameter: PlannedParameter, session: ReadonlySet<string>): boolean {
  if (parameter.kind === 'pattern') return parameter.keys.every(({ name }) => session.has(name));
  return parameter.kind === 'positional' && session.has(parameter.name);
}
