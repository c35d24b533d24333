import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withSocket } from './socket.js';

/** An nginx with a configuration for its `http` block, which is told the port; ended after its use. */
export async function withNginx<T>(
  configuration: (port: number) => string,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'koa-micropie-nginx-'));
  await mkdir(join(folder, 'logs'));
  const port = await freePort();
  await writeFile(join(folder, 'nginx.conf'), whole(configuration(port)));
  const nginx = spawn('nginx', ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]);
  const ended = once(nginx, 'close');
  try {
    await listening(port, nginx);
    return await use(port);
  } finally {
    nginx.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

function whole(http: string): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
  return `
    daemon off;
    master_process off;
    pid nginx.pid;
    events {}
    http {
      access_log off;
      ${folders.join('\n')}
      ${http}
    }`;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || !address) throw new Error('There is no free port');
  return address.port;
}

/**
 * Waits until a program of its own process listens on a port.
 *
 * @throws Error with what it wrote to its standard error, when it ends before.
 */
export async function listening(port: number, program: ChildProcess): Promise<void> {
  let output = '';
  program.stderr?.on('data', (chunk) => {
    output += chunk;
  });
  for (const end = Date.now() + 15_000; program.exitCode === null && Date.now() < end; ) {
    try {
      return await withSocket(port, async () => {});
    } catch {
      await sleep(20);
    }
  }
  throw new Error(`Nobody listens: ${output}`);
}
