import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Starts a Redis for the servers of this run, on the second core, and tells them by `REDIS_SOCKET`.
 *
 * @returns What ends it.
 * @throws Error where `redis-server` is missing.
 */
export async function startRedis() {
  const path = join(await mkdtemp(join(tmpdir(), 'bench-')), 'redis.sock');
  const args = ['-c', '1', 'redis-server', '--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no'];
  const child = spawn('taskset', args, { stdio: 'ignore' });
  while (!existsSync(path)) {
    if (child.exitCode !== null) throw new Error('redis-server is missing: apt-get install redis-server');
    await sleep(20);
  }
  process.env.REDIS_SOCKET = path;
  return () => child.kill();
}

/** A client of that Redis. */
export async function redisClient() {
  const { createClient } = await import('redis');
  return createClient({ socket: { path: process.env.REDIS_SOCKET } }).connect();
}
