import type { Declaration } from './declarations.js';
import { looksMinified, readSignature } from './signature.js';

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
export function warnOfRenames(
  controller: object,
  className: string,
  methods: ReadonlyMap<string, object>,
  declarations: ReadonlyMap<string, Declaration>,
): void {
  if (process.env.NODE_ENV === 'production') return;
  const read = [...methods].flatMap(([name, method]) =>
    declarations.get(name)?.params ? [] : [describe(name, method)],
  );
  const isShortened = looksShortened(nameInSource(controller) ?? className, read);
  const suspects = read.filter((method) => (isShortened && method.names.length > 0) || isNumbered(method.names));
  if (suspects.length === 0) return;
  process.emitWarning(
    `${className}: a build tool has probably renamed the parameters of ${suspects.map(({ label }) => label).join(', ')}. ` +
      'Requests are bound by these names: use an object pattern, name them in static routes with params, or keep the names in the build',
    { code: 'KOA_MICROPIE_RENAMED' },
  );
}

function describe(name: string, method: object): Method {
  const names = readSignature(method).flatMap((parameter) => (parameter.kind === 'positional' ? [parameter.name] : []));
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
