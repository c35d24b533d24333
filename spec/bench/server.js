import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SERVE = fileURLToPath(new URL('serve.js', import.meta.url));

/** Starts a peer on the first core; undefined when the peer does not do this work. */
export async function startServer(node, peer, work, flags = []) {
  const { works } = await import(`./servers/${peer}.js`);
  if (!works[work]) return undefined;
  const child = spawn('taskset', ['-c', '0', node, ...flags, SERVE, peer, work], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const [port] = await once(createInterface(child.stdout), 'line');
  return {
    peer,
    url: `http://127.0.0.1:${port}`,
    port: Number(port),
    /** Its memory in bytes, and the processor time that it took so far in microseconds. */
    async usage() {
      child.send('usage');
      const [usage] = await once(child, 'message');
      return usage;
    },
    async stop() {
      child.kill();
      await once(child, 'exit');
    },
  };
}
