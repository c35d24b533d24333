import type { StandardSchema } from '../binding/standard-schema.js';
import { STATUS_CODES } from '../node-http.js';
import type { Handler } from '../routing/handler.js';
import type { Definitions } from './definitions.js';

const TEXT = { schema: { type: 'string' } };

/** What every error of a route looks like, as `response/problem.ts` writes it. */
export const PROBLEM = {
  type: 'object',
  description: 'What went wrong (RFC 9457)',
  properties: {
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { detail: { type: 'string' }, pointer: { type: 'string' } },
        required: ['detail', 'pointer'],
      },
    },
  },
  required: ['title', 'status'],
};

/** The answer of an error, in either of its forms. */
export function problemResponse(schema: object): object {
  return {
    description: 'An error, as a problem or as text',
    content: { 'application/problem+json': { schema }, 'text/plain': TEXT },
  };
}

/** The answers of a route by their status. */
export function responsesOf(handler: Handler, definitions: Definitions, owner: string, problem: object): object {
  return { ...successOf(handler, definitions, owner), '4XX': problem, '5XX': problem };
}

function successOf({ returns, method }: Handler, definitions: Definitions, owner: string): object {
  if (!returns) return { 200: { description: 'OK', content: contentOfMethod(method) } };
  const schemas: [number, StandardSchema][] = returns.kind === 'any' ? [[200, returns.schema]] : [...returns.schemas];
  return Object.fromEntries(
    schemas.map(([status, schema]) => [status, responseOf(status, schema, definitions, owner)]),
  );
}

function responseOf(status: number, schema: StandardSchema, definitions: Definitions, owner: string): object {
  const description = STATUS_CODES[status] ?? String(status);
  if (status === 204 || status === 205 || status === 304) return { description };
  const type = definitions.isText(schema, 'output') ? 'text/plain' : 'application/json';
  return { description, content: { [type]: { schema: definitions.schemaOf(schema, 'output', owner) } } };
}

/** What a method without `returns` gives, as far as its kind and its source tell. */
function contentOfMethod(method: object): object {
  if (/^\[object (?:Async)?GeneratorFunction\]$/.test(Object.prototype.toString.call(method)))
    return { 'text/plain': TEXT };
  // The second form is that of compilers for CommonJS: `(0, koa_micropie.sse)(source)`.
  if (/\bsse\)?\s*\(/.test(Function.prototype.toString.call(method))) return { 'text/event-stream': TEXT };
  return { '*/*': { schema: {} } };
}
