import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { FORM_END, FORM_TYPE, file, formOf } from '../support/form.js';
import { eventually, post, RawClient, withSocket } from '../support/socket.js';
import type { Stats } from '../support/upload-server.js';

const MIB = 1024 * 1024;
const SERVER = fileURLToPath(new URL('../support/upload-server.ts', import.meta.url));

for (const path of ['/spooled', '/streamed'])
  describe(`Under load, uploads that are ${path.slice(1)}`, function () {
    this.timeout(60_000);

    let folder: string;
    let server: ChildProcess;
    let port: number;

    before(async function () {
      if (!existsSync('/dev/fd')) this.skip();
      folder = await mkdtemp(join(tmpdir(), 'uploads-load-'));
      // What is measured is what is held: with a large young generation, V8 leaves tens of MiB of dead buffers lying,
      // from Node 22 on up to 70 even where a body is merely read.
      server = spawn(process.execPath, ['--max-semi-space-size=1', '--import', 'tsx', SERVER], {
        env: { ...process.env, TMPDIR: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (!server.stdout) throw new Error('The server has no output');
      const [line] = await once(server.stdout, 'data');
      port = Number(line);
      // What is loaded late, and a heap that is still small, are not what is measured.
      await upload(32 * MIB);
      await stats();
    });

    after(async () => {
      server?.kill();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    function stats(): Promise<Stats> {
      return withSocket(port, async (client) => {
        const { body } = await client.exchange('GET /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        return JSON.parse(String(body));
      });
    }

    /** The runner of the server uses the same place. */
    async function temporaryFolders(): Promise<string[]> {
      return (await readdir(folder)).filter((name) => name.startsWith('koa-micropie-'));
    }

    const head = formOf([file('data', '')], { end: '' });

    function begin(size: number): Buffer {
      return Buffer.concat([Buffer.from(post(path, FORM_TYPE, head.length + size + FORM_END.length)), head]);
    }

    function upload(size: number): Promise<string> {
      return withSocket(port, async (client) => {
        await client.send(begin(size));
        const chunk = Buffer.alloc(MIB, 'x');
        for (let sent = 0; sent < size; sent += MIB) await client.send(chunk);
        await client.send(FORM_END);
        const { status, body } = await client.response();
        return `${status} ${body}`;
      });
    }

    it(`of 512 MiB take less than 48 MiB of memory`, async () => {
      const { memory } = await stats();
      expect(await upload(512 * MIB)).to.equal(`200 ${512 * MIB}`);
      const { peak } = await stats();
      expect(peak - memory, 'bytes more').to.be.below(48 * MIB);
      await eventually(async () => (await temporaryFolders()).length === 0, 'the file is deleted');
    });

    it(`that 50 clients break off at once leave nothing behind`, async () => {
      const before = await stats();
      const size = 5 * MIB;
      const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.open(port)));
      await Promise.all(
        clients.map(async (client) => {
          await client.send(begin(size));
          await client.send(Buffer.alloc(size / 10));
        }),
      );
      await eventually(async () => (await stats()).pending === 50, 'all uploads are under way');
      if (path === '/spooled')
        await eventually(async () => (await temporaryFolders()).length === 50, 'all files are being written');
      for (const client of clients) client.reset();
      await eventually(async () => (await stats()).pending === 0, 'no request is pending');
      await eventually(async () => (await stats()).open <= before.open, 'all descriptors are closed');
      await eventually(async () => (await temporaryFolders()).length === 0, 'no file is left');
      expect((await stats()).calls, 'calls').to.equal(before.calls);
      expect(await upload(MIB)).to.equal(`200 ${MIB}`);
    });
  });
