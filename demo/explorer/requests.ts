import type { NamedParameter, Parameter, Route } from '../../lib/index.js';
import type { RequestField } from './request.js';

/** What is put into the forms at first: by the route's name, values by the parameters' names. */
export type Examples = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A demo, as its requests are made of it. */
export interface Explored {
  readonly routes: readonly Route[];
  /** Addresses of GET requests. */
  readonly links: readonly string[];
  readonly examples: Examples;
}

/** A request that people may fill in and send. */
export interface Sendable {
  /** The route's name; undefined for an address that no route of the demo answers. */
  readonly route?: string;
  readonly methods: readonly [string, ...string[]];
  readonly path: string;
  readonly fields: readonly (RequestField & { readonly value: string })[];
  /** Addresses that lead there as well. */
  readonly links: readonly string[];
}

/** The requests of a demo: one for each route that is no script or style of a page, and one for each other link. */
export function requestsOf({ routes, links, examples }: Explored): Sendable[] {
  const shown = routes.filter(({ name }) => !/\.(?:js|css)$/.test(name));
  const routeOf = new Map(links.map((link) => [link, bestRoute(shown, link)]));
  const others = links.filter((link) => !routeOf.get(link));
  return [
    ...shown.map((route) => {
      const own = links.filter((link) => routeOf.get(link) === route);
      return sendable(route, own, { ...(own[0] && valuesIn(route, own[0])), ...examples[route.name] });
    }),
    ...others.map((path): Sendable => ({ methods: ['GET'], path, fields: [], links: [] })),
  ];
}

function sendable(route: Route, links: readonly string[], values: Readonly<Record<string, unknown>>): Sendable {
  const { name, path } = route;
  const parameters = route.parameters.flatMap(named).filter(({ sources }) => sources.some((one) => one !== 'session'));
  const inPath = parameters.filter(({ name }) => namesIn(path).includes(name));
  const inBody = parameters.filter((parameter) => !inPath.includes(parameter));
  const fields = [...inPath.flatMap((parameter) => fieldsOf(parameter, values)), ...bodyFields(route, inBody, values)];
  return { route: name, methods: methodsOf(route, inBody), path, fields, links };
}

/** A body with objects in it is one field of JSON; any other has a field for each parameter. */
function bodyFields(
  { path, parameters }: Route,
  inBody: readonly NamedParameter[],
  values: Readonly<Record<string, unknown>>,
) {
  const inPath = namesIn(path);
  const members = Object.entries(values).filter(([name]) => !inPath.includes(name));
  if (members.some(([, value]) => isNested(value)))
    return [{ name: '', type: 'json', value: JSON.stringify(Object.fromEntries(members), null, 2) }];
  if (!parameters.some(({ kind }) => kind === 'input')) return inBody.flatMap((one) => fieldsOf(one, values));
  // What an input takes is the schema's matter: the example says it.
  return members.flatMap(([name, value]) => fieldsOf({ name, type: typeOf(value) }, values));
}

function fieldsOf({ name, type }: Pick<NamedParameter, 'name' | 'type'>, values: Readonly<Record<string, unknown>>) {
  const value = values[name] ?? '';
  const list = Array.isArray(value) && value.length > 0 ? value : [value];
  const kind = type.startsWith('file') ? 'file' : type.endsWith('[]') ? 'list' : type;
  return list.map((one) => ({ name, type: kind, value: String(one) }));
}

function methodsOf({ methods }: Route, inBody: readonly NamedParameter[]): readonly [string, ...string[]] {
  const [first, ...others] = methods.filter((method) => method !== 'HEAD' && method !== 'OPTIONS');
  if (first !== '*' && first !== undefined) return [first, ...others];
  if (inBody.some(({ type }) => type.startsWith('file'))) return ['POST'];
  return inBody.length > 0 ? ['GET', 'POST'] : ['GET'];
}

/** The route with the longest path that the link begins with. */
function bestRoute(routes: readonly Route[], link: string): Route | undefined {
  return routes
    .filter(
      ({ methods, path }) => (methods.includes('GET') || methods.includes('*')) && pattern(path).test(pathOf(link)),
    )
    .sort((one, other) => other.path.length - one.path.length)[0];
}

/** What an address says: segments by their names, or in the order of the parameters, and the query. */
function valuesIn(route: Route, link: string): Record<string, unknown> {
  const { groups = {} } = pattern(route.path).exec(pathOf(link)) ?? {};
  const { tail = '', ...segments } = groups;
  const free = route.parameters.flatMap(named).filter(({ name }) => !(name in segments));
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(segments).map(([name, text]) => [name, decodeURIComponent(text)]),
  );
  for (const [index, text] of tail.split('/').filter(Boolean).entries()) {
    const name = free[index]?.name;
    if (name !== undefined) values[name] = decodeURIComponent(text);
  }
  const { searchParams } = new URL(link, 'http://localhost');
  for (const name of searchParams.keys()) {
    const all = searchParams.getAll(name);
    values[name] = all.length > 1 ? all : all[0];
  }
  return values;
}

function pattern(path: string): RegExp {
  const text = path.replace(/\/$/, '').replace(/[.$+()]/g, '\\$&');
  return new RegExp(`^${text.replace(/:(\w+)/g, '(?<$1>[^/]+)').replace(/\*(\w+)/g, '(?<$1>.+)')}(?<tail>/.*)?$`);
}

function pathOf(link: string): string {
  return new URL(link, 'http://localhost').pathname;
}

function namesIn(path: string): string[] {
  return Array.from(path.matchAll(/[:*](\w+)/g), ({ 1: name = '' }) => name);
}

function named(parameter: Parameter): readonly NamedParameter[] {
  if (parameter.kind === 'rest') return [];
  return parameter.kind === 'pattern' ? parameter.keys : [parameter];
}

function isNested(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isNested) : typeof value === 'object' && value !== null;
}

function typeOf(value: unknown): NamedParameter['type'] {
  if (Array.isArray(value)) return 'list';
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'string';
}
