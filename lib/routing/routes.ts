import { describePlan, makePlan, type Plan, type PlannedParameter, parametersOfNames } from '../binding/plan.js';
import { isController } from '../controller/controller.js';
import { type Declaration, readDeclarations, UNDECLARED } from '../controller/declarations.js';
import { classOf, collectMethods, isSocketName, type Method, nameOfClass } from '../controller/methods.js';
import { nestedFields } from '../controller/nested.js';
import { warnOfHiddenTypes, warnOfRenames } from '../controller/renames.js';
import { readSignature, type WrittenParameter } from '../controller/signature.js';
import { allowedMethods, type Handler } from './handler.js';
import { pathOfSegments, segmentOfName } from './pattern.js';
import type { Route } from './route.js';
import { addAutomatic, addDeclared, emptyTree, type RouteTree } from './tree.js';

/** What a controller and those nested in it serve. */
export interface Served extends Trees {
  readonly routes: readonly Route[];
  /** Whether a class among them extends `Controller`, whose methods ask for the current request. */
  readonly needsAmbientRequest: boolean;
  /** The handlers of sockets. */
  readonly socketHandlers: readonly Handler[];
}

/** The routes and the sockets of one class: side by side, since one path may be both. */
interface Trees {
  readonly tree: RouteTree;
  readonly sockets: RouteTree;
}

/** Where a controller lies in its mount. */
interface Place {
  readonly path: string;
  /** The fields that lead to it, each with a dot behind it. */
  readonly fields: string;
  readonly above: ReadonlySet<object>;
}

/**
 * Finds all that a controller serves.
 *
 * @throws TypeError for a class that can't be served, naming what is wrong and the cure.
 */
export function buildRoutes(controller: object, prefix: string): Served {
  const building = new Building();
  const trees = building.add(controller, { path: prefix, fields: '', above: new Set() });
  const { routes, needsAmbientRequest, socketHandlers } = building;
  return { ...trees, routes: Object.freeze(routes), needsAmbientRequest, socketHandlers };
}

class Building {
  readonly routes: Route[] = [];
  readonly socketHandlers: Handler[] = [];
  needsAmbientRequest = false;
  readonly #seen = new Set<object>();

  add(instance: object, place: Place): Trees {
    const className = nameOfClass(instance);
    this.#refuseTwice(instance, className, place);
    this.needsAmbientRequest ||= isController(instance);
    const methods = collectMethods(instance);
    const declarations = readDeclarations(classOf(instance), className);
    const fields = nestedFields(instance, className, methods);
    refuseNothing(methods, fields, declarations, className);
    const described = new Map<string, Described>();
    for (const [name, method] of methods)
      described.set(
        name,
        describeMethod(
          method,
          declarations.get(name) ?? { ...UNDECLARED, isSocket: isSocketName(name) },
          `${className}.${name}`,
        ),
      );
    const trees = { tree: emptyTree(), sockets: emptyTree() };
    for (const [name, one] of described) this.#addMethod(trees, instance, name, one, place);
    warnOfRenames(classOf(instance), className, described);
    warnOfHiddenTypes(className, described);
    for (const [name, value] of fields) this.#addNested(trees, name, value, instance, className, place);
    return trees;
  }

  #addMethod(
    trees: Trees,
    instance: object,
    name: string,
    { method, declaration, plan, where }: Described,
    place: Place,
  ) {
    const { pattern, streamsBody, isSocket } = declaration;
    const nameInPath = isSocket ? name.slice(3) : name;
    const segment = segmentOfName(nameInPath);
    const ownPath = pattern?.segments ? pathOfSegments(pattern.segments) : nameInPath === 'index' ? '' : `/${segment}`;
    const methods = pattern?.methods;
    const handler: Handler = {
      route: Object.freeze({
        name: place.fields + name,
        path: place.path + ownPath || '/',
        parameters: describePlan(plan),
        methods: Object.freeze(methods ? [...allowedMethods(methods)] : ['*']),
      }),
      where,
      methods,
      plan,
      returns: declaration.returns,
      middlewares: declaration.middlewares,
      prefersJson: declaration.input !== undefined || declaration.returns !== undefined,
      streamsBody,
      showsFiles: isController(instance) || showsFiles(plan),
      protocols: declaration.protocols,
      call: (args) => method.apply(instance, [...args]),
    };
    if (isSocket) this.socketHandlers.push(handler);
    else this.routes.push(handler.route);
    const tree = isSocket ? trees.sockets : trees.tree;
    if (pattern?.segments) addDeclared(tree, pattern.segments, handler);
    else addAutomatic(tree, segment, handler);
    if (nameInPath === 'index' && !pattern?.segments) tree.index = handler;
  }

  #addNested(trees: Trees, name: string, value: object, parent: object, className: string, place: Place): void {
    const segment = segmentOfName(name);
    if (trees.tree.root.texts.has(segment) || trees.sockets.root.texts.has(segment))
      throw new TypeError(
        `${className}.${name}: a declared path or a socket begins with '/${segment}', where only this field is served`,
      );
    const below: Place = {
      path: `${place.path}/${segment}`,
      fields: `${place.fields}${name}.`,
      above: new Set([...place.above, parent]),
    };
    const { tree, sockets } = this.add(value, below);
    trees.tree.nested.set(segment, tree);
    trees.sockets.nested.set(segment, sockets);
  }

  #refuseTwice(instance: object, className: string, { above, fields }: Place): void {
    if (above.has(instance))
      throw new TypeError(`${fields.slice(0, -1)}: ${className} is nested in itself, which never ends`);
    if (this.#seen.has(instance))
      throw new TypeError(
        `${fields.slice(0, -1)}: this instance of ${className} is served elsewhere already; make another`,
      );
    this.#seen.add(instance);
  }
}

/** A method with all that is known of its parameters. */
export interface Described {
  readonly method: Method;
  readonly declaration: Declaration;
  readonly plan: Plan;
  readonly where: string;
  /** As the source writes them. */
  readonly parameters: readonly WrittenParameter[];
  /** Whether their names do not come from the source. */
  readonly isNamed: boolean;
}

function describeMethod(method: Method, declaration: Declaration, where: string): Described {
  const segments = declaration.pattern?.segments;
  const parameters = signatureOf(method, declaration, where);
  const named = segments?.filter(({ kind }) => kind !== 'text').length ?? 0;
  return {
    method,
    declaration,
    plan: makePlan(parameters, declaration, segments, where),
    where,
    parameters,
    isNamed: parameters.every((_parameter, index) => index < named || declaration.params[index]?.name !== undefined),
  };
}

function signatureOf(method: Method, { params, isSocket }: Declaration, where: string): WrittenParameter[] {
  try {
    const written = readSignature(method);
    return isSocket ? withoutSocket(written, where) : written;
  } catch (cause) {
    const byHand = parametersOfNames(params);
    if (byHand) return byHand;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const name = where.slice(where.indexOf('.') + 1);
    const cure = `name them by hand: static routes = { '${name}': { params: ['first', 'second'] } }`;
    throw new TypeError(`${where}: its parameters can't be read, since ${reason}; ${cure}`, { cause });
  }
}

/** The first parameter is the socket, whatever it is called; the rest parameter of a wrapper begins with it. */
function withoutSocket(written: WrittenParameter[], where: string): WrittenParameter[] {
  const [first, ...others] = written;
  if (first?.kind === 'positional' && (first.name === 'ctx' || first.name === 'request'))
    throw new TypeError(`${where}: its first parameter is the socket; put ${first.name} behind it`);
  return first?.kind === 'rest' ? written : others;
}

/** Whether an argument may be a file, or lead to one. One of the wrong type counts: it is received to be refused. */
function showsFiles({ parameters }: Plan): boolean {
  return parameters.some((one) => (one.kind === 'pattern' ? one.keys.some(showsFile) : showsFile(one)));
}

function showsFile(parameter: Exclude<PlannedParameter, { kind: 'pattern' }>): boolean {
  if (parameter.kind === 'injected') return parameter.name === 'request';
  return parameter.kind === 'input' || parameter.sources.includes('file');
}

function refuseNothing(
  methods: ReadonlyMap<string, unknown>,
  fields: ReadonlyMap<string, unknown>,
  declarations: ReadonlyMap<string, unknown>,
  className: string,
): void {
  for (const name of declarations.keys())
    if (!methods.has(name))
      throw new TypeError(`${className}.routes names '${name}', which is not a method that is served`);
  if (methods.size + fields.size === 0)
    throw new TypeError(`${className} has no method to serve; only methods of its class are routes`);
}
