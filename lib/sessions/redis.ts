import { createHash } from 'node:crypto';
import { renewalInterval, type SessionBackend, type SessionData } from './backend.js';

interface EvalOptions {
  keys: string[];
  arguments: string[];
}

/** The part of a client of the package `redis` that sessions need. */
export interface RedisLike {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  withAbortSignal(signal: AbortSignal): Pick<RedisLike, 'hGetAll' | 'eval' | 'evalSha'>;
  hGetAll(key: string): Promise<Record<string, string>>;
  eval(script: string, options: EvalOptions): Promise<unknown>;
  evalSha(sha1: string, options: EvalOptions): Promise<unknown>;
}

// Apart from whatever else the database holds: the client, who says which session is its own, may know such keys.
const PREFIX = 'session:';

// ARGV: 'save' or 'update', the time in ms, the ms after which a mere use renews it, pairs of a name and its JSON
// text, which is empty where the member is to be removed. Redis deletes a hash with its last field.
const SCRIPT = `
local key, action, time = KEYS[1], ARGV[1], tonumber(ARGV[2])
if action == 'save' then
  redis.call('DEL', key)
elseif redis.call('EXISTS', key) == 0 then
  return 0
end
for i = 4, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', key, ARGV[i])
  else
    redis.call('HSET', key, ARGV[i], ARGV[i + 1])
  end
end
if #ARGV > 3 or redis.call('PTTL', key) <= time - tonumber(ARGV[3]) then
  redis.call('PEXPIRE', key, time)
end
return 1`;
const SHA1 = createHash('sha1').update(SCRIPT).digest('hex');

// As long as a request waits for a backend: a command that nobody waits for must not stay in the client's queue.
const PATIENCE = 2000;

/**
 * Keeps sessions in Redis, for any number of processes: changes to different members never overwrite each
 * other, and a session that one process ended stays ended in all of them.
 *
 * A session is a hash under the key `session:` and its identifier, with a field of JSON text for each member.
 * The client need not be connected, nor have a listener for errors: the first use connects it, a request that
 * needs a session while Redis can't be reached is answered with 503, and it works again when Redis does.
 *
 * @param client - A client of the package `redis`, version 5 or above.
 *
 * @example
 * import { createClient } from 'redis';
 *
 * const client = createClient({ url: 'redis://localhost:6379' });
 * app.use(micropie(Root, { sessionBackend: redisSessionBackend(client) }));
 */
export function redisSessionBackend(client: RedisLike): SessionBackend {
  const ready = prepare(client);

  async function run(id: string, action: string, data: SessionData, timeout: number): Promise<boolean> {
    const fields = Object.entries(data).flatMap(([name, value]) => [name, JSON.stringify(value) ?? '']);
    const times = [timeout, renewalInterval(timeout)].map((seconds) => String(Math.round(seconds * 1000)));
    const options = { keys: [PREFIX + id], arguments: [action, ...times, ...fields] };
    const commands = ready();
    const result = await commands.evalSha(SHA1, options).catch((error: unknown) => {
      // A server that was started anew does not know the script yet.
      if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return commands.eval(SCRIPT, options);
      throw error;
    });
    return Number(result) === 1;
  }

  return {
    async load(id) {
      const fields = Object.entries(await ready().hGetAll(PREFIX + id));
      return Object.fromEntries(fields.map(([name, text]) => [name, JSON.parse(text)]));
    },
    save: (id, data, timeout) => run(id, 'save', timeout > 0 ? data : {}, timeout),
    update: (id, changes, timeout) => run(id, 'update', changes, timeout),
  };
}

function prepare(client: RedisLike): () => Pick<RedisLike, 'hGetAll' | 'eval' | 'evalSha'> {
  // An 'error' event that nobody listens to would end the process; what fails is told by the commands.
  client.on('error', () => {});
  let isStarted = false;
  return () => {
    // One that the app has closed stays closed.
    if (!isStarted && !client.isOpen) client.connect().catch(() => {});
    isStarted = true;
    return client.isReady ? client : client.withAbortSignal(AbortSignal.timeout(PATIENCE));
  };
}
