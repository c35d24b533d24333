import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { micropie, UploadedFile } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { file, formOf } from '../support/form.js';
import { ask, folder, json, result, temporary, useFolders } from '../support/uploads.js';

describe('What is no uploaded file', () => {
  useFolders();
  const SECRET = 'nothing for clients';
  let secret: string;
  before(async () => {
    secret = join(folder, 'secret');
    await writeFile(secret, SECRET);
  });

  class Root {
    path(data: UploadedFile) {
      return data.path();
    }
    text(data: UploadedFile) {
      return data.text();
    }
    bytes(data: UploadedFile) {
      return data.bytes();
    }
    stream(data: UploadedFile) {
      return data.stream();
    }
    save(data: UploadedFile) {
      return data.save(join(folder, 'stolen'));
    }
    told(data: unknown) {
      return data instanceof UploadedFile;
    }
  }

  const FORGED: [what: string, type: string, body: () => string][] = [
    ['a JSON object with every property', 'application/json', () => JSON.stringify({ data: forged() })],
    ['JSON text', 'application/json', () => JSON.stringify({ data: secret })],
    ['a field', 'application/x-www-form-urlencoded', () => `data=${secret}`],
  ];
  const forged = () => ({
    field: 'data',
    filename: 'x',
    contentType: 'text/plain',
    size: 1,
    isSaved: true,
    path: secret,
    text: secret,
    bytes: secret,
    stream: secret,
    save: secret,
  });

  for (const [what, type, body] of FORGED)
    for (const path of ['/path', '/text', '/bytes', '/stream', '/save'])
      it(`reaches nothing on disk: ${what}, ${path}`, async () => {
        const app = appOf(micropie(Root));
        const errors = errorsOf(app);
        const answer = result(await ask(app, body(), { path, type }));
        expect(answer).to.match(/^500 .*Internal Server Error/);
        expect(errors).to.have.lengthOf(1);
        expect(errors[0]).to.be.instanceOf(TypeError);
      });

  it('can be told from a real one, which has these methods and no other way to the disk', async () => {
    for (const path of ['/text', '/bytes', '/stream']) {
      const { body } = await ask(appOf(micropie(Root)), formOf([file('data', 'x')]), { path });
      expect(String(body), path).to.equal('x');
    }
    const { body: path } = await ask(appOf(micropie(Root)), formOf([file('data', 'x')]), { path: '/path' });
    expect(dirname(dirname(String(path)))).to.equal(temporary);
    class Telling {
      index(data: UploadedFile) {
        const members = {
          ...Object.getOwnPropertyDescriptors(UploadedFile.prototype),
          ...Object.getOwnPropertyDescriptors(data),
        };
        return Object.keys(members)
          .filter((name) => typeof Reflect.get(data, name) !== 'function')
          .sort();
      }
    }
    const told = await ask(appOf(micropie(Telling)), formOf([file('data', 'x')]));
    expect(json(told)).to.deep.equal(['contentType', 'field', 'filename', 'isSaved', 'size']);
  });

  it('can be told by instanceof, since the class is exported', async () => {
    const app = appOf(micropie(Root));
    expect(result(await ask(app, formOf([file('data', 'x')]), { path: '/told' }))).to.equal('200 true');
    const type = 'application/json';
    const fromJson = await ask(app, JSON.stringify({ data: forged() }), { path: '/told', type });
    expect(result(fromJson)).to.equal('200 false');
  });

  it('learns nothing of where a real one lies from its JSON', async () => {
    class Showing {
      index(data: UploadedFile) {
        return { data };
      }
    }
    const { body } = await ask(appOf(micropie(Showing)), formOf([file('data', 'x')]));
    expect(JSON.parse(String(body))).to.deep.equal({
      data: { field: 'data', filename: 'file.txt', contentType: 'text/plain', size: 1 },
    });
  });
});
