import { expect } from 'chai';
import fc from 'fast-check';
import { prepareMatch } from '../../lib/routing/router.js';
import { buildRoutes } from '../../lib/routing/routes.js';
import { runs } from '../support/runs.js';
import { classOf } from '../support/source.js';

/** One method of a class: `path` is what it declares, undefined for the automatic path of any method. */
interface Method {
  readonly name: string;
  readonly verbs: readonly string[] | undefined;
  readonly segments: readonly string[] | undefined;
  /** How many parameters an automatic route has. */
  readonly parameters: number;
}

interface Answer {
  readonly kind: string;
  readonly name?: string;
  readonly args?: readonly string[];
  readonly allow?: readonly string[];
}

const VERBS = ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'];
const USUAL = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const WORDS = ['a', 'b', 'c'];

describe('a request is matched as a slow and obvious matcher does it', () => {
  it('for any class, method and path', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(classes, requests, fc.boolean(), (methods, asked, strict) => {
        const distinct = methods.filter((one, index) => methods.findIndex((other) => isSame(one, other)) === index);
        const match = prepareMatch(treeOf(distinct), { prefix: '', strict, fallthrough: true });
        for (const [verb, path] of asked) {
          const expected = slowly(distinct, verb, path, strict);
          seen.add(expected.kind);
          expect(quickly(match(verb, path)), `${verb} ${path} ${JSON.stringify({ distinct, strict })}`).to.deep.equal(
            expected,
          );
        }
      }),
      { numRuns: runs(500) },
    );
    expect([...seen].sort()).to.deep.equal(['400', '405', 'handler', 'next', 'options']);
  });
});

const word = fc.constantFrom(...WORDS);
const verbs = fc.option(fc.uniqueArray(fc.constantFrom(...VERBS), { minLength: 1, maxLength: 2 }), { nil: undefined });
const declared = fc
  .tuple(fc.array(fc.oneof(word, fc.constant(':')), { maxLength: 3 }), fc.boolean())
  .map(([segments, isOpen]) => (isOpen ? [...segments, '*'] : segments));
const automaticMethod = fc.record({
  name: fc.constantFrom(...WORDS, 'index'),
  verbs,
  segments: fc.constant(undefined),
  parameters: fc.integer({ min: 0, max: 2 }),
});
const declaredMethod = fc.record({ name: fc.constant(''), verbs, segments: declared, parameters: fc.constant(0) });
const classes: fc.Arbitrary<Method[]> = fc
  .array(fc.oneof(automaticMethod, declaredMethod, declaredMethod), { minLength: 1, maxLength: 8 })
  .map((methods) => methods.map((one, index) => (one.segments ? { ...one, name: `declared${index}` } : one)));
const sent = fc.constantFrom(...WORDS, ...WORDS, 'index', 'x', '%61', '', '%zz', '_x', '%5Fx', 'a%2Fb');
const requests = fc.array(
  fc.tuple(
    fc.constantFrom(...VERBS, 'DELETE', 'TRACE'),
    fc.tuple(fc.array(sent, { maxLength: 4 }), fc.boolean()).map(([s, slash]) => `/${s.join('/')}${slash ? '/' : ''}`),
  ),
  { minLength: 5, maxLength: 10 },
);

/** What no class may hold twice: a name, or two paths that no request could tell apart. */
function isSame(one: Method, other: Method): boolean {
  if (one.name === other.name) return true;
  if (!one.segments || one.segments.join('/') !== other.segments?.join('/')) return false;
  const { verbs } = other;
  return one.verbs && verbs ? one.verbs.some((verb) => verbs.includes(verb)) : one.verbs === verbs;
}

function treeOf(methods: readonly Method[]) {
  const routes = Object.fromEntries(
    methods.flatMap(({ name, verbs = [], segments }) => {
      const path = segments && `/${segments.map((one, at) => (WORDS.includes(one) ? one : `${one}p${at}`)).join('/')}`;
      const text = [verbs.join(), path ?? ''].join(' ').trim();
      return text === '' ? [] : [[name, text]];
    }),
  );
  const sources = methods.map(({ name, segments, parameters }) => {
    const named = segments
      ? segments.flatMap((one, at) => (WORDS.includes(one) ? [] : [`${one === '*' ? '...' : ''}p${at}`]))
      : Array.from({ length: parameters }, (_, at) => `p${at}`);
    return `${name}(${named.join()}) {}`;
  });
  return buildRoutes(new (classOf(`${sources.join('\n')} static routes = routes;`, { routes }))(), '').tree;
}

function quickly(target: ReturnType<ReturnType<typeof prepareMatch>>): Answer {
  switch (target?.kind) {
    case 'handler':
      return { kind: 'handler', name: target.handler.route.name, args: target.pathParams };
    case 'options':
      return { kind: 'options', allow: target.allow.split(', ').sort() };
    case 'refusal': {
      const { status, headers } = target.error;
      return status === 405 ? { kind: '405', allow: String(headers?.['Allow']).split(', ').sort() } : { kind: '400' };
    }
    default:
      return { kind: 'next' };
  }
}

/** A path that fits: the rank of each of its segments, from the left, and what the method is given. */
interface Fit {
  readonly method: Method;
  readonly ranks: readonly number[];
  readonly args: readonly string[];
}

const TEXT = 0;
const NAME = 1;
const EXPLICIT_END = 0;
const FREE = 2;
const OPEN = 3;

/** Lists all paths that fit, sorts them by how exact they are, and takes the first whose method fits. */
function slowly(methods: readonly Method[], verb: string, path: string, strict: boolean): Answer {
  const segments = path.slice(1).split('/');
  if (segments.at(-1) === '') segments.pop();
  const fits = methods.flatMap((method) => pathsOf(method, segments, strict)).sort(moreExact);
  const index = methods.find(({ name, segments }) => name === 'index' && !segments);
  const first = segments[0];
  const isTaken = methods.some(({ name, segments }) => name === first && !segments);
  if (index && !isTaken && !decoded(first ?? '')?.startsWith('_') && segments.length <= index.parameters)
    fits.push({ method: index, ranks: [], args: segments });
  const best = fits.find(({ method }) => takes(method, verb) > 0);
  if (best) {
    const args = best.args.map(decoded);
    return args.includes(undefined)
      ? { kind: '400' }
      : { kind: 'handler', name: best.method.name, args: args.flatMap((arg) => arg ?? []) };
  }
  if (fits.length > 0) {
    const allowed = fits.flatMap(({ method }) => allows(method));
    return { kind: verb === 'OPTIONS' ? 'options' : '405', allow: [...new Set([...allowed, 'OPTIONS'])].sort() };
  }
  return !isTaken && first !== undefined && decoded(first) === undefined ? { kind: '400' } : { kind: 'next' };

  function moreExact(one: Fit, other: Fit): number {
    for (let at = 0; at <= segments.length; at++) {
      const difference = (one.ranks[at] ?? 0) - (other.ranks[at] ?? 0);
      if (difference !== 0) return difference;
    }
    return takes(other.method, verb) - takes(one.method, verb);
  }
}

/** Whether a method takes a verb: 3 by its name, 2 a HEAD as GET, 1 as any other, 0 not at all. */
function takes({ verbs }: Method, verb: string): number {
  if (verbs?.includes(verb)) return 3;
  if (verb === 'HEAD' && verbs?.includes('GET')) return 2;
  return verbs === undefined && !['OPTIONS', 'TRACE'].includes(verb) ? 1 : 0;
}

function allows({ verbs }: Method): readonly string[] {
  if (verbs === undefined) return USUAL;
  return verbs.includes('GET') ? [...verbs, 'HEAD'] : verbs;
}

function pathsOf(method: Method, segments: readonly string[], strict: boolean): Fit[] {
  const { name, parameters } = method;
  if (method.segments) return declaredPathsOf(method, method.segments, segments);
  const free = segments.slice(1);
  if (segments[0] !== name || (strict && free.length > parameters)) return [];
  // Behind the text, what is free follows; so does the end, which a declared path reaches more exactly.
  return [{ method, ranks: [TEXT, ...free.map(() => FREE), FREE], args: free }];
}

function declaredPathsOf(method: Method, pattern: readonly string[], segments: readonly string[]): Fit[] {
  const ranks: number[] = [];
  const args: string[] = [];
  for (const [at, part] of pattern.entries()) {
    if (part === '*') {
      const open = segments.slice(at);
      return [{ method, ranks: [...ranks, ...open.map(() => OPEN), OPEN], args: [...args, ...open] }];
    }
    const segment = segments[at];
    if (!segment || (part !== ':' && part !== segment)) return [];
    if (part === ':') args.push(segment);
    ranks.push(part === ':' ? NAME : TEXT);
  }
  return segments.length === pattern.length ? [{ method, ranks: [...ranks, EXPLICIT_END], args }] : [];
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
