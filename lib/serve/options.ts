import { constants } from 'node:os';

/** What `serve` takes besides what it serves. */
export interface ServeOptions {
  /** The port to listen on; 3000 where not given, any free one for 0. */
  readonly port?: number;
  /** The address or name to listen on; all addresses of the machine where not given. */
  readonly host?: string;
  /** Run one after another before it listens; the first that fails ends the start. */
  readonly startupHandlers?: readonly (() => unknown)[];
  /** Run in reverse order when all requests are done, each for at most `deadline`; all run, also where some fail. */
  readonly shutdownHandlers?: readonly (() => unknown)[];
  /** Signals at which to close, leave the cluster and end the process, such as `['SIGTERM']`; none where not given. */
  readonly signals?: readonly NodeJS.Signals[];
  /** The milliseconds for which new connections are still taken when it closes; 0 where not given. */
  readonly drain?: number;
  /** The milliseconds from the start of closing after which requests are aborted; 10,000 where not given. */
  readonly deadline?: number;
}

export type ServeSettings = Required<Omit<ServeOptions, 'host'>> & { readonly host: string | undefined };

interface Rule {
  readonly must: string;
  allows(value: unknown): boolean;
}

// Beyond that, Node's timers fire at once.
const LONGEST = 2 ** 31 - 1;

const HANDLERS: Rule = {
  must: 'be a list of functions',
  allows: (value) => Array.isArray(value) && value.every((one) => typeof one === 'function'),
};
const MILLISECONDS: Rule = {
  must: `be a whole number of milliseconds from 0 to ${LONGEST}`,
  allows: (value) => isWithin(value, LONGEST),
};

const RULES: { readonly [K in keyof Required<ServeOptions>]: Rule } = {
  port: {
    must: 'be a whole number from 0 to 65535; an environment variable is a text, which Number() converts',
    allows: (value) => isWithin(value, 65_535),
  },
  host: {
    must: "be an address or name to listen on, such as '127.0.0.1'",
    allows: (value) => typeof value === 'string' && value !== '',
  },
  startupHandlers: HANDLERS,
  shutdownHandlers: HANDLERS,
  signals: {
    must: "be a list of signals that a process can handle, such as ['SIGTERM']",
    allows: (value) => Array.isArray(value) && value.every(isSignal),
  },
  drain: MILLISECONDS,
  deadline: MILLISECONDS,
};

/**
 * Checks the options and fills in the defaults; what was given is not changed.
 *
 * @throws TypeError that names the option that is unknown or wrong.
 */
export function settle(options: ServeOptions): ServeSettings {
  check(options);
  const { startupHandlers = [], shutdownHandlers = [], signals = [], drain = 0, deadline = 10_000 } = options;
  if (drain > deadline)
    throw new TypeError(`serve: options.drain must not be above options.deadline, which is ${deadline}`);
  return {
    port: options.port ?? 3000,
    host: options.host,
    startupHandlers: [...startupHandlers],
    shutdownHandlers: [...shutdownHandlers],
    signals: [...signals],
    drain,
    deadline,
  };
}

function check(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('serve: options must be an object');
  const rules: ReadonlyMap<string, Rule> = new Map(Object.entries(RULES));
  for (const [name, value] of Object.entries(options)) {
    const rule = rules.get(name);
    if (!rule) throw new TypeError(`serve: options.${name} is unknown; there are ${[...rules.keys()].join(', ')}`);
    if (value !== undefined && !rule.allows(value)) throw new TypeError(`serve: options.${name} must ${rule.must}`);
  }
}

function isWithin(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

function isSignal(value: unknown): boolean {
  const isKnown = typeof value === 'string' && Object.hasOwn(constants.signals, value);
  // No process gets to see these two.
  return isKnown && value !== 'SIGKILL' && value !== 'SIGSTOP';
}
