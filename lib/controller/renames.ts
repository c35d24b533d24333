import type { Plan, PlannedParameter } from '../binding/plan.js';
import { looksMinified, type WrittenName, type WrittenParameter } from './signature.js';

/** A method, with its parameters as the source writes them. */
interface ReadMethod {
  readonly method: object;
  readonly parameters: readonly WrittenParameter[];
  /** Whether its parameters' names do not come from the source. */
  readonly isNamed: boolean;
}

/** What esbuild makes of a name that is taken: it counts from 2. */
const NUMBERED = /^(.*\D)(?:[2-9]|[1-9]\d)$/;
/** Words that have a number of their own, such as `base64`. */
const WORD = /(?:base|float|http|int|ipv|md|mp|oauth|utf)$/i;

interface Method {
  readonly label: string;
  readonly names: readonly string[];
  readonly isDense: boolean;
}

/**
 * Warns, outside production, of parameters that a build tool has probably renamed: minifiers shorten them,
 * and esbuild appends a number to one that shadows a name of the module.
 */
export function warnOfRenames(controller: object, className: string, methods: ReadonlyMap<string, ReadMethod>): void {
  if (process.env.NODE_ENV === 'production') return;
  const read = [...methods].flatMap(([name, method]) => (method.isNamed ? [] : [describe(name, method)]));
  const isShortened = looksShortened(nameInSource(controller) ?? className, read);
  const suspects = read.filter((method) => (isShortened && method.names.length > 0) || isNumbered(method.names));
  if (suspects.length === 0) return;
  process.emitWarning(
    `${className}: a build tool has probably renamed the parameters of ${suspects.map(({ label }) => label).join(', ')}. ` +
      'Requests are bound by these names: use an object pattern, name them in static routes with params, or keep the names in the build',
    { code: 'KOA_MICROPIE_RENAMED' },
  );
}

function describe(name: string, { method, parameters }: ReadMethod): Method {
  const names = parameters.flatMap((parameter) => (parameter.kind === 'positional' ? [parameter.name] : []));
  return { label: `${name}(${names.join(', ')})`, names, isDense: looksMinified(method) };
}

/** Dense source alone proves nothing: some tools take the white space out and keep the names. */
function looksShortened(className: string, methods: readonly Method[]): boolean {
  const names = methods.flatMap((method) => method.names);
  if (names.length === 0 || !methods.every(({ isDense }) => isDense) || names.some((name) => name.length > 2))
    return false;
  // What minifiers call the first thing: the most frequent letters come first.
  return className.length <= 2 || methods.some(({ names: [first] }) => first === 'e' || first === 't');
}

/** The class's name as written, which a minifier shortens even where it keeps what `name` gives. */
function nameInSource(controller: object): string | undefined {
  return /^class\s+([\w$]+)/.exec(Function.prototype.toString.call(controller))?.[1];
}

/** `path2` without a `path` or `path1` beside it; a pair such as `line1`, `line2` is the author's own. */
function isNumbered(names: readonly string[]): boolean {
  return names.some((name) => {
    const [, stem] = NUMBERED.exec(name) ?? [];
    if (stem === undefined || WORD.test(stem)) return false;
    return !names.some((other) => other !== name && other.replace(/\d+$/, '') === stem);
  });
}

/**
 * Warns, outside production, of defaults whose type can't be read, as in `page = DEFAULT_PAGE`: text would arrive
 * where TypeScript says number.
 */
export function warnOfHiddenTypes(
  className: string,
  methods: ReadonlyMap<string, ReadMethod & { readonly plan: Plan }>,
): void {
  if (process.env.NODE_ENV === 'production') return;
  const suspects = [...methods].flatMap(([method, { parameters, plan }]) =>
    parameters.flatMap((parameter, index) =>
      hiddenNames(parameter, plan.parameters[index]).map((name) => `${method}(${name})`),
    ),
  );
  if (suspects.length === 0) return;
  process.emitWarning(
    `${className}: the defaults of ${suspects.join(', ')} do not show their type, so that values arrive as they were sent, ` +
      'mostly as text. Write a literal as the default, or declare the type in static routes, as in params: [Number]',
    { code: 'KOA_MICROPIE_TYPE' },
  );
}

function hiddenNames(written: WrittenParameter, planned: PlannedParameter | undefined): string[] {
  if (written.kind === 'pattern') return planned?.kind === 'input' ? [] : written.keys.flatMap(hiddenName);
  const isDeclared = planned?.kind !== 'positional' || planned.schema !== undefined || planned.type !== 'any';
  return written.kind === 'rest' || isDeclared ? [] : hiddenName(written);
}

function hiddenName({ name, hidesType }: WrittenName): string[] {
  return hidesType ? [name] : [];
}
