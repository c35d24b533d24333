import { setTimeout as sleep } from 'node:timers/promises';
import { toError } from '../thrown.js';

type Handler = () => unknown;

/**
 * Runs shutdown handlers from the last to the first, each for a limited time; all run, whatever becomes of the others.
 *
 * @param limit - In milliseconds.
 * @throws What failed: the error, or an AggregateError of several.
 */
export async function shutDown(handlers: readonly Handler[], limit: number): Promise<void> {
  const errors: Error[] = [];
  for (const [index, handler] of [...handlers.entries()].reverse())
    try {
      if (await isWithin(limit, run(handler))) continue;
      throw new Error(
        `serve: ${nameOf(handler, index)} has not ended within ${limit} ms; let it end by itself, or raise options.deadline`,
      );
    } catch (thrown) {
      errors.push(toError(thrown));
    }
  if (errors.length > 1)
    throw new AggregateError(
      errors,
      `serve: shutdown handlers failed: ${errors.map(({ message }) => message).join('; ')}`,
    );
  for (const error of errors) throw error;
}

async function run(handler: Handler): Promise<void> {
  await handler();
}

function nameOf({ name }: Handler, index: number): string {
  return `options.shutdownHandlers[${index}]${name && ` (${name})`}`;
}

/** Whether something ends in time; the time is in milliseconds. */
export async function isWithin(limit: number, ending: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const over = sleep(Math.max(0, limit), false, { signal: timer.signal });
  over.catch(() => {});
  try {
    return await Promise.race([ending.then(() => true), over]);
  } finally {
    timer.abort();
  }
}
