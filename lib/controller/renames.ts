import type { Plan, PlannedParameter } from '../binding/plan.js';
import { looksMinified } from './signature.js';
import type { WrittenName, WrittenParameter } from './written-parameter.js';

/** How a method that is served is called with arguments. */
interface Served {
  readonly parameters: readonly WrittenParameter[];
  /** Whether the names were declared by hand. */
  readonly isNamed: boolean;
}

interface Named {
  readonly name: string;
  readonly names: readonly string[];
}

/**
 * Warns, outside production, of parameters that a build tool has probably renamed. There are two rules, one for
 * each way in which tools do it: minifiers shorten all names, and esbuild appends a number to one that shadows a
 * name of the module.
 */
export function warnOfRenames(controller: object, className: string, methods: ReadonlyMap<string, Served>): void {
  if (process.env.NODE_ENV === 'production') return;
  const read = [...methods]
    .filter(([, { isNamed }]) => !isNamed)
    .map(([name, { parameters }]) => ({ name, names: positionalNames(parameters) }))
    .filter(({ names }) => names.length > 0);
  const isShortened = looksShortened(controller, nameInSource(controller) ?? className, read);
  const suspects = isShortened ? read : read.filter(({ names }) => isNumbered(names));
  if (suspects.length === 0) return;
  const labels = suspects.map(({ name, names }) => `${name}(${names.join(', ')})`);
  process.emitWarning(
    `${className}: a build tool has probably renamed the parameters of ${labels.join(', ')}. ` +
      'Requests are bound by these names: use an object pattern, name them in static routes with params, or keep the names in the build',
    { code: 'KOA_MICROPIE_RENAMED' },
  );
}

/** Keys of patterns survive, and `...rest` binds by place. */
function positionalNames(parameters: readonly WrittenParameter[]): string[] {
  return parameters.flatMap((parameter) => (parameter.kind === 'positional' ? [parameter.name] : []));
}

/** Dense source and short names are not enough: tsx takes the white space out too, and authors write `add(a, b)`. */
function looksShortened(controller: object, className: string, read: readonly Named[]): boolean {
  const isShort = (name: string) => name.length <= 2;
  // Minifiers shorten the class's name where nobody imports it, and begin with the most frequent letters.
  const isSign = isShort(className) || read.some(({ names: [first] }) => first === 'e' || first === 't');
  return isSign && read.every(({ names }) => names.every(isShort)) && looksMinified(controller);
}

/** The class's name as written, which a minifier shortens even where it keeps what `name` gives. */
function nameInSource(controller: object): string | undefined {
  return /^class\s+([\w$]+)/.exec(Function.prototype.toString.call(controller))?.[1];
}

/** What esbuild makes of a name that is taken: it counts from 2. */
const NUMBERED = /^(.*\D)(?:[2-9]|[1-9]\d)$/;
/** Words that have a number of their own, such as `base64`. */
const WORD = /(?:base|float|http|int|ipv|md|mp|oauth|utf)$/i;

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
  methods: ReadonlyMap<string, Served & { readonly plan: Plan }>,
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
