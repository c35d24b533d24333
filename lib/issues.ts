import { isRecord } from './values.js';

/** One thing that is wrong with a request. */
export interface Issue {
  /** What a client may be told. */
  readonly message: string;
  /** The names that lead to it: the parameter's first, or those of the input's own members. */
  readonly path: readonly PropertyKey[];
}

// Without a limit, a list of wrong items of one MiB would be answered with 40 MiB.
export const MAX_ISSUES = 100;

// In characters. A name or value of the client's may be a MiB long, and stand in each of a hundred issues.
const MAX_MESSAGE = 1000;
const MAX_NAME = 200;
// Characters of all names of a path together: JSON may be nested a thousand names deep.
const MAX_PATH = 1000;

/** An issue of whatever a schema, or the app in an error of its own, says is wrong; no longer than is of use. */
export function toIssue(given: unknown): Issue {
  const { message = given, path = [] }: Record<string, unknown> = isRecord(given) ? given : {};
  // arktype's paths are no plain arrays, and a part may be wrapped as { key }.
  const parts = Array.isArray(path) ? Array.from(path, nameOfPart) : [];
  return { message: String(message).slice(0, MAX_MESSAGE), path: shortened(parts) };
}

/**
 * What an error says is wrong with a request, one by one, such as for a form that is shown again.
 *
 * @returns An empty list for an error that says nothing of the kind; at most 100.
 *
 * @example
 * onError(_request: Request, error: Error) {
 *   const issues = issuesOf(error);
 *   if (issues.length > 0) return reply(422, issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
 * }
 */
export function issuesOf(error: Error): readonly Issue[] {
  const issues: unknown = Reflect.get(error, 'issues');
  return Array.isArray(issues) ? issues.slice(0, MAX_ISSUES).map(toIssue) : [];
}

function shortened(path: readonly PropertyKey[]): readonly PropertyKey[] {
  let left = MAX_PATH;
  return path.filter((name) => {
    left -= String(name).length + 1;
    return left >= 0;
  });
}

function nameOfPart(part: unknown): PropertyKey {
  const name: unknown = isRecord(part) ? part['key'] : part;
  if (typeof name === 'number' || typeof name === 'symbol') return name;
  return String(name).slice(0, MAX_NAME);
}
