import { expect } from 'chai';
import { micropie, type Request, reply, type UploadedFile } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { field, file, formOf } from '../support/form.js';
import { ask, expectNothingLeft, result, useFolders } from '../support/uploads.js';

describe('uploads: false', () => {
  useFolders();
  afterEach(expectNothingLeft);

  class Root {
    index(name = 'Guest') {
      return name;
    }
    upload(data: UploadedFile) {
      return data.size;
    }
    async parts(request: Request) {
      for await (const part of request.parts()) return part.name;
      return 'none';
    }
    static routes = { parts: { body: 'stream' } };
  }
  const app = (options = {}) => appOf(micropie(Root, { uploads: false, ...options }));
  const REFUSED =
    '415 415 Unsupported Media Type: Uploads are not accepted here; ' +
    'a body is read as application/json or application/x-www-form-urlencoded';

  for (const path of ['/', '/upload', '/parts'])
    it(`refuses a multipart form with 415, whoever it is for: ${path}`, async () => {
      for (const parts of [[field('name', 'Alice')], [file('data', 'x')]])
        expect(result(await ask(app(), formOf(parts), { path }))).to.equal(REFUSED);
    });

  it('lets hooks refuse first', async () => {
    const beforeRequest = () => reply(401, 'no');
    const guarded = app({ middlewares: [{ beforeRequest }] });
    expect(result(await ask(guarded, formOf([file('data', 'x')])))).to.equal('401 no');
  });

  it('leaves forms and JSON as they are', async () => {
    expect(result(await ask(app(), '{"name":"Alice"}', { type: 'application/json' }))).to.equal('200 Alice');
    const form = await ask(app(), 'name=Alice', { type: 'application/x-www-form-urlencoded' });
    expect(result(form)).to.equal('200 Alice');
  });

  it('is respected where a missing parameter names the types that are read', async () => {
    const response = await ask(app(), 'x', { path: '/upload', type: 'text/plain' });
    expect(result(response)).to.equal(
      "415 415 Unsupported Media Type: Missing required parameter 'data'; " +
        'a body is read as application/json or application/x-www-form-urlencoded',
    );
  });
});
