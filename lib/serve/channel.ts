import { countRow, type Filled, type Rows, settleRows } from '../option-rows.js';
import { Inbox } from '../streams/inbox.js';
import { Queue } from '../streams/queue.js';

/** What `channel` takes. */
export interface ChannelOptions {
  /** How many of the last values are kept for subscribers that come back; 0 where not given. */
  readonly keep?: number | undefined;
  /**
   * How many values may wait for a subscriber until it is ended, besides the kept ones that it came back for; 1,000
   * where not given.
   */
  readonly limit?: number | undefined;
}

/** A published value. `sse` sends it as an event with its id, so that browsers come back with that. */
export interface ChannelEvent<T> {
  /** Higher for each value, also than those of a process that ran before. */
  readonly id: number;
  readonly data: T;
}

/** Where a subscription begins and ends. */
export interface SubscribeOptions {
  /** Ends the subscription; usually `request.signal`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The id behind which to begin, as far as values are kept: a number, or what `Last-Event-ID` holds; 0 for all that
   * are kept. Only what is published from now on where it is not given, or is no number.
   */
  readonly after?: number | string | readonly string[] | undefined;
}

/** Brings values from whoever publishes them to all who subscribe, in this process. */
export interface Channel<T> {
  /** Brings a value to all subscribers; never waits for any of them. */
  publish(value: T): void;
  /** Iterates over what is published. A subscriber that is `limit` behind is ended, and never misses one unawares. */
  subscribe(options?: SubscribeOptions): AsyncIterableIterator<ChannelEvent<T>, undefined>;
}

const ROWS: Rows<Filled<ChannelOptions>> = {
  keep: {
    fallback: 0,
    must: 'be a whole number from 0',
    allows: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  },
  limit: countRow(1000),
};

/**
 * Makes a channel. It reaches this process alone: to join several, publish what Redis or the like brings.
 *
 * @param options - How many values are kept, and how many may wait for one subscriber.
 * @throws TypeError that names the option that is unknown or wrong.
 *
 * @example
 * const news = channel<string>({ keep: 100 });
 * class Root extends Controller {
 *   say(text: string) { news.publish(text); }
 *   events() {
 *     const { signal, headers } = this.request;
 *     return sse(news.subscribe({ signal, after: headers['last-event-id'] }));
 *   }
 * }
 */
export function channel<T>(options: ChannelOptions = {}): Channel<T> {
  return new LocalChannel(settleRows(options, ROWS, 'channel: options'));
}

class LocalChannel<T> implements Channel<T> {
  readonly #keep: number;
  readonly #limit: number;
  readonly #kept = new Queue<ChannelEvent<T>>();
  readonly #subscriptions = new Set<Subscription<T>>();
  #lastId = 0;

  constructor({ keep, limit }: Filled<ChannelOptions>) {
    this.#keep = keep;
    this.#limit = limit;
  }

  publish(data: T): void {
    // By the clock, so that who comes back to another process, or after a restart, misses nothing new.
    this.#lastId = Math.max(this.#lastId + 1, Date.now() * 1000);
    const event = { id: this.#lastId, data };
    this.#kept.push(event);
    if (this.#kept.length > this.#keep) this.#kept.shift();
    for (const subscription of this.#subscriptions) subscription.put(event);
  }

  subscribe({ signal, after }: SubscribeOptions = {}): AsyncIterableIterator<ChannelEvent<T>, undefined> {
    const missed = isNumeric(after) ? this.#kept.toArray().filter(({ id }) => id > Number(after)) : [];
    const forget = () => this.#subscriptions.delete(subscription);
    const subscription = new Subscription(missed, this.#limit, forget, signal);
    if (!signal?.aborted) this.#subscriptions.add(subscription);
    return subscription;
  }
}

/** A header that a client sends empty says nothing, while `Number('')` is 0. */
function isNumeric(after: SubscribeOptions['after']): boolean {
  return /\S/.test(String(after ?? ''));
}

/** One subscriber, and what waits for it. */
class Subscription<T> implements AsyncIterableIterator<ChannelEvent<T>, undefined> {
  readonly #inbox = new Inbox<ChannelEvent<T>>();
  readonly #limit: number;
  readonly #forget: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #stop = () => this.#end();

  constructor(missed: readonly ChannelEvent<T>[], limit: number, forget: () => void, signal: AbortSignal | undefined) {
    // Who comes back for more than the limit would else be ended by the next value, again and again.
    this.#limit = limit + missed.length;
    this.#forget = forget;
    this.#signal = signal;
    for (const event of missed) this.#inbox.put(event);
    if (signal?.aborted) this.#inbox.clear();
    else if (signal) stopsOf(signal).add(this.#stop);
  }

  put(event: ChannelEvent<T>): void {
    if (this.#inbox.put(event) && this.#inbox.length > this.#limit) this.#end();
  }

  next(): Promise<IteratorResult<ChannelEvent<T>, undefined>> {
    return this.#inbox.next();
  }

  async return(): Promise<IteratorResult<ChannelEvent<T>, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void {
    this.#forget();
    this.#inbox.clear();
    if (this.#signal) stops.get(this.#signal)?.delete(this.#stop);
  }
}

const stops = new WeakMap<AbortSignal, Set<() => void>>();

/** What to do when a signal aborts. A signal looks through all its listeners for each that is added or taken off. */
function stopsOf(signal: AbortSignal): Set<() => void> {
  const known = stops.get(signal) ?? new Set();
  if (!stops.has(signal)) {
    stops.set(signal, known);
    signal.addEventListener('abort', () => end(known), { once: true });
  }
  return known;
}

function end(all: ReadonlySet<() => void>): void {
  for (const stop of all) stop();
}
