import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';

/** The worker processes of a service, as the primary process sees them. */
export class Workers {
  #isBusy = false;
  #isStopping = false;

  /** @throws Error where a worker ends before it listens; it has said why itself. */
  async start(count: number): Promise<void> {
    for (let started = 0; started < count; started++) await this.#fork();
  }

  /** A rolling restart: each worker goes when another one has taken its place. Nothing while one is under way. */
  async replaceAll(): Promise<void> {
    if (this.#isBusy || this.#isStopping) return;
    this.#isBusy = true;
    for (const worker of running()) {
      await this.#fork();
      await end(worker);
    }
    this.#isBusy = false;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(running().map(end));
  }

  /** Resolves when the new worker takes requests. */
  async #fork(): Promise<void> {
    const worker = cluster.fork();
    const ended = once(worker, 'exit').then(() => {
      if (!this.#isStopping) throw new Error('A worker ended before it listened');
    });
    await Promise.race([once(worker, 'listening'), ended]);
    worker.once('exit', () => {
      // One that was told to end has left the cluster before; another one has crashed.
      if (!worker.exitedAfterDisconnect && !this.#isStopping) this.#fork();
    });
  }
}

function running(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}

/** `serve` in the worker answers what is under way, leaves the cluster, and ends the process. */
async function end(worker: Worker): Promise<void> {
  const ended = once(worker, 'exit');
  worker.process.kill('SIGTERM');
  await ended;
}
