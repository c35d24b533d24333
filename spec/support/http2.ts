import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type Koa from 'koa';
import { textOfProblem } from './problem.js';

/** A connection of HTTP/2 to a server on a free port; both are closed after the test's use. */
export async function withHttp2<T>(app: Koa, use: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const server = createServer(app.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    return await use(session);
  } finally {
    session.destroy();
    server.close();
  }
}

/** Begins a request without a declared length, which can be cancelled as browsers do it. */
export function begin(
  session: ClientHttp2Session,
  path: string,
  type: string,
  { method = 'POST', ...headers }: Readonly<Record<string, string>> = {},
): ClientHttp2Stream & { cancel(): void } {
  const abort = new AbortController();
  const head = { ':method': method, ':path': path, 'content-type': type, ...headers };
  const stream = session.request(head, { signal: abort.signal });
  // That it was cancelled is an error of the stream.
  stream.on('error', () => {});
  return Object.assign(stream, { cancel: () => abort.abort() });
}

/** Reads the answer to a request: its status and its text. */
export async function answerOf(stream: ClientHttp2Stream): Promise<string> {
  const [[headers], body] = await Promise.all([once(stream, 'response'), text(stream)]);
  return `${headers[':status']} ${textOfProblem(headers['content-type'], body)}`;
}

/** Sends a request with a body and reads the answer. */
export function exchange(
  session: ClientHttp2Session,
  path: string,
  type: string,
  body: string | Uint8Array,
): Promise<string> {
  const stream = begin(session, path, type);
  stream.end(body);
  return answerOf(stream);
}

/** Sends zeros until the stream closes or so many bytes are under way, no faster than they are taken. */
export async function pour(stream: ClientHttp2Stream, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024);
  for (let sent = 0; sent < bytes && !stream.closed; sent += chunk.length)
    await new Promise<void>((resolve) => stream.write(chunk, () => resolve()));
  stream.end();
}
