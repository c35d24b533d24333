import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { micropie, type UploadedFile } from '../../lib/index.js';
import { FORM_TYPE, file, formOf } from '../support/form.js';
import { eventually, post, RawClient } from '../support/socket.js';
import { folder, requestOf, result, useFolders } from '../support/uploads.js';

const SERVER = fileURLToPath(new URL('../support/sweep-server.ts', import.meta.url));

describe('Folders that a killed process left', function () {
  this.timeout(20_000);
  useFolders();

  let place: string;
  /** The name of a folder that a killed process left. */
  let dead: string;
  let deadPid: number;
  const children: ChildProcess[] = [];
  const makePlace = async () => {
    place = await mkdtemp(join(folder, 'place-'));
  };
  before(async () => {
    await makePlace();
    const { child } = await uploading('temporary');
    await kill(child);
    [dead = ''] = await spools();
    deadPid = child.pid ?? 0;
  });
  beforeEach(makePlace);
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  class Root {
    index(data: UploadedFile) {
      return data.size;
    }
  }
  /** What another start here does. */
  const start = () => micropie(Root, { uploads: { dir: place } });
  const upload = formOf([file('data', 'x'.repeat(100_000))]);

  /** Starts a server, in whose process an upload is under way. */
  async function uploading(how: 'temporary' | 'dir'): Promise<{ child: ChildProcess; client: RawClient }> {
    const child = spawn(process.execPath, ['--import', 'tsx', SERVER, ...(how === 'dir' ? [place] : [])], {
      env: { ...process.env, ...(how === 'temporary' && { TMPDIR: place }) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = await once(child.stdout, 'data');
    const client = await RawClient.open(Number(line));
    await client.send(post('/', FORM_TYPE, upload.length));
    await client.send(upload.subarray(0, 50_000));
    const isItsOwn = (name: string) => name.includes(`-${child.pid}-`);
    await eventually(async () => (await spools()).some(isItsOwn), 'the file is being written');
    return { child, client };
  }

  async function spools(): Promise<string[]> {
    return (await readdir(place)).filter((name) => name.startsWith('koa-micropie-'));
  }

  async function kill(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  for (const how of ['temporary', 'dir'] as const)
    it(`are deleted at the next start, with what is in them: ${how}`, async () => {
      const { child } = await uploading(how);
      await kill(child);
      expect(await spools()).to.have.length(1);
      start();
      await eventually(async () => (await spools()).length === 0, 'it is deleted');
    });

  it('are deleted by another server', async () => {
    await mkdir(join(place, dead));
    const { child } = await uploading('temporary');
    await eventually(async () => (await spools()).every((name) => name.includes(`-${child.pid}-`)), 'it is deleted');
    expect(await spools()).to.have.length(1);
  });

  it('are told from those of a process that lives: its upload goes on', async () => {
    const { client } = await uploading('temporary');
    start();
    await sleep(200);
    expect(await spools()).to.have.length(1);
    await client.send(upload.subarray(50_000));
    expect(result(await client.response())).to.equal('200 100000');
    expect(result(await client.exchange(requestOf(upload)))).to.equal('200 100000');
  });

  it('are told from those of this process', async () => {
    const own = dead.replace(`-${deadPid}-`, `-${process.pid}-`);
    await mkdir(join(place, dead));
    await mkdir(join(place, own));
    start();
    await eventually(async () => !(await spools()).includes(dead), 'the dead one is deleted');
    // On Linux the name also tells when the process started: this one started earlier.
    if (process.platform === 'linux') await eventually(async () => (await spools()).length === 0, 'both are deleted');
    else expect(await spools()).to.deep.equal([own]);
  });

  it('are nothing else: neither of another machine, nor of another name, nor links and files', async () => {
    await mkdir(join(place, dead));
    const others = [
      dead.replace(/micropie-[\da-f]{8}/, 'micropie-00000000'),
      dead.replace(/-\d+-\d+-/, '-0-0-'),
      dead.replace(/-\d+-\d+-/, '-'),
      'koa-micropie-saved',
      'mine',
    ];
    for (const other of others) await mkdir(join(place, other));
    const elsewhere = await mkdtemp(join(folder, 'elsewhere-'));
    await writeFile(join(elsewhere, 'file'), '');
    await symlink(elsewhere, join(place, `${dead}-link`));
    await writeFile(join(place, `${dead}-file`), '');
    start();
    await eventually(async () => !(await spools()).includes(dead), 'it is deleted');
    await sleep(50);
    expect((await readdir(place)).sort()).to.deep.equal([...others, `${dead}-link`, `${dead}-file`].sort());
    expect(await readdir(elsewhere)).to.deep.equal(['file']);
  });

  it("are nobody else's", async function () {
    if (process.getuid?.() !== 0) this.skip();
    await mkdir(join(place, dead));
    await mkdir(join(place, `${dead}-theirs`));
    await chown(join(place, `${dead}-theirs`), 65534, 65534);
    start();
    await eventually(async () => !(await spools()).includes(dead), 'it is deleted');
    await sleep(50);
    expect(await spools()).to.deep.equal([`${dead}-theirs`]);
  });
});
