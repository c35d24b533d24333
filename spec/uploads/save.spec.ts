import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { micropie, type UploadedFile } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { file, formOf } from '../support/form.js';
import { ask, expectNothingLeft, folder, json, result, temporary, useFolders } from '../support/uploads.js';

describe('UploadedFile.save(to)', () => {
  let target: string;
  useFolders();
  beforeEach(async () => {
    target = await mkdtemp(join(folder, 'target-'));
  });
  afterEach(expectNothingLeft);

  /** Saves an upload and gives the response and the app's errors. */
  async function save(to: string, content: string | Uint8Array = 'content') {
    class Root {
      async index(data: UploadedFile) {
        const path = await data.save(to);
        return { path, same: data.path() === path, isSaved: data.isSaved, text: await data.text() };
      }
    }
    const app = appOf(micropie(Root));
    const errors = errorsOf(app);
    return { response: await ask(app, formOf([file('data', content, '../evil.sh')])), errors };
  }

  it('moves the file to a path, where it stays and can still be read', async () => {
    const path = join(target, 'saved.txt');
    const { response } = await save(path);
    expect(json(response)).to.deep.equal({ path, same: true, isSaved: true, text: 'content' });
    await expectNothingLeft();
    expect(await readFile(path, 'utf8')).to.equal('content');
  });

  it('replaces a file that is there', async () => {
    const path = join(target, 'saved.txt');
    await writeFile(path, 'old, and longer than what comes');
    expect((await save(path)).response.status).to.equal(200);
    expect(await readFile(path, 'utf8')).to.equal('content');
  });

  it('gives it a random name in a folder', async () => {
    for (const to of [target, `${target}/`]) expect((await save(to)).response.status).to.equal(200);
    const names = await readdir(target);
    expect(names).to.have.length(2);
    for (const name of names) expect(name).to.match(/^[0-9a-f-]{36}$/);
  });

  it('fails with 500 in a missing folder, and leaves nothing', async () => {
    for (const to of [join(target, 'missing', 'saved.txt'), join(target, 'missing/')]) {
      const { response, errors } = await save(to);
      expect(result(response)).to.equal('500 Internal Server Error');
      expect(errors.map(({ cause }) => cause)).to.have.nested.property('[0].code', 'ENOENT');
      expect(await readdir(target)).to.deep.equal([]);
    }
  });

  it('fails with the reason where another device takes no files', async function () {
    if (!existsSync('/proc/self')) this.skip();
    const { response, errors } = await save('/proc/no-place-for-files');
    expect(response.status).to.equal(500);
    expect(errors).to.have.lengthOf(1);
  });

  it('works across devices', async function () {
    if (!existsSync('/dev/shm') || (await stat('/dev/shm')).dev === (await stat(temporary)).dev) this.skip();
    const shared = await mkdtemp('/dev/shm/uploads-spec-');
    try {
      const content = 'content'.repeat(100_000);
      const { response } = await save(join(shared, 'saved.txt'), content);
      expect(response.status).to.equal(200);
      await expectNothingLeft();
      expect(await readFile(join(shared, 'saved.txt'), 'utf8')).to.equal(content);
      const { response: failed, errors } = await save(join(shared, 'missing', 'saved.txt'));
      expect([failed.status, errors.length]).to.deep.equal([500, 1]);
      expect(await readdir(shared)).to.deep.equal(['saved.txt']);
    } finally {
      await rm(shared, { recursive: true });
    }
  });

  it('keeps what was saved also when the handler fails afterwards', async () => {
    const path = join(target, 'saved.txt');
    class Root {
      async index(data: UploadedFile) {
        await data.save(path);
        throw new Error('afterwards');
      }
    }
    const app = appOf(micropie(Root));
    errorsOf(app);
    expect((await ask(app, formOf([file('data', 'content')]))).status).to.equal(500);
    expect(await readdir(target)).to.deep.equal(['saved.txt']);
  });
});
