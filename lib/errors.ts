import createError, { type HttpError } from 'http-errors';
import type { Issue } from './issues.js';

// Every message to a client that the package itself makes. `message` is plain: how it is written is problem.ts's matter.

/** An issue as the binder finds it. */
export interface ParameterProblem {
  readonly parameter: string;
  /** How the answer's text tells it. */
  readonly text: string;
  readonly issue: Issue;
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
