import { constants } from 'node:os';
import { type Filled, type Row, type Rows, settleRows, textRow } from '../option-rows.js';

/** What `serve` takes besides what it serves. */
export interface ServeOptions {
  /** The port to listen on; 3000 where not given, any free one for 0. */
  readonly port?: number | undefined;
  /** The address or name to listen on; all addresses of the machine where not given. */
  readonly host?: string | undefined;
  /** Run one after another before it listens; the first that fails ends the start. */
  readonly startupHandlers?: readonly (() => unknown)[] | undefined;
  /** Run in reverse order when all requests are done, each for at most `deadline`; all run, also where some fail. */
  readonly shutdownHandlers?: readonly (() => unknown)[] | undefined;
  /** Signals at which to close, leave the cluster and end the process, such as `['SIGTERM']`; none where not given. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** The milliseconds for which new connections are still taken when it closes; 0 where not given. */
  readonly drain?: number | undefined;
  /** The milliseconds from the start of closing after which requests are aborted; 10,000 where not given. */
  readonly deadline?: number | undefined;
}

export type ServeSettings = Filled<Omit<ServeOptions, 'host'>> & { readonly host: string | undefined };

// Beyond that, Node's timers fire at once.
const LONGEST = 2 ** 31 - 1;

const ROWS: Rows<ServeSettings> = {
  port: {
    fallback: 3000,
    must: 'be a whole number from 0 to 65535; an environment variable is a text, which Number() converts',
    allows: (value) => isWithin(value, 65_535),
  },
  host: { ...textRow(undefined), must: "be an address or name to listen on, such as '127.0.0.1'" },
  startupHandlers: handlersRow(),
  shutdownHandlers: handlersRow(),
  signals: {
    fallback: [],
    must: "be a list of signals that a process can handle, such as ['SIGTERM']",
    allows: (value) => Array.isArray(value) && value.every(isSignal),
  },
  drain: millisecondsRow(0),
  deadline: millisecondsRow(10_000),
};

function handlersRow(): Row<readonly (() => unknown)[]> {
  return {
    fallback: [],
    must: 'be a list of functions',
    allows: (value) => Array.isArray(value) && value.every((one) => typeof one === 'function'),
  };
}

function millisecondsRow(fallback: number): Row<number> {
  return {
    fallback,
    must: `be a whole number of milliseconds from 0 to ${LONGEST}`,
    allows: (value) => isWithin(value, LONGEST),
  };
}

/**
 * Checks the options and fills in the defaults; what was given is not changed.
 *
 * @throws TypeError that names the option that is unknown or wrong.
 */
export function settle(options: ServeOptions): ServeSettings {
  const settled = settleRows<ServeSettings>(options, ROWS, 'serve: options');
  const { startupHandlers, shutdownHandlers, signals, drain, deadline } = settled;
  if (drain > deadline)
    throw new TypeError(`serve: options.drain must not be above options.deadline, which is ${deadline}`);
  return {
    ...settled,
    startupHandlers: [...startupHandlers],
    shutdownHandlers: [...shutdownHandlers],
    signals: [...signals],
  };
}

function isWithin(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

function isSignal(value: unknown): boolean {
  const isKnown = typeof value === 'string' && Object.hasOwn(constants.signals, value);
  // No process gets to see these two.
  return isKnown && value !== 'SIGKILL' && value !== 'SIGSTOP';
}
