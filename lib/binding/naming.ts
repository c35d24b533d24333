import type { WrittenParameter } from '../controller/written-parameter.js';
import type { PatternSegment } from '../routing/pattern.js';
import { type DeclaredParameter, INJECTED, type ParameterDeclaration } from './parameters.js';

/** A parameter as the source writes it, with what `params` and the path say of it. */
export type NamedWritten = WrittenParameter & { readonly declared: DeclaredParameter };

/** Lays `params` and the names in a declared path over the parameters that a client gives, in order. */
export function nameParameters(
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
  if (missing)
    throw new TypeError(`${where}: its path names '${missing.name}', but it has no parameter for it; add one`);
  if (next < params.length)
    throw new TypeError(
      `${where}: its params are ${params.length}, but it has ${next} parameters that a client gives; ` +
        'leave out what is too many, and those for ctx, request and the session',
    );
  return named;
}

function rename(
  parameter: WrittenParameter,
  declared: DeclaredParameter | undefined,
  nameInPath: string | undefined,
  where: string,
): WrittenParameter {
  const name = declared?.name ?? nameInPath;
  if (parameter.kind === 'rest' && declared?.isList)
    throw new TypeError(`${where}: each segment is one of its rest parameter; declare the type of one, as in [Number]`);
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

function namesOf(parameter: WrittenParameter): readonly string[] {
  return parameter.kind === 'pattern' ? parameter.keys.map(({ name }) => name) : [parameter.name];
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
  const given = written.filter((parameter) => isGiven(parameter, session)).map(namesOf);
  for (const [index, { name }] of inPath.entries()) {
    const at = given.findIndex((names) => names.includes(name));
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
    throw new TypeError(
      `${where}: its path calls a parameter '${name}' that params calls '${declared.name}'; give it one name`,
    );
  if (parameter.kind === 'pattern')
    throw new TypeError(
      `${where}: its path names '${name}', which must be a parameter of its own, not a key of a pattern`,
    );
  if (kind === 'rest' && parameter.kind !== 'rest')
    throw new TypeError(`${where}: its path ends with *${name}, which needs a rest parameter: ...${name}`);
  if (kind === 'name' && parameter.kind === 'rest')
    throw new TypeError(`${where}: its path names ':${name}' where it has a rest parameter; write '*${name}'`);
}

/** The parameter that `input` goes to. */
export function lastGiven(parameters: readonly NamedWritten[], session: ReadonlySet<string>, where: string): number {
  const at = parameters.findLastIndex((parameter) => isGiven(parameter, session));
  if (at !== -1 && parameters[at]?.kind !== 'rest') return at;
  throw new TypeError(`${where}: its input needs a last parameter to go to, as in create(task)`);
}

/**
 * @throws TypeError for a misspelt name, which would leave the parameter to the client, and for one in the middle,
 * which would shift the client's arguments.
 */
export function checkSessionNames(
  session: ReadonlySet<string>,
  parameters: readonly WrittenParameter[],
  where: string,
): void {
  const names = new Set(parameters.flatMap((parameter) => (parameter.kind === 'rest' ? [] : namesOf(parameter))));
  for (const name of session)
    if (!names.has(name))
      throw new TypeError(`${where}: its declaration's session names '${name}', which is not a parameter of it`);
  const bound = parameters.filter((parameter) => parameter.kind !== 'positional' || !INJECTED.has(parameter.name));
  const first = bound.findIndex((parameter) => parameter.kind === 'positional' && session.has(parameter.name));
  const behind = first === -1 ? undefined : bound.slice(first).find((parameter) => !isFromSession(parameter, session));
  if (behind)
    throw new TypeError(`${where}: what comes from the session must stand behind the parameters that clients give`);
}

function isFromSession(parameter: WrittenParameter, session: ReadonlySet<string>): boolean {
  return parameter.kind !== 'rest' && namesOf(parameter).every((name) => session.has(name));
}
