import { readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { micropie, type Request, type UploadedFile } from '../../lib/index.js';
import { countRequests } from './pending.js';

/** A server of its own process, whose memory and descriptors are nobody else's. Prints its port. */
const counter = countRequests();
let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 5);

export interface Stats {
  /** The resident memory in bytes, and the most there was since the last look. */
  readonly memory: number;
  readonly peak: number;
  /** Requests that are not yet through, but for this one. */
  readonly pending: number;
  /** Open descriptors. */
  readonly open: number;
  readonly calls: number;
}

let calls = 0;

class Root {
  spooled(data: UploadedFile) {
    calls += 1;
    return data.size;
  }

  async streamed(request: Request) {
    let size = 0;
    for await (const part of request.parts())
      if (part.kind === 'file') for await (const chunk of part.stream) size += chunk.length;
    calls += 1;
    return size;
  }

  stats(): Stats {
    const memory = process.memoryUsage.rss();
    const stats = {
      memory,
      peak: Math.max(peak, memory),
      pending: counter.pending - 1,
      open: readdirSync('/dev/fd').length,
      calls,
    };
    peak = 0;
    return stats;
  }

  static routes = { streamed: { body: 'stream' } };
}

const app = new Koa();
// Clients that reset their connection are what is tested.
app.on('error', () => {});
app.use(counter);
app.use(micropie(Root, { uploads: { maxFileSize: 1024 ** 3 } }));
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${port}\n`);
});
