import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type Koa from 'koa';
import { type Micropie, micropie } from '../../lib/index.js';
import { type McpOptions, mcp } from '../../lib/mcp/mcp.js';
import { appOf, withServer } from '../support/app.js';

/** The protocol's revisions that are served: clients of the one in 2026 say so, those before shake hands first. */
export const REVISIONS: Readonly<Record<string, ClientOptions>> = {
  'the revision of 2026': { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  'those before': {},
};

/** An app that serves a mount, and its tools. */
export function toolApp(mount: Micropie, options: Partial<McpOptions> = {}): Koa {
  return appOf(mount, mcp(mount, { name: 'spec', version: '1.0.0', ...options }));
}

/** @param requestInit - Headers that go with each request. */
export async function connect(
  address: string,
  options: ClientOptions = {},
  requestInit: RequestInit = {},
): Promise<Client> {
  const client = new Client({ name: 'spec', version: '1.0.0' }, options);
  // Its types leave out `exactOptionalPropertyTypes`.
  await client.connect(new StreamableHTTPClientTransport(new URL(address), { requestInit }));
  return client;
}

/** Connects the protocol's own client to an app for a test. */
export function withClient<T>(app: Koa, use: (client: Client, address: string) => Promise<T>, options?: ClientOptions) {
  return withServer(app, async (port) => {
    const address = `http://127.0.0.1:${port}/mcp`;
    const client = await connect(address, options);
    try {
      return await use(client, address);
    } finally {
      await client.close();
    }
  });
}

/** Connects one to a controller. */
export function withTools<T>(
  controller: object,
  use: (client: Client, address: string) => Promise<T>,
  options?: ClientOptions,
): Promise<T> {
  return withClient(toolApp(micropie(controller)), use, options);
}

/** The text of a result. */
export function textOf(result: unknown): string {
  const content: unknown = Reflect.get(Object(result), 'content');
  const [first]: unknown[] = Array.isArray(content) ? content : [];
  return String(Reflect.get(Object(first), 'text'));
}

/** The text of a result with what it is: `ok` or `error`. */
export function told(result: unknown): string {
  return `${Reflect.get(Object(result), 'isError') === true ? 'error' : 'ok'} ${textOf(result)}`;
}
