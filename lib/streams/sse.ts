import type { Context } from '../context.js';
import { type Reply, reply } from '../response/reply.js';
import { announceOverdue, whenClosing } from '../serve/closing.js';
import { closeIterator } from './iterators.js';

/** One server-sent event. */
export interface SseEvent {
  /** What the event carries: text as it is, anything else as JSON. */
  readonly data: unknown;
  /** The event's type; `message` where not given. */
  readonly event?: string | undefined;
  /** What a client that lost the connection sends back as `Last-Event-ID`. */
  readonly id?: string | number | undefined;
  /** The milliseconds after which the client shall connect anew. */
  readonly retry?: number | undefined;
}

type Source = AsyncIterable<string | SseEvent> | Iterable<string | SseEvent>;

declare const EVENT: unique symbol;

/** What `sse` sends, which remembers the type of its events for a client. */
export interface EventStream<E> extends AsyncIterableIterator<string> {
  readonly [EVENT]?: E;
}

/** The type of the events in a stream that `sse` has made; `never` for any other. */
export type EventIn<S> = typeof EVENT extends keyof S ? NonNullable<S[typeof EVENT]> : never;

type EventOf<S> = S extends AsyncIterable<infer E> | Iterable<infer E> ? E : never;

// Both in milliseconds. The first event is waited for only briefly, so that a client soon knows itself connected.
const HEARTBEAT = 15_000;
const FIRST_WAIT = 50;
const COMMENT = ':\n\n';
const JSON_LIKE = /^\s*(?:[[{"\d-]|(?:true|false|null)\s*$)/;
const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // A compressor would hold events back until it has a block of them.
  'Cache-Control': 'no-cache, no-transform',
  // So would proxies such as nginx.
  'X-Accel-Buffering': 'no',
};

/**
 * Answers with server-sent events (WHATWG HTML, section 9.2), and a comment every 15 seconds that keeps the
 * connection open. What the source throws before its first event, within 50 ms, is an ordinary error. When a client
 * comes back, `request.headers['last-event-id']` is the last id that it got.
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

/** Ends events when their service closes, so that the client comes back, to the next process; other streams go on. */
export function endWithService(iterator: unknown, ctx: Context): void {
  if (!(iterator instanceof EventIterator)) return;
  whenClosing(ctx.res, () => {
    iterator.stop();
    closeIterator(iterator, ctx);
    // The source may wait for its next event with this signal, whose error must not break the stream before its end.
    ctx.res.once('finish', () => announceOverdue(ctx.res));
  });
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Not a generator: one that waits for the next event could not be ended before that comes. */
class EventIterator implements AsyncIterableIterator<string> {
  readonly #source: AsyncIterator<string | SseEvent> | Iterator<string | SseEvent>;
  // What the source was asked for last; several heartbeats may wait for it.
  #pending: Promise<IteratorResult<string | SseEvent>> | undefined;
  #isSettled = false;
  #isOpen = false;
  #isStopped = false;
  #pause = new Pause(FIRST_WAIT);
  readonly #settle = () => {
    this.#isSettled = true;
    this.#pause.end();
  };

  constructor(source: Source) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  async next(): Promise<IteratorResult<string>> {
    if (this.#isStopped) return DONE;
    const pending = this.#pending ?? this.#ask();
    if (!this.#isSettled) await this.#pause.begin();
    const opening = this.#open();
    if (!this.#isSettled) return this.#isStopped ? DONE : { done: false, value: COMMENT };
    this.#pending = undefined;
    const { done, value } = await pending;
    return done ? DONE : { done: false, value: opening + (await this.#format(value)) };
  }

  /** Ends it without waiting for the event that it is at. */
  stop(): void {
    this.#isStopped = true;
    this.#pause.end();
  }

  async return(): Promise<IteratorResult<string>> {
    await this.#source.return?.();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #ask() {
    this.#isSettled = false;
    this.#pending = Promise.resolve(this.#source.next());
    this.#pending.then(this.#settle, this.#settle);
    return this.#pending;
  }

  /** @returns What comes before all events. */
  #open(): string {
    if (this.#isOpen) return '';
    this.#isOpen = true;
    this.#pause = new Pause(HEARTBEAT);
    return COMMENT;
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

/** A wait of so many milliseconds at most, again and again. */
class Pause {
  readonly #milliseconds: number;
  #end = () => {};

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  begin(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#milliseconds);
      // The connection keeps the process running; when it is gone, this timer shall not.
      timer.unref();
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  end(): void {
    this.#end();
  }
}

function format(event: string | SseEvent): string {
  if (typeof event === 'string') return `${textLines(event)}\n`;
  const { data, event: type, id, retry } = event;
  const text = typeof data === 'string' ? data : JSON.stringify(data ?? null);
  return [
    type === undefined ? '' : `event: ${oneLine(type)}\n`,
    id === undefined ? '' : `id: ${oneLine(String(id))}\n`,
    Number.isInteger(retry) ? `retry: ${retry}\n` : '',
    typeof data === 'string' ? textLines(data) : lines('data', text),
    '\n',
  ].join('');
}

/** Text that a client could take for JSON is marked by a comment, which browsers ignore and the typed client knows. */
function textLines(text: string): string {
  return (JSON_LIKE.test(text) ? ': text\n' : '') + lines('data', text);
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
