import { type Handler, handlerFor } from './handler.js';
import type { PatternSegment } from './pattern.js';

/** The handlers behind one beginning of a path, and the ways on from there. */
interface Node {
  readonly texts: Map<string, Node>;
  name: Node | undefined;
  /** Those whose declared path ends here. */
  readonly exact: Handler[];
  /** The method that has this name, which takes the segments behind it as well. */
  automatic: Handler | undefined;
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

/** What a search found: the handler to run, or those whose path fits while their methods do not. */
export interface Search {
  readonly found: Candidate | undefined;
  readonly misfits: readonly Handler[];
}

export function emptyTree(): RouteTree {
  return { root: emptyNode(), nested: new Map(), index: undefined };
}

function emptyNode(): Node {
  return { texts: new Map(), name: undefined, exact: [], automatic: undefined, rest: [] };
}

/** Adds the handler of a method that is served under its name. */
export function addAutomatic(tree: RouteTree, segment: string, handler: Handler): void {
  childOf(tree.root, segment).automatic = handler;
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
 * Searches for the handler of a request. Of the paths that fit, the most exact one whose method fits: segment by
 * segment from the left, text before `:name`, before the free segments of an automatic route, before `*name`.
 */
export function search(tree: RouteTree, method: string, segments: readonly string[], isStrict: boolean): Search {
  const misfits: Handler[] = [];

  function choose(handlers: readonly Handler[], taken: readonly string[]): Candidate | undefined {
    if (handlers.length === 0) return undefined;
    const handler = handlerFor(handlers, method);
    if (handler) return { handler, segments: taken };
    misfits.push(...handlers);
    return undefined;
  }

  function walk(node: Node, at: number, taken: readonly string[]): Candidate | undefined {
    return (
      (at === segments.length ? choose(node.exact, taken) : descend(node, at, taken)) ??
      chooseAutomatic(node, at) ??
      (node.rest.length > 0 ? choose(node.rest, [...taken, ...segments.slice(at)]) : undefined)
    );
  }

  function descend({ texts, name }: Node, at: number, taken: readonly string[]): Candidate | undefined {
    const segment = segments[at];
    const child = segment === undefined ? undefined : texts.get(segment);
    const found = child && walk(child, at + 1, taken);
    // An empty segment, as in `//`, is nobody's name.
    if (found || !name || !segment) return found;
    return walk(name, at + 1, [...taken, segment]);
  }

  function chooseAutomatic({ automatic }: Node, at: number): Candidate | undefined {
    if (!automatic || (isStrict && segments.length - at > automatic.plan.maxSegments)) return undefined;
    return choose([automatic], segments.slice(at));
  }

  return { found: walk(tree.root, 0, []), misfits };
}

/** Whether a segment is the name of a method that is served under it. */
export function isMethodName({ root }: RouteTree, segment: string): boolean {
  return root.texts.get(segment)?.automatic !== undefined;
}
