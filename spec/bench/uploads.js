import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from './server.js';
import { median, printTable } from './statistics.js';

const MIB = 1024 ** 2;
const SIZE = 256;
const PEERS = ['micropie', 'koa', 'koa-router', 'express', 'fastify'];

/** A 256 MiB file to disk, over a raw socket, each peer in turn. */
export async function measureUploads({ node, rounds }) {
  const servers = await Promise.all(PEERS.map((peer) => startServer(node, peer, 'upload')));
  try {
    const speeds = new Map(PEERS.map((peer) => [peer, []]));
    for (let round = 0; round < rounds; round += 1)
      for (const { peer, port } of servers) {
        speeds.get(peer).push(await upload(port));
        await clear();
      }
    const base = speeds.get('koa');
    const rows = await Promise.all(
      servers.map(async (server) => {
        const values = speeds.get(server.peer);
        const { maxRss } = await server.memory();
        return {
          peer: server.peer,
          'MiB/s': Math.round(median(values)),
          'of Koa with @koa/multer': median(values.map((value, round) => value / base[round])).toFixed(2),
          'peak memory, MiB': Math.round(maxRss / MIB),
        };
      }),
    );
    printTable(`upload of ${SIZE} MiB`, rows);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function upload(port) {
  const boundary = 'bench';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const tail = `\r\n--${boundary}--\r\n`;
  const length = head.length + SIZE * MIB + tail.length;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const start = performance.now();
  socket.write(
    `POST /upload HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${length}\r\n\r\n${head}`,
  );
  const chunk = Buffer.alloc(MIB, 'x');
  for (let sent = 0; sent < SIZE; sent += 1) if (!socket.write(chunk)) await once(socket, 'drain');
  socket.write(tail);
  const [answer] = await once(socket, 'data');
  const seconds = (performance.now() - start) / 1000;
  if (!String(answer).includes(' 200 ')) throw new Error(`The upload failed: ${answer}`);
  socket.destroy();
  return SIZE / seconds;
}

async function clear() {
  for (const name of await readdir(tmpdir()))
    if (/^bench-[\da-f]{8}-/.test(name)) await rm(join(tmpdir(), name), { force: true });
}
