import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { micropie, type UploadedFile, type UploadOptions } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { file, formOf } from '../support/form.js';
import { ask, expectNothingLeft, folder, useFolders } from '../support/uploads.js';

describe('uploads.dir', () => {
  let dir: string;
  useFolders();
  beforeEach(() => {
    dir = join(folder, 'kept', randomBytes(4).toString('hex'));
  });
  afterEach(expectNothingLeft);

  class Root {
    index(data: UploadedFile) {
      return data.path();
    }
    fails(data: UploadedFile) {
      throw new Error(data.filename);
    }
    needs(data: UploadedFile, more: string) {
      return [data, more];
    }
  }
  const app = (uploads: UploadOptions = {}) => appOf(micropie(Root, { uploads: { dir, ...uploads } }));

  it('is made where it is missing, and keeps the files under random names', async () => {
    const { status, body } = await ask(app(), formOf([file('data', 'content', '../../evil')]));
    expect(status).to.equal(200);
    expect(dirname(String(body))).to.equal(dir);
    // Long enough for a deletion that should not happen.
    await sleep(30);
    expect(await readdir(dir)).to.deep.equal([basename(String(body))]);
    expect(await readFile(String(body), 'utf8')).to.equal('content');
  });

  it('keeps nothing of a request that fails', async () => {
    const failing = app();
    errorsOf(failing);
    expect((await ask(failing, formOf([file('data', 'x')]), { path: '/fails' })).status).to.equal(500);
    expect((await ask(app(), formOf([file('data', 'x')]), { path: '/needs' })).status).to.equal(400);
    expect((await ask(app({ maxFiles: 1 }), formOf([file('data', 'x'), file('data', 'x')]))).status).to.equal(413);
    expect((await ask(app(), formOf([file('data', 'x')], { end: '' }))).status).to.equal(400);
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('that can not be made is an error of the server, not of the client', async () => {
    await writeFile(join(folder, 'a file'), '');
    const broken = appOf(micropie(Root, { uploads: { dir: join(folder, 'a file', 'below') } }));
    const errors = errorsOf(broken);
    expect((await ask(broken, formOf([file('data', 'x')]))).status).to.equal(500);
    expect(errors).to.have.length(1);
  });
});
