import type { Request } from '../request.js';
import { isRecord } from '../values.js';

/**
 * The calls under way that a `notifications/cancelled` may mean. Until the revision of 2026 a client sends that in a
 * POST of its own, and only the name of its session tells its calls from those of others, who count theirs alike.
 */
export class Cancellations {
  readonly #calls = new Map<string, AbortController>();

  /**
   * Runs a call with a signal that aborts when its client leaves or cancels it, or the service waits no longer.
   *
   * @param given - The protocol's own signal, whose reason may be any text of the client's.
   */
  async run<T>(post: Request, id: unknown, given: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const cancel = () => controller.abort(cancelled());
    given.addEventListener('abort', cancel, { once: true });
    if (given.aborted) cancel();
    const session = sessionIdOf(post);
    const key = keyOf(session, id);
    if (session !== undefined) this.#calls.set(key, controller);
    try {
      return await call(AbortSignal.any([post.signal, controller.signal]));
    } finally {
      // The protocol's own aborts behind each answer, too.
      given.removeEventListener('abort', cancel);
      if (this.#calls.get(key) === controller) this.#calls.delete(key);
    }
  }

  /** Cancels what the messages of a POST ask for. */
  take(post: Request, messages: readonly unknown[]): void {
    const session = sessionIdOf(post);
    if (session === undefined) return;
    for (const message of messages)
      if (isRecord(message) && message['method'] === 'notifications/cancelled' && isRecord(message['params']))
        this.#calls.get(keyOf(session, message['params']['requestId']))?.abort(cancelled());
  }
}

function cancelled(): DOMException {
  return new DOMException('The client has cancelled the call', 'AbortError');
}

function sessionIdOf({ headers }: Request): string | undefined {
  const { 'mcp-session-id': id } = headers;
  return typeof id === 'string' ? id : undefined;
}

function keyOf(session: string | undefined, id: unknown): string {
  return JSON.stringify([session, id]);
}
