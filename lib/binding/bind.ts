import { readTypes } from '../body/content.js';
import { badParameters, type ParameterProblem, unreadBody } from '../errors.js';
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
  return binding.isAsync ? Promise.all(values).then((settled) => binding.checked(settled)) : binding.checked(values);
}

/** Whether the segments of a path fit the parameters, as `index` asks before it takes them. */
export function fitsIndex({ parameters }: Plan, segments: readonly string[]): boolean {
  return parameters.every(
    (parameter) =>
      parameter.kind !== 'positional' ||
      segments[parameter.position] === undefined ||
      convert[parameter.type]([segments[parameter.position]]) !== REFUSED,
  );
}

/** The arguments by the names of their parameters, as hooks get them; without what the client does not give. */
export function argumentsByName({ parameters }: Plan, values: readonly unknown[]): Record<string, unknown> {
  const record: Record<string, unknown> = Object.create(null);
  for (const [index, parameter] of parameters.entries()) {
    const value = values[index];
    if (parameter.kind === 'rest') record[parameter.name] = values.slice(index);
    else if (parameter.kind === 'pattern' || (parameter.kind === 'input' && parameter.isPattern))
      Object.assign(record, value);
    else if (parameter.kind !== 'injected') record[parameter.name] = value;
  }
  return record;
}

/** The binding of one request: collects what is wrong, so that one answer tells it all. */
class Binding {
  isAsync = false;
  readonly #request: Request;
  readonly #problems: ParameterProblem[] = [];
  // Whether a body could have given something that is missing.
  #isMissing = false;

  constructor(request: Request) {
    this.#request = request;
  }

  value(parameter: Exclude<PlannedParameter, { kind: 'rest' }>): unknown {
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
    if (parameter.sources.length === 0) return [];
    return this.#request.pathParams
      .slice(parameter.position)
      .map((segment) => this.#convert(parameter, [segment], true));
  }

  /** @throws 400 or 415 where something was wrong. */
  checked(values: unknown[]): unknown[] {
    if (this.#problems.length === 0) return values;
    const { body, tools } = exchangeOf(this.#request);
    throw this.#isMissing && body?.isUnreadType
      ? unreadBody(this.#problems, readTypes(tools.uploads !== false))
      : badParameters(this.#problems);
  }

  #pattern({ keys }: Extract<PlannedParameter, { kind: 'pattern' }>): Record<string, unknown> {
    const bound: Record<string, unknown> = Object.create(null);
    for (const key of keys) bound[key.name] = this.value(key);
    return bound;
  }

  #named(planned: PlannedName): unknown {
    for (const source of planned.sources) {
      const values = SOURCES[source](this.#request, planned);
      if (values)
        return this.#convert(planned, values, source === 'path' || source === 'query' || this.#hasTexts(source));
    }
    if (planned.schema && !planned.hasDefault) return this.#validate(planned.schema, undefined, planned.name);
    if (planned.required) this.#miss(planned);
    return undefined;
  }

  /** Whether a body's values are the texts of a form. */
  #hasTexts(source: Source): boolean {
    return source === 'body' && exchangeOf(this.#request).body?.json === undefined;
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
    const { body, isQuery } = this.#whole();
    const value = isQuery || body?.json === undefined ? this.#members(isQuery, convert) : body.json;
    if (hasDefault && isEmpty(value)) return undefined;
    if (value === undefined) this.#isMissing = true;
    return this.#validate(schema, value, name, true);
  }

  /** The query where the method has no content by its meaning and none came; the body else. */
  #whole() {
    const { body } = exchangeOf(this.#request);
    const { method } = this.#request;
    return { body, isQuery: body === undefined && (method === 'GET' || method === 'HEAD' || method === 'DELETE') };
  }

  #members(isQuery: boolean, convert: (members: Readonly<Record<string, readonly unknown[]>>) => unknown): unknown {
    const { queryParams, bodyParams } = this.#request;
    if (isQuery) return convert(queryParams);
    const { body, spool } = exchangeOf(this.#request);
    return body === undefined || body.isUnreadType ? undefined : convert({ ...bodyParams, ...spool?.files });
  }

  /** @param isWhole - Whether the value is the whole input, in which names begin at its own members. */
  #validate(schema: StandardSchema, value: unknown, parameter: string, isWhole = false): unknown {
    const result = schema['~standard'].validate(value);
    if (!isPromiseLike(result)) return this.#take(result, parameter, isWhole);
    this.isAsync = true;
    return Promise.resolve(result).then((settled) => this.#take(settled, parameter, isWhole));
  }

  #take(result: SchemaResult<unknown>, parameter: string, isWhole: boolean): unknown {
    if (!result.issues) return result.value;
    for (const { message, path = [] } of result.issues) {
      // arktype's paths are no plain arrays, and a part may be wrapped as { key }.
      const inner = Array.from(path, (part) => (typeof part === 'object' ? part.key : part));
      const full = isWhole ? inner : [parameter, ...inner];
      const text = full.length > 0 ? `${full.map(String).join('.')}: ${message}` : message;
      this.#problems.push({ parameter, text, issue: { message, path: full } });
    }
    return undefined;
  }

  #miss({ name, sources }: PlannedName): void {
    if (sources.includes('body')) this.#isMissing = true;
    this.#refuse(name, `Missing required parameter '${name}'`);
  }

  #refuse(parameter: string, message: string): void {
    this.#problems.push({ parameter, text: message, issue: { message, path: [parameter] } });
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
