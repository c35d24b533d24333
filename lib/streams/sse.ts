import { type Reply, reply } from '../response/reply.js';

/** One server-sent event. */
export interface SseEvent {
  /** What the event carries: text as it is, anything else as JSON. */
  readonly data: unknown;
  /** The event's type; `message` where not given. */
  readonly event?: string;
  /** What a client that lost the connection sends back as `Last-Event-ID`. */
  readonly id?: string | number;
  /** The milliseconds after which the client shall connect anew. */
  readonly retry?: number;
}

type Source = AsyncIterable<string | SseEvent> | Iterable<string | SseEvent>;

declare const EVENT: unique symbol;

/** What `sse` sends, which remembers the type of its events for a client. */
export interface EventStream<E> extends AsyncIterableIterator<string> {
  readonly [EVENT]?: E;
}

type EventOf<S> = S extends AsyncIterable<infer E> | Iterable<infer E> ? E : never;

const HEARTBEAT = 15_000;
const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache',
  // Proxies such as nginx would hold events back until they have a block of them.
  'X-Accel-Buffering': 'no',
};

/**
 * Answers with server-sent events (WHATWG HTML, section 9.2), and a comment every 15 seconds that keeps the
 * connection open. When a client comes back, `request.headers['last-event-id']` is the last id that it got.
 *
 * @param source - A generator, or anything iterable, of texts and events.
 *
 * @example
 * clock() {
 *   return sse(ticks(this.request.signal));
 * }
 */
export function sse<S extends Source>(source: S): Reply<EventStream<EventOf<S>>, 200> {
  return reply(200, new EventIterator(source), HEADERS);
}

/** Not a generator: one that waits for the next event could not be ended before that comes. */
class EventIterator implements AsyncIterableIterator<string> {
  readonly #source: AsyncIterator<string | SseEvent> | Iterator<string | SseEvent>;
  #pending: Pending<IteratorResult<string | SseEvent>> | undefined;
  #isOpen = false;

  constructor(source: Source) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  async next(): Promise<IteratorResult<string>> {
    // At once, so that the client knows itself connected before there is any event.
    if (!this.#isOpen) {
      this.#isOpen = true;
      return { done: false, value: ':\n\n' };
    }
    this.#pending ??= new Pending(this.#source.next());
    const result = await this.#pending.within(HEARTBEAT);
    if (!result) return { done: false, value: ':\n\n' };
    this.#pending = undefined;
    return result.done ? { done: true, value: undefined } : { done: false, value: await this.#format(result.value) };
  }

  async return(): Promise<IteratorResult<string>> {
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The source can't know that its event fails here. */
  async #format(event: string | SseEvent): Promise<string> {
    try {
      return format(event);
    } catch (error) {
      await this.return();
      throw error;
    }
  }
}

/** A result that is waited for in stretches; with a race for each, the promise would remember every one of them. */
class Pending<T> {
  readonly #promise: Promise<T>;
  #isSettled = false;
  #wake = () => {};

  constructor(value: T | Promise<T>) {
    this.#promise = Promise.resolve(value);
    const settle = () => {
      this.#isSettled = true;
      this.#wake();
    };
    this.#promise.then(settle, settle);
  }

  /** @returns undefined when the time is over before. */
  async within(milliseconds: number): Promise<T | undefined> {
    if (!this.#isSettled) await this.#settledOrAfter(milliseconds);
    return this.#isSettled ? this.#promise : undefined;
  }

  #settledOrAfter(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      // The connection keeps the process running; when it is gone, this timer shall not.
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function format(event: string | SseEvent): string {
  if (typeof event === 'string') return `${lines('data', event)}\n`;
  const { data, event: type, id, retry } = event;
  const text = typeof data === 'string' ? data : JSON.stringify(data ?? null);
  return [
    type === undefined ? '' : `event: ${oneLine(type)}\n`,
    id === undefined ? '' : `id: ${oneLine(String(id))}\n`,
    Number.isInteger(retry) ? `retry: ${retry}\n` : '',
    lines('data', text),
    '\n',
  ].join('');
}

/** Each line of a value is a field of its own, or a line break in it would begin a field of the sender's choice. */
function lines(field: string, value: string): string {
  return value
    .split(/\r\n|\r|\n/)
    .map((line) => `${field}: ${line}\n`)
    .join('');
}

function oneLine(value: string): string {
  return value.replace(/[\r\n\u0000]/g, '');
}
