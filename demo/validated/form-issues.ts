import { HttpMiddleware, type Issue, issuesOf, type Request, reply } from '../../lib/index.js';
import { formPage } from './pages.js';

/** Answers a form that was refused with the same form: what was typed in, and beside each field what is wrong. */
export class FormIssues extends HttpMiddleware {
  override onError({ bodyParams }: Request, error: Error) {
    const issues = issuesOf(error);
    if (issues.length === 0) return undefined;
    return reply(400, formPage(textsOf(bodyParams), messagesOf(issues)));
  }
}

/** What a form holds is text; JSON, which a program could send, holds anything. */
function textsOf(fields: Readonly<Record<string, readonly unknown[]>>): Map<string, string[]> {
  return new Map(Object.entries(fields).map(([name, values]) => [name, values.filter(isText)]));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** The first message for each field. */
function messagesOf(issues: readonly Issue[]): Map<string, string> {
  const messages = new Map<string, string>();
  for (const { path, message } of issues) {
    const name = String(path[0] ?? '');
    if (!messages.has(name)) messages.set(name, message);
  }
  return messages;
}
