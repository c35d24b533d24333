import cluster from 'node:cluster';

/** Numbers of workers begin at 1, and those that replace others go on. */
export function workerName(): string {
  return cluster.worker ? `worker ${cluster.worker.id}` : 'the only process';
}
