import { appOf, withServer } from './app.js';
import { type RawResponse, withSocket } from './socket.js';

/** Sends one line as it is, without the normalising that HTTP clients do. */
export function raw(line: string, ...middleware: Parameters<typeof appOf>): Promise<RawResponse> {
  return withServer(appOf(...middleware), (port) =>
    withSocket(port, async (connection) => {
      await connection.send(`${line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`);
      return connection.response({ head: line.startsWith('HEAD') });
    }),
  );
}
