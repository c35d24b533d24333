import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The demo server, in a process of its own. */
export interface DemoServer {
  /** What it printed when it began. */
  readonly output: string;
  /** Where it says it is. */
  readonly address: string;
  /** Ends it as a service manager does; resolves to its exit code. */
  readonly stop: () => Promise<number | null>;
}

/** Starts `npm run demo`, but for npm, or another demo's server, with these environment variables; ended after its use. */
export async function withDemoServer<T>(
  env: Readonly<Record<string, string | undefined>>,
  use: (server: DemoServer) => Promise<T>,
  script = 'demo/server.ts',
): Promise<T> {
  const server = spawn(process.execPath, ['--import', 'tsx', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, PORT: undefined, REDIS_URL: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(server, 'close');
  const stop = async () => {
    if (server.exitCode === null) server.kill();
    await ended;
    return server.exitCode;
  };
  try {
    return await use({ ...(await begun(server)), stop });
  } finally {
    await stop();
  }
}

/** @throws Error when the process ends before it says where it is. */
function begun(server: ChildProcess): Promise<Omit<DemoServer, 'stop'>> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer) => {
      output += chunk;
      const [, address] = /^Open (http:\/\/\S+)\n/m.exec(output) ?? [];
      if (address) resolve({ output, address });
    };
    server.stdout?.on('data', read);
    server.stderr?.on('data', read);
    server.once('close', () => reject(new Error(`The demo server ended: ${output}`)));
  });
}
