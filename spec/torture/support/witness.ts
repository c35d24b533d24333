import type { ServerOptions } from 'node:http';
import type Koa from 'koa';

/** What a server under torture saw since it was last told to forget; and how it stands now. */
export interface Report {
  /** The handlers that ran, in order. */
  readonly handlers: readonly string[];
  /** What reached the app's `error` event. */
  readonly errors: readonly AppError[];
  /** Unhandled rejections and uncaught exceptions. */
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
  /** Members of watched objects that are new, gone or other than they were. */
  readonly changed: readonly string[];
  /** Generators that began and did not end. */
  readonly generators: number;
  /** Requests whose middleware is not through. */
  readonly pending: number;
  /** Responses that are not closed. */
  readonly open: number;
  readonly listening: boolean;
  readonly descriptors: number;
  /** Resident memory, in bytes. */
  readonly memory: number;
}

/** An error that the app heard of. */
export interface AppError {
  readonly status: number;
  readonly code: string;
  readonly text: string;
}

/** Something that the tests may have the server do. What it returns comes back as JSON. */
export type Command = (...args: unknown[]) => unknown;

export interface TortureApp {
  readonly app: Koa;
  readonly commands?: Readonly<Record<string, Command>>;
  /** Options of Node's server, such as shorter timeouts. */
  readonly server?: ServerOptions;
}

/** What the module of an app exports as its default. */
export type CreateTortureApp = (witness: Witness) => TortureApp | Promise<TortureApp>;

/** Notes what goes on in a server. */
export class Witness {
  readonly handlers: string[] = [];
  readonly errors: AppError[] = [];
  readonly failures: string[] = [];
  readonly warnings: string[] = [];
  readonly #watched: { object: object; members: Map<PropertyKey, PropertyDescriptor> }[] = [];
  #generators = 0;

  /** Says that a handler runs. */
  ran(handler: string): void {
    this.handlers.push(handler);
  }

  /** Counts a generator as open until its `finally` has run. */
  async *open<T>(source: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    this.#generators += 1;
    try {
      yield* source;
    } finally {
      this.#generators -= 1;
    }
  }

  /** Has objects reported when they change: the prototypes of controllers, say. */
  watch(...objects: object[]): void {
    for (const object of objects) this.#watched.push({ object, members: membersOf(object) });
  }

  report() {
    const { handlers, errors, failures, warnings } = this;
    const changed = this.#watched.flatMap(({ object, members }) => differences(members, membersOf(object)));
    return { handlers, errors, failures, warnings, changed, generators: this.#generators };
  }

  forget(): void {
    for (const list of [this.handlers, this.errors, this.failures, this.warnings]) list.splice(0);
  }
}

function membersOf(object: object): Map<PropertyKey, PropertyDescriptor> {
  return new Map(Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key) ?? {}]));
}

function differences(
  before: ReadonlyMap<PropertyKey, PropertyDescriptor>,
  after: ReadonlyMap<PropertyKey, PropertyDescriptor>,
): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => {
      const [old, now] = [before.get(key), after.get(key)];
      return !old || !now || old.value !== now.value || old.get !== now.get || old.set !== now.set;
    })
    .map(String);
}
