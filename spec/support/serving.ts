import { once } from 'node:events';
import type { Middleware } from 'koa';
import { type ServeOptions, type Serving, serve } from '../../lib/index.js';
import { appOf } from './app.js';
import { RawClient } from './socket.js';

/** Serves an app of the given middleware on a free port of this machine; it is closed after the test's use. */
export async function withService<T>(
  middleware: Middleware | readonly Middleware[],
  options: ServeOptions,
  use: (service: Serving) => Promise<T>,
): Promise<T> {
  const app = appOf(...[middleware].flat());
  const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 0, ...options });
  try {
    return await use(service);
  } finally {
    await service.close().catch(() => {});
  }
}

export function portOf({ url }: Pick<Serving, 'url'>): number {
  return Number(new URL(url).port);
}

export function get(path: string, version = '1.1'): string {
  return `GET ${path} HTTP/${version}\r\nHost: localhost\r\n\r\n`;
}

/** Connections on which nothing was sent yet. */
export function callers(service: Serving, count: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, () => RawClient.open(portOf(service))));
}

/** Connections that have had an answer and are kept, as those of browsers and pools are. */
export async function visitors(service: Serving, count: number): Promise<RawClient[]> {
  const clients = await callers(service, count);
  await Promise.all(clients.map((client) => client.exchange(get('/'))));
  return clients;
}

export async function visitor(service: Serving): Promise<RawClient> {
  const [client] = await visitors(service, 1);
  if (client) return client;
  throw new Error('unreachable');
}

/** Sends a request; resolves when the first bytes of its answer are there. */
export async function begin(client: RawClient, path: string, version?: string): Promise<void> {
  const began = once(client.socket, 'data');
  await client.send(get(path, version));
  await began;
}
