import { once } from 'node:events';
import { constants } from 'node:os';

// The process may have several services: it ends with the last of them.
const closing = new Set<Promise<void>>();

/**
 * Ends the process at a signal, when its service is closed; at a second signal at once.
 *
 * @returns What makes it forget the signals.
 */
export function exitAt(signals: readonly NodeJS.Signals[], close: () => Promise<void>): () => void {
  let isClosing = false;
  const listener = (signal: NodeJS.Signals) => {
    // As a shell tells of a process that a signal ended.
    if (isClosing) process.exit(128 + constants.signals[signal]);
    isClosing = true;
    exitAfter(close());
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

async function exitAfter(closed: Promise<void>): Promise<void> {
  closing.add(closed);
  try {
    await closed;
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
  closing.delete(closed);
  if (closing.size > 0) return;
  await leaveCluster();
  process.exit();
}

/** Before that, the primary process hands over connections that would be reset when this one ends. */
async function leaveCluster(): Promise<void> {
  // Loaded here, since it takes its time and most processes are no workers.
  const { default: cluster } = await import('node:cluster');
  const { worker } = cluster;
  if (!worker?.isConnected()) return;
  const left = once(worker, 'disconnect');
  worker.disconnect();
  await left;
}
