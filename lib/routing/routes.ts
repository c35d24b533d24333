import { describePlan, type Plan, type PlannedParameter } from '../binding/plan.js';
import { positionsOf } from '../binding/positions.js';
import { isController } from '../controller/controller.js';
import { type Declaration, readDeclarations, UNDECLARED } from '../controller/declarations.js';
import { type Described, describeMethod } from '../controller/describe.js';
import { classOf, collectMethods, isSocketName, nameOfClass } from '../controller/methods.js';
import { nestedFields } from '../controller/nested.js';
import { warnOfHiddenTypes, warnOfRenames } from '../controller/renames.js';
import { allowedMethods, type Handler } from './handler.js';
import { type Pattern, pathOfSegments, segmentOfName } from './pattern.js';
import { addAutomatic, addDeclared, emptyTree, type RouteTree } from './tree.js';

/** What a controller and those nested in it serve. */
export interface Served extends Trees {
  readonly handlers: readonly Handler[];
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
  /** How messages name the place, as in `Root.tasks`. */
  readonly where: string;
}

/**
 * Finds all that a controller serves.
 *
 * @throws TypeError for a class that can't be served, naming what is wrong and the cure.
 */
export function buildRoutes(controller: object, prefix: string): Served {
  const building = new Building();
  const trees = building.add(controller, { path: prefix, fields: '', where: nameOfClass(controller) });
  const { handlers, needsAmbientRequest, socketHandlers } = building;
  return { ...trees, handlers, needsAmbientRequest, socketHandlers };
}

class Building {
  readonly handlers: Handler[] = [];
  readonly socketHandlers: Handler[] = [];
  needsAmbientRequest = false;
  /** Where each instance is served. */
  readonly #places = new Map<object, string>();
  /** Those whose nested controllers are being added. */
  readonly #open = new Set<object>();

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
      described.set(name, describeMethod(method, declarationOf(declarations, name), `${className}.${name}`));
    warnOfRenames(classOf(instance), className, described);
    warnOfHiddenTypes(className, described);
    const trees = { tree: emptyTree(), sockets: emptyTree() };
    for (const [name, one] of described) this.#addMethod(trees, makeHandler(instance, name, one, place), name, one);
    for (const [name, value] of fields) {
      const segment = segmentOfName(name);
      refuseHidden(described, name, segment);
      const { tree, sockets } = this.add(value, placeOfField(place, className, name, segment));
      trees.tree.nested.set(segment, tree);
      trees.sockets.nested.set(segment, sockets);
    }
    this.#open.delete(instance);
    return trees;
  }

  #addMethod({ tree, sockets }: Trees, handler: Handler, name: string, { declaration }: Described): void {
    const { pattern, isSocket } = declaration;
    (isSocket ? this.socketHandlers : this.handlers).push(handler);
    const own = isSocket ? sockets : tree;
    if (pattern?.segments) addDeclared(own, pattern.segments, handler);
    else addAutomatic(own, segmentOfName(nameInPath(name)), handler);
    if (!pattern?.segments && nameInPath(name) === 'index') own.index = handler;
  }

  #refuseTwice(instance: object, className: string, { where }: Place): void {
    if (this.#open.has(instance))
      throw new TypeError(`${where}: this ${className} is nested in itself, which never ends; remove the field`);
    const other = this.#places.get(instance);
    if (other !== undefined)
      throw new TypeError(`${where}: this ${className} is served as ${other} already; make another for this field`);
    this.#places.set(instance, where);
    this.#open.add(instance);
  }
}

function placeOfField({ path, fields }: Place, className: string, name: string, segment: string): Place {
  return { path: `${path}/${segment}`, fields: `${fields}${name}.`, where: `${className}.${name}` };
}

function makeHandler(
  instance: object,
  name: string,
  { method, declaration, plan, where }: Described,
  place: Place,
): Handler {
  const { pattern, returns, middlewares, streamsBody } = declaration;
  const methods = pattern?.methods;
  return {
    route: Object.freeze({
      name: place.fields + name,
      path: place.path + pathBelow(name, pattern) || '/',
      parameters: describePlan(plan),
      methods: Object.freeze(methods ? [...allowedMethods(methods)] : ['*']),
    }),
    where,
    methods,
    plan,
    declaration,
    method,
    positions: positionsOf(plan),
    returns,
    middlewares,
    prefersJson: declaration.input !== undefined || returns !== undefined,
    streamsBody,
    isPrivate: declaration.session.size > 0,
    showsFiles: showsFiles(plan),
    protocols: declaration.protocols,
    call: (args) => method.apply(instance, [...args]),
  };
}

function pathBelow(name: string, pattern: Pattern | undefined): string {
  if (pattern?.segments) return pathOfSegments(pattern.segments);
  const own = nameInPath(name);
  return own === 'index' ? '' : `/${segmentOfName(own)}`;
}

/** `ws_chat` is a socket at `/chat`. */
function nameInPath(name: string): string {
  return isSocketName(name) ? name.slice(3) : name;
}

function declarationOf(declarations: ReadonlyMap<string, Declaration>, name: string): Declaration {
  return declarations.get(name) ?? (isSocketName(name) ? { ...UNDECLARED, isSocket: true } : UNDECLARED);
}

/** Where the text of a nested field matches, only its class answers. */
function refuseHidden(described: ReadonlyMap<string, Described>, field: string, segment: string): void {
  for (const { declaration, where } of described.values()) {
    const first = declaration.pattern?.segments?.[0];
    if (first?.kind === 'text' && first.text === segment)
      throw new TypeError(
        `${where}: its path begins with '/${segment}', where only the controller in the field '${field}' answers; ` +
          'move the method into its class, or rename the field',
      );
  }
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
      throw new TypeError(
        `${className}.routes names '${name}', which is not a method that is served; ` +
          (fields.has(name)
            ? 'the controller in this field has static routes of its own'
            : `these are: ${[...methods.keys()].join(', ') || 'none'}`),
      );
  if (methods.size + fields.size === 0)
    throw new TypeError(`${className} has no method to serve; only methods of its class are routes, as in index() {}`);
}
