import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A real Redis server that keeps nothing on disk, and can be killed and started again. */
export class RedisServer {
  readonly port: number;
  #process: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  /** Starts a server; nothing where Redis is not installed. */
  static async start(): Promise<RedisServer | undefined> {
    const server = new RedisServer(await freePort());
    return (await server.start()) ? server : undefined;
  }

  async start(): Promise<boolean> {
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const redis = spawn('redis-server', options, { stdio: 'ignore' });
    const isSpawned = await once(redis, 'spawn').then(
      () => true,
      () => false,
    );
    if (!isSpawned) return false;
    this.#process = redis;
    while (!(await accepts(this.port))) {
      if (redis.exitCode !== null) throw new Error(`redis-server ended with ${redis.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return true;
  }

  async kill(): Promise<void> {
    const redis = this.#process;
    this.#process = undefined;
    if (!redis || redis.exitCode !== null) return;
    redis.kill('SIGKILL');
    await once(redis, 'exit');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address === 'object' && address) return address.port;
  throw new Error('There is no free port');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
