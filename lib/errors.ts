import createError, { type HttpError } from 'http-errors';
import { isRecord } from './values.js';

// Every message to a client that the package itself makes. `message` is plain: how it is written is problem.ts's matter.

/** One thing that is wrong with a request. */
export interface Issue {
  /** What a client may be told. */
  readonly message: string;
  /** The names that lead to it: the parameter's first, or those of the input's own members. */
  readonly path: readonly PropertyKey[];
}

/** An issue as the binder finds it. */
export interface ParameterProblem {
  readonly parameter: string;
  /** How the answer's text tells it. */
  readonly text: string;
  readonly issue: Issue;
}

// In characters. A name or value of the client's may be a MiB long, and stand in each of a hundred issues.
const MAX_MESSAGE = 1000;
const MAX_NAME = 200;

/** An issue of whatever a schema, or the app in an error of its own, says is wrong; no longer than is of use. */
export function toIssue(given: unknown): Issue {
  const { message = given, path = [] }: Record<string, unknown> = isRecord(given) ? given : {};
  // arktype's paths are no plain arrays, and a part may be wrapped as { key }.
  const parts = typeof path === 'object' ? Array.from(Object(path), nameOfPart) : [];
  return { message: String(message).slice(0, MAX_MESSAGE), path: parts };
}

/**
 * What an error says is wrong with a request, one by one, such as for a form that is shown again.
 *
 * @returns An empty list for an error that says nothing of the kind.
 *
 * @example
 * onError(_request: Request, error: Error) {
 *   const issues = issuesOf(error);
 *   if (issues.length > 0) return reply(422, issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
 * }
 */
export function issuesOf(error: Error): readonly Issue[] {
  const issues: unknown = Reflect.get(error, 'issues');
  return Array.isArray(issues) ? issues.map(toIssue) : [];
}

function nameOfPart(part: unknown): PropertyKey {
  const name: unknown = isRecord(part) ? part['key'] : part;
  if (typeof name === 'number' || typeof name === 'symbol') return name;
  return String(name).slice(0, MAX_NAME);
}

/** All that is wrong with a request's arguments, in one error. */
export function badParameters(problems: readonly ParameterProblem[]): HttpError {
  return createError(400, textOfAll(problems), {
    parameter: problems[0]?.parameter,
    issues: problems.map(({ issue }) => issue),
  });
}

export function badRequest(message: string, cause?: unknown): HttpError {
  return createError(400, message, cause === undefined ? {} : { cause });
}

export function forbidden(message: string): HttpError {
  return createError(403, message);
}

export function notFound(): HttpError {
  return createError(404);
}

export function methodNotAllowed(allow: string): HttpError {
  return createError(405, { headers: { Allow: allow } });
}

export function payloadTooLarge(message: string): HttpError {
  return createError(413, message);
}

export function unsupportedMediaType(message: string): HttpError {
  return createError(415, message);
}

/** What is missing may be in a body that nobody could read. */
export function unreadBody(problems: readonly ParameterProblem[], readTypes: string): HttpError {
  return unsupportedMediaType(`${textOfAll(problems)}; a body is read as ${readTypes}`);
}

function textOfAll(problems: readonly ParameterProblem[]): string {
  return problems.map(({ text }) => text).join('; ');
}
