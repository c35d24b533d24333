import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
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
    /** The processor time that all its threads took so far, in microseconds. */
    async cpu() {
      const threads = await readdir(`/proc/${child.pid}/task`);
      const times = await Promise.all(
        threads.map((thread) => readFile(`/proc/${child.pid}/task/${thread}/schedstat`, 'utf8')),
      );
      return times.reduce((sum, time) => sum + Number(time.split(' ')[0]) / 1000, 0);
    },
    /** A Node server's memory, in bytes. */
    async memory() {
      child.send('memory');
      const [memory] = await once(child, 'message');
      return memory;
    },
    pause() {
      child.kill('SIGSTOP');
    },
    resume() {
      child.kill('SIGCONT');
    },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function commandOf(node, peer, work, flags) {
  if (!(await offers(peer, work))) return undefined;
  return peer === 'micropie-python' ? [PYTHON, MICROPIE_PYTHON, work] : [node, ...flags, SERVE, peer, work];
}

/** Whether a peer does a work. */
export async function offers(peer, work) {
  if (peer === 'micropie-python') return PYTHON_WORKS.has(work);
  const { works } = await import(`./servers/${peer}.js`);
  return work in works;
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
