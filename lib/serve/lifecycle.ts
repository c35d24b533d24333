import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptUpgrades } from '../websocket/upgrade.js';
import { closingError } from './closing.js';
import { Connections } from './connections.js';
import { exitAt } from './exit.js';
import { isWithin, shutDown } from './handlers.js';
import type { ServeSettings } from './options.js';
import { type HttpServer, listen } from './server.js';

// What answers have to end by themselves when their signals have aborted, in milliseconds.
const GRACE = 250;
// How often connections are looked through for idle ones, in milliseconds.
const SWEEP = 50;

/** A service from its start to its end. */
export class Lifecycle {
  readonly #server: HttpServer;
  readonly #settings: ServeSettings;
  readonly #connections: Connections;
  readonly #refuseUpgrades: () => void;
  readonly #forgetSignals: () => void;
  readonly #closing = new AbortController();
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(server: HttpServer, settings: ServeSettings) {
    this.#server = server;
    this.#settings = settings;
    this.#connections = new Connections(server);
    this.#refuseUpgrades = acceptUpgrades(server);
    this.#forgetSignals = exitAt(settings.signals, () => this.close());
    // Every request may listen to it.
    setMaxListeners(0, this.signal);
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #start(): Promise<void> {
    try {
      for (const handler of this.#settings.startupHandlers) {
        // A signal ends the start as well.
        if (this.signal.aborted) return;
        await handler();
      }
      if (!this.signal.aborted) await this.#listen();
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** What the start-up handlers have opened is closed again where that was in vain. */
  async #listen(): Promise<void> {
    const { shutdownHandlers, deadline } = this.#settings;
    try {
      await listen(this.#server, this.#settings);
    } catch (error) {
      await shutDown(shutdownHandlers, deadline).catch((failed) => {
        throw new AggregateError([error, failed], `${error}; ${failed}`);
      });
      throw error;
    }
  }

  async #close(): Promise<void> {
    const { shutdownHandlers, deadline } = this.#settings;
    this.#closing.abort(closingError());
    try {
      // A start-up handler may hang.
      if (this.#started) await isWithin(deadline, this.#started);
      if (this.#server.listening) await this.#endConnections();
      await shutDown(shutdownHandlers, deadline);
    } finally {
      this.#release();
    }
  }

  async #endConnections(): Promise<void> {
    const { drain, deadline } = this.#settings;
    const end = performance.now() + deadline;
    this.#connections.announce();
    await sleep(drain);
    const ended = this.#connections.stop();
    const sweep = setInterval(() => this.#connections.endIdle(), SWEEP);
    if (!(await isWithin(end - performance.now(), ended))) await this.#cutOff(ended);
    clearInterval(sweep);
  }

  async #cutOff(ended: Promise<void>): Promise<void> {
    this.#connections.abort();
    if (await isWithin(GRACE, ended)) return;
    await this.#connections.destroy();
    // Sockets of others, such as upgraded ones that were there before the server was handed over, are none of ours.
    await isWithin(GRACE, ended);
  }

  #release(): void {
    this.#connections.release();
    this.#refuseUpgrades();
    this.#forgetSignals();
  }
}
