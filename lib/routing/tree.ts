import { type Handler, handlerFor } from './handler.js';
import type { PatternSegment } from './pattern.js';

/** The handlers behind one beginning of a path, and the ways on from there. */
interface Node {
  /** Undefined where there are none: most nodes are the end of a path. */
  texts: Map<string, Node> | undefined;
  name: Node | undefined;
  /** Those whose declared path ends here. */
  readonly exact: Handler[];
  /** The method that has this name, which takes the segments behind it as well. */
  automatic: readonly [] | readonly [Handler];
  /** Those whose declared path ends with `*name` from here on. */
  readonly rest: Handler[];
}

/** The routes of one class, and the classes nested in it. */
export interface RouteTree {
  readonly root: Node;
  readonly nested: Map<string, RouteTree>;
  index: Handler | undefined;
}

/** A handler whose path fits, with the segments, still encoded, that it takes. */
export interface Candidate {
  readonly handler: Handler;
  readonly segments: readonly string[];
}

export function emptyTree(): RouteTree {
  return { root: emptyNode(), nested: new Map(), index: undefined };
}

function emptyNode(): Node {
  return { texts: undefined, name: undefined, exact: [], automatic: [], rest: [] };
}

/** Adds the handler of a method that is served under its name. */
export function addAutomatic(tree: RouteTree, segment: string, handler: Handler): void {
  childOf(tree.root, segment).automatic = [handler];
}

/**
 * Adds a handler at a declared path.
 *
 * @throws TypeError where no request could tell it from another one.
 */
export function addDeclared(tree: RouteTree, segments: readonly PatternSegment[], handler: Handler): void {
  let node = tree.root;
  let list = node.exact;
  for (const segment of segments) {
    if (segment.kind === 'rest') list = node.rest;
    else {
      node = segment.kind === 'text' ? childOf(node, segment.text) : namedChildOf(node);
      list = node.exact;
    }
  }
  refuseSame(list, handler);
  list.push(handler);
}

function childOf(node: Node, text: string): Node {
  node.texts ??= new Map();
  const child = node.texts.get(text) ?? emptyNode();
  node.texts.set(text, child);
  return child;
}

function namedChildOf(node: Node): Node {
  node.name ??= emptyNode();
  return node.name;
}

function refuseSame(list: readonly Handler[], { methods, route, where }: Handler): void {
  const same = list.find((other) =>
    methods && other.methods ? methods.some((method) => other.methods?.includes(method)) : methods === other.methods,
  );
  if (same)
    throw new TypeError(
      `${where} and ${same.where} are both declared for ${methods?.join(',') ?? 'any method'} ${route.path}: ` +
        'no request could tell them apart; change one of the paths or methods',
    );
}

/**
 * The search for the handler of a request. Of the paths that fit, the most exact one whose method fits: segment by
 * segment from the left, text before `:name`, before the free segments of an automatic route, before `*name`.
 */
export class Search {
  readonly found: Candidate | undefined;
  /** Those whose path fits while their methods do not. */
  readonly misfits: Handler[] = [];
  readonly #method: string;
  readonly #segments: readonly string[];
  readonly #isStrict: boolean;

  constructor({ root }: RouteTree, method: string, segments: readonly string[], isStrict: boolean) {
    this.#method = method;
    this.#segments = segments;
    this.#isStrict = isStrict;
    this.found = this.#walk(root, 0, []);
  }

  #walk(node: Node, at: number, taken: readonly string[]): Candidate | undefined {
    const segment = this.#segments[at];
    return (
      (segment === undefined ? this.#choose(node.exact, taken) : this.#descend(node, segment, at, taken)) ??
      this.#chooseAutomatic(node, at) ??
      (node.rest.length > 0 ? this.#choose(node.rest, [...taken, ...this.#segments.slice(at)]) : undefined)
    );
  }

  #descend({ texts, name }: Node, segment: string, at: number, taken: readonly string[]): Candidate | undefined {
    const child = texts?.get(segment);
    const found = child && this.#walk(child, at + 1, taken);
    // An empty segment, as in `//`, is nobody's name.
    if (found || !name || segment === '') return found;
    return this.#walk(name, at + 1, [...taken, segment]);
  }

  #chooseAutomatic({ automatic }: Node, at: number): Candidate | undefined {
    const [handler] = automatic;
    if (!handler || (this.#isStrict && this.#segments.length - at > handler.plan.maxSegments)) return undefined;
    return this.#choose(automatic, this.#segments.slice(at));
  }

  #choose(handlers: readonly Handler[], segments: readonly string[]): Candidate | undefined {
    if (handlers.length === 0) return undefined;
    const handler = handlerFor(handlers, this.#method);
    if (handler) return { handler, segments };
    this.misfits.push(...handlers);
    return undefined;
  }
}

/** Whether a segment is the name of a method that is served under it. */
export function isMethodName({ root }: RouteTree, segment: string): boolean {
  return root.texts?.get(segment)?.automatic.length === 1;
}
