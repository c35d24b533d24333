import { expectedErrors, unexpectedErrors } from './app.js';
import { unexpectedWarnings, watchWarnings } from './warnings.js';

const rejections: unknown[] = [];

process.on('unhandledRejection', (reason) => rejections.push(reason));
watchWarnings();

/** Fails the test that just ran, or the start for what files do when they are loaded, when something went wrong behind its back. */
async function checkBack(): Promise<void> {
  // Unhandled rejections are reported when the microtasks are through.
  await new Promise(setImmediate);
  const problems = [...rejections.splice(0), ...unexpectedErrors.splice(0), ...unexpectedWarnings.splice(0)];
  expectedErrors.clear();
  if (problems.length > 0)
    throw new AggregateError(problems, `Behind the test's back: ${problems.map(String).join('; ')}`);
}

export const mochaHooks = { beforeAll: checkBack, afterEach: checkBack };
