import type { Handler } from '../routing/handler.js';
import { isRecord } from '../values.js';
import type { Definitions } from './definitions.js';
import { responsesOf } from './responses.js';
import { type Argument, argumentsOf, type Input, inputOf, isRequired, objectOf, schemaOf } from './schemas.js';

/** One HTTP method of a path, as the document has it. */
export type Operation = Readonly<Record<string, unknown>>;

/** A parameter of a path. */
export interface PathParameter {
  /** What the document calls it; the route may have another name. */
  readonly name: string;
  readonly isRest: boolean;
}

/** An operation to describe. */
export interface OperationPlan {
  readonly handler: Handler;
  /** In lower case. */
  readonly method: string;
  /** The name of its method. */
  readonly name: string;
  readonly id: string;
  /** What groups it with others; empty for nothing. */
  readonly tag: string;
  /** The parameters of its path, by the route's own names. */
  readonly inPath: ReadonlyMap<string, PathParameter>;
  readonly security: readonly object[] | undefined;
  /** A reference to the answer of an error. */
  readonly problem: object;
}

const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

/** Describes one HTTP method of a route. */
export function operationOf(plan: OperationPlan, definitions: Definitions): Operation {
  const { handler, name, id, tag, security, problem } = plan;
  const { summary, description, openapi } = handler.declaration;
  const owner = id.replace(/(?:^|\W+)(\w)/g, (_match, first: string) => first.toUpperCase());
  const writing = new Writing(plan, definitions, owner);
  const parameters = [...writing.path(), ...writing.query()];
  const requestBody = writing.body();
  const operation = {
    operationId: id,
    ...(tag !== '' && { tags: [tag] }),
    summary: summary ?? wordsOf(name),
    ...(description !== undefined && { description }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: responsesOf(handler, definitions, owner, problem),
    ...(security && { security }),
  };
  return openapi ? merge(operation, openapi) : operation;
}

/** Whether nothing but a body can give what a route needs. */
export function needsBody({ plan, declaration }: Handler): boolean {
  return (
    declaration.streamsBody ||
    argumentsOf(plan).some(
      ({ required, sources }) => required && !sources.includes('path') && !sources.includes('query'),
    )
  );
}

/** Writes down from where a route gets its arguments. */
class Writing {
  readonly #plan: OperationPlan;
  readonly #definitions: Definitions;
  readonly #owner: string;
  readonly #args: readonly Argument[];
  readonly #input: Input | undefined;
  readonly #streamsBody: boolean;
  readonly #hasBody: boolean;

  constructor(plan: OperationPlan, definitions: Definitions, owner: string) {
    this.#plan = plan;
    this.#definitions = definitions;
    this.#owner = owner;
    this.#args = argumentsOf(plan.handler.plan);
    this.#input = inputOf(plan.handler.plan);
    this.#streamsBody = plan.handler.declaration.streamsBody;
    this.#hasBody = ['post', 'put', 'patch'].includes(plan.method);
  }

  path(): object[] {
    return this.#args.flatMap((one) => {
      const place = this.#plan.inPath.get(one.name);
      return place ? [this.#pathParameter(one, place)] : [];
    });
  }

  query(): object[] {
    const named = this.#args.filter(
      (one) => !this.#plan.inPath.has(one.name) && one.sources.includes('query') && !this.#isInBody(one),
    );
    const parameters = named.map((one) =>
      queryParameter(one.name, one.required, schemaOf(one, this.#definitions, this.#owner, true)),
    );
    return this.#input && !this.#hasBody ? [...parameters, ...this.#inputQuery(this.#input)] : parameters;
  }

  body(): object | undefined {
    if (!this.#hasBody) return undefined;
    if (this.#streamsBody) return { content: { '*/*': { schema: {} } } };
    if (this.#input) return this.#inputBody(this.#input);
    const members = this.#args.filter((one) => this.#isInBody(one));
    if (members.length === 0) return undefined;
    const isNeeded = members.some(({ required }) => required);
    return { ...(isNeeded && { required: true }), content: this.#membersContent(members) };
  }

  /** An input takes all of a body, and a stream is the handler's own. */
  #isInBody({ name, sources }: Argument): boolean {
    const isNamed = this.#hasBody && !this.#streamsBody && !this.#input;
    return isNamed && sources.includes('body') && !this.#plan.inPath.has(name);
  }

  #pathParameter(one: Argument, { name, isRest }: PathParameter): object {
    const schema = schemaOf(one, this.#definitions, this.#owner, true);
    return {
      name,
      in: 'path',
      required: true,
      // OpenAPI 3.1 has no parameter that spans segments.
      ...(isRest && { description: 'Any number of segments, with the slashes between them' }),
      // One segment is one value, also where a list is made of it.
      schema: schema['type'] === 'array' ? (schema['items'] ?? {}) : schema,
    };
  }

  #inputQuery({ name, schema }: Input): object[] {
    const members = this.#definitions.membersOf(schema, this.#owner);
    if (members.length > 0) return members.map((one) => queryParameter(one.name, one.required, one.schema));
    // In this style each member of the object is a parameter of its own, whatever they are called.
    return [
      { name, in: 'query', style: 'form', explode: true, schema: { type: 'object', additionalProperties: true } },
    ];
  }

  #inputBody(input: Input): object {
    const schema = this.#definitions.schemaOf(input.schema, 'input', this.#owner);
    const members = this.#definitions.membersOf(input.schema, this.#owner);
    const hasFile = members.some((member) => JSON.stringify(member.schema).includes('"format":"binary"'));
    const types = hasFile ? [MULTIPART] : members.length > 0 ? [JSON_TYPE, FORM] : [JSON_TYPE];
    const content = Object.fromEntries(types.map((type) => [type, { schema }]));
    return { ...(isRequired(input) && { required: true }), content };
  }

  /** Neither JSON nor a plain form can carry a file. */
  #membersContent(members: readonly Argument[]): object {
    const files = members.filter(isFile);
    const schema = objectOf(
      members.filter((one) => !isFile(one)),
      this.#definitions,
      this.#owner,
    );
    return {
      ...(!files.some(({ required }) => required) && { [JSON_TYPE]: { schema }, [FORM]: { schema } }),
      ...(files.length > 0 && { [MULTIPART]: { schema: objectOf(members, this.#definitions, this.#owner) } }),
    };
  }
}

function queryParameter(name: string, required: boolean, schema: object): object {
  return { name, in: 'query', ...(required && { required }), schema };
}

function isFile({ type }: Argument): boolean {
  return type === 'file' || type === 'file[]';
}

/** `listOpen` becomes "List open". */
function wordsOf(name: string): string {
  const words = name.replace(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/** Members of objects within objects too, so that one answer can be added without saying all. */
function merge(below: Operation, above: Operation): Operation {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const known = merged[key];
    merged[key] = isRecord(known) && isRecord(value) ? merge(known, value) : value;
  }
  return merged;
}
