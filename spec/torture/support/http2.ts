import { once } from 'node:events';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type Koa from 'koa';
import type { Command } from './witness.js';

/** Commands that serve an app over HTTP/2 beside its ordinary server, and tell how many requests are not through. */
export function http2Commands(app: Koa): Record<'http2Port' | 'http2Pending', Command> {
  let pending = 0;
  let server: Http2Server | undefined;
  return {
    async http2Port() {
      if (!server) {
        // Not before the app has its 'error' listener: without one Koa adds its own, which prints.
        const handle = app.callback();
        server = createServer((req, res) => {
          pending += 1;
          handle(req, res).finally(() => {
            pending -= 1;
          });
        }).listen(0, '127.0.0.1');
        await once(server, 'listening');
      }
      return (server.address() as AddressInfo).port;
    },
    http2Pending: () => pending,
  };
}
