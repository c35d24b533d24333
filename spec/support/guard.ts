import { expectedErrors, unexpectedErrors } from './app.js';

const rejections: unknown[] = [];

process.on('unhandledRejection', (reason) => rejections.push(reason));

/** Fails the test that just ran when something went wrong behind its back. */
export const mochaHooks = {
  async afterEach(): Promise<void> {
    // Unhandled rejections are reported when the microtasks are through.
    await new Promise(setImmediate);
    const problems = [...rejections.splice(0), ...unexpectedErrors.splice(0)];
    expectedErrors.clear();
    if (problems.length > 0)
      throw new AggregateError(problems, `Behind the test's back: ${problems.map(String).join('; ')}`);
  },
};
