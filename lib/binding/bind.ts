import type { Body } from '../body/body.js';
import { readTypes } from '../body/content.js';
import type { Lists } from '../body/pairs.js';
import { badParameters, type ParameterProblem, unreadBody } from '../errors.js';
import { MAX_ISSUES, toIssue } from '../issues.js';
import { exchangeOf, type Request } from '../request.js';
import { isPromiseLike } from '../values.js';
import { convert, DESCRIPTION, REFUSED } from './convert.js';
import type { Source } from './parameters.js';
import type { Plan, PlannedName, PlannedParameter } from './plan.js';
import type { SchemaResult, StandardSchema } from './standard-schema.js';

/** What a source of a request has under a name; undefined for nothing. */
const SOURCES: Readonly<Record<Source, (request: Request, planned: PlannedName) => readonly unknown[] | undefined>> = {
  path: ({ pathParams }, { position }) => {
    const segment = pathParams[position];
    return segment === undefined ? undefined : [segment];
  },
  query: ({ queryParams }, { name }) => queryParams[name],
  body: ({ bodyParams }, { name }) => bodyParams[name],
  file: (request, { name }) => exchangeOf(request).spool?.files[name],
  session: (request, { name }) => {
    const value = exchangeOf(request).session.value(name);
    return value === undefined ? undefined : [value];
  },
};

/** Methods whose content, if any, has no meaning by itself. */
const WITHOUT_CONTENT = new Set(['GET', 'HEAD', 'DELETE']);

/**
 * Makes the arguments of a method of a request.
 *
 * @returns A promise only where a schema gives one.
 * @throws 400 that tells all that is wrong, 415 where a body of an unknown type may have held what is missing.
 */
export function bind(plan: Plan, request: Request): unknown[] | Promise<unknown[]> {
  const binding = new Binding(request);
  const values: unknown[] = [];
  for (const parameter of plan.parameters) {
    if (parameter.kind === 'rest') values.push(...binding.rest(parameter));
    else values.push(binding.value(parameter));
  }
  return binding.settle(values);
}

/** Whether the segments of a path fit the parameters, as `index` asks before it takes them. */
export function fitsIndex({ parameters }: Plan, segments: readonly string[]): boolean {
  return parameters.every((parameter) => {
    if (parameter.kind !== 'positional' && parameter.kind !== 'rest') return true;
    const { kind, position } = parameter;
    const own = position === -1 ? [] : segments.slice(position, kind === 'rest' ? undefined : position + 1);
    return own.every((segment) => isConvertible(segment, parameter));
  });
}

function isConvertible(segment: string, { type, conversion }: PlannedName): boolean {
  if (conversion) return typeof conversion([segment]) !== 'string';
  return convert[type]([segment]) !== REFUSED;
}

/** A value that a schema has promised; in a box, since values of clients and of schemas may look like promises. */
class Promised {
  value: unknown;
}

function validate(schema: StandardSchema, value: unknown) {
  try {
    return schema['~standard'].validate(value);
  } catch (error) {
    return tooDeep(error);
  }
}

/** A client can nest JSON deeper than a recursive schema can follow; all else that is thrown is the schema's fault. */
function tooDeep(error: unknown): SchemaResult<never> {
  if (error instanceof RangeError && error.message.includes('call stack'))
    return { issues: [{ message: 'It is nested too deeply' }] };
  throw error;
}

/** The binding of one request: collects what is wrong, so that one answer tells it all. */
class Binding {
  readonly #request: Request;
  readonly #problems: (ParameterProblem & { readonly position: number })[] = [];
  readonly #pending: Promise<void>[] = [];
  /** Of the parameter that is being bound. */
  #position = 0;
  // Whether a body could have given something that is missing.
  #isMissing = false;

  constructor(request: Request) {
    this.#request = request;
  }

  value(parameter: Exclude<PlannedParameter, { kind: 'rest' }>): unknown {
    this.#position += 1;
    switch (parameter.kind) {
      case 'injected':
        return parameter.name === 'ctx' ? this.#request.ctx : this.#request;
      case 'positional':
        return this.#named(parameter);
      case 'pattern':
        return this.#pattern(parameter);
      case 'input':
        return this.#input(parameter);
    }
  }

  rest(parameter: PlannedName): unknown[] {
    this.#position += 1;
    if (parameter.sources.length === 0) return [];
    const { body } = exchangeOf(this.#request);
    const values = body?.isCall && body.fields[parameter.name];
    if (values) return values.map((value) => this.#convert(parameter, [value], false));
    return this.#request.pathParams
      .slice(parameter.position)
      .map((segment) => this.#convert(parameter, [segment], true));
  }

  /** @throws 400 or 415 where something was wrong. */
  settle(values: unknown[]): unknown[] | Promise<unknown[]> {
    if (this.#pending.length === 0) return this.#checked(values);
    return Promise.all(this.#pending).then(() =>
      this.#checked(values.map((value) => (value instanceof Promised ? value.value : value))),
    );
  }

  #checked(values: unknown[]): unknown[] {
    if (this.#problems.length === 0) return values;
    const { body, tools } = exchangeOf(this.#request);
    // Those of asynchronous schemas come in any order.
    const problems = this.#problems.sort((a, b) => a.position - b.position);
    throw this.#isMissing && body?.isUnreadType
      ? unreadBody(problems, readTypes(tools.uploads !== false))
      : badParameters(problems);
  }

  #pattern({ keys }: Extract<PlannedParameter, { kind: 'pattern' }>): Record<string, unknown> {
    const bound: Record<string, unknown> = Object.create(null);
    for (const key of keys) bound[key.name] = this.value(key);
    return bound;
  }

  #named(planned: PlannedName): unknown {
    for (const source of planned.sources) {
      const values = SOURCES[source](this.#request, planned);
      if (values) return this.#convert(planned, values, !this.#hasTypes(source));
    }
    if (planned.schema && !planned.hasDefault) return this.#validate(planned.schema, undefined, planned.name);
    if (planned.required) this.#miss(planned);
    return undefined;
  }

  /** Whether a source's values have types of their own, and are no texts or files under one name. */
  #hasTypes(source: Source): boolean {
    if (source !== 'body') return source === 'session';
    const { body } = exchangeOf(this.#request);
    return body !== undefined && (body.isCall || body.json !== undefined);
  }

  #convert(planned: PlannedName, values: readonly unknown[], isText: boolean): unknown {
    const { name, type, schema, conversion } = planned;
    if (schema) {
      const value = isText && conversion ? conversion(values) : values[0];
      return this.#validate(schema, value, name);
    }
    const value = convert[type](values);
    if (value === REFUSED) this.#refuse(name, `Parameter '${name}' must be ${DESCRIPTION[type]}`);
    return value;
  }

  #input({ schema, name, hasDefault, convert }: Extract<PlannedParameter, { kind: 'input' }>): unknown {
    const { body } = exchangeOf(this.#request);
    if (body?.json !== undefined) return this.#validate(schema, body.json, name, true);
    // One that comes in chunks may still turn out to be empty.
    if (body?.isUnreadType && this.#request.headers['content-length'] !== undefined) {
      this.#miss({ name, sources: ['body'] });
      return undefined;
    }
    const members = this.#members(body);
    if (!members) this.#isMissing = true;
    if (hasDefault && Object.keys(members ?? {}).length === 0) return undefined;
    return this.#validate(schema, members && convert(members), name, true);
  }

  /** The query where the method has no content by its meaning and none came; else what a form holds. */
  #members(body: Body | undefined): Lists<unknown> | undefined {
    const { method, queryParams, bodyParams } = this.#request;
    if (body === undefined) return WITHOUT_CONTENT.has(method) ? queryParams : undefined;
    return body.isUnreadType || body.isCall ? undefined : { ...bodyParams, ...exchangeOf(this.#request).spool?.files };
  }

  /** @param isWhole - Whether the value is the whole input, in which names begin at its own members. */
  #validate(schema: StandardSchema, value: unknown, parameter: string, isWhole = false): unknown {
    const position = this.#position;
    const take = (settled: SchemaResult<unknown>) => {
      if (!settled.issues) exchangeOf(this.#request).spool?.validated(value, settled.value);
      return this.#take(settled, parameter, isWhole, position);
    };
    const result = validate(schema, value);
    if (!isPromiseLike(result)) return take(result);
    const promised = new Promised();
    const settling = Promise.resolve(result)
      .catch(tooDeep)
      .then((settled) => {
        promised.value = take(settled);
      });
    // Where the next schema throws at once, nobody waits for this one.
    settling.catch(() => {});
    this.#pending.push(settling);
    return promised;
  }

  #take(result: SchemaResult<unknown>, parameter: string, isWhole: boolean, position: number): unknown {
    if (!result.issues) return result.value;
    for (const issue of result.issues) {
      if (this.#problems.length >= MAX_ISSUES) break;
      const { message, path } = toIssue(issue);
      const full = isWhole ? path : [parameter, ...path];
      const text = full.length > 0 ? `${full.map(String).join('.')}: ${message}` : message;
      this.#problems.push({ position, parameter, text, issue: { message, path: full } });
    }
    return undefined;
  }

  #miss({ name, sources }: Pick<PlannedName, 'name' | 'sources'>): void {
    if (sources.includes('body')) this.#isMissing = true;
    this.#refuse(name, `Missing required parameter '${name}'`);
  }

  #refuse(parameter: string, message: string): void {
    const position = this.#position;
    this.#problems.push({ position, parameter, text: message, issue: { message, path: [parameter] } });
  }
}
