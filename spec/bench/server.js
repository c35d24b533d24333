import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SERVE = fileURLToPath(new URL('serve.js', import.meta.url));
const PYTHON = process.env.PYTHON ?? 'python3';
const MICROPIE_PYTHON = fileURLToPath(new URL('servers/micropie_python.py', import.meta.url));
const PYTHON_WORKS = new Set(['greet', 'routes', 'form', 'json', 'session', 'stream']);

/** Starts a peer on the first core; undefined when the peer does not do this work. */
export async function startServer(node, peer, work, flags = []) {
  const command = await commandOf(node, peer, work, flags);
  if (!command) return undefined;
  const child = spawn('taskset', ['-c', '0', ...command], {
    // Streams that wrk breaks off when its time is over are errors to some peers.
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const [port] = await once(createInterface(child.stdout), 'line');
  return {
    peer,
    url: `http://127.0.0.1:${port}`,
    port: Number(port),
    /** The processor time that it took so far, in microseconds. */
    async cpu() {
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
      const [user, system] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13);
      return (Number(user) + Number(system)) * MICROSECONDS_PER_TICK;
    },
    /** A Node server's memory, in bytes. */
    async memory() {
      child.send('memory');
      const [memory] = await once(child, 'message');
      return memory;
    },
    async stop() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

const MICROSECONDS_PER_TICK = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

async function commandOf(node, peer, work, flags) {
  if (peer === 'micropie-python') return PYTHON_WORKS.has(work) ? [PYTHON, MICROPIE_PYTHON, work] : undefined;
  const { works } = await import(`./servers/${peer}.js`);
  return works[work] && [node, ...flags, SERVE, peer, work];
}

/** Whether Python has all that MicroPie on uvicorn needs. */
export function hasMicroPie() {
  try {
    execFileSync(PYTHON, ['-c', 'import micropie, uvicorn'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
