import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { micropie, type Request, type UploadedFile } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { field, file, formOf } from '../support/form.js';
import {
  ask,
  Echo,
  expectNothingLeft,
  folder,
  json,
  MIB,
  result,
  send,
  temporary,
  useFolders,
} from '../support/uploads.js';

describe('Uploads', () => {
  useFolders();
  afterEach(expectNothingLeft);

  it('reach the handler as files on disk, in a folder and a file for this user alone', async () => {
    class Root {
      async index(photo: UploadedFile) {
        const { field, filename, contentType, size } = photo;
        const path = photo.path();
        const modes = [(await stat(dirname(path))).mode, (await stat(path)).mode].map((mode) =>
          (mode & 0o777).toString(8),
        );
        return {
          field,
          filename,
          contentType,
          size,
          inside: dirname(dirname(path)) === temporary,
          modes,
          isSaved: photo.isSaved,
        };
      }
    }
    expect(json(await send(Root, [{ ...file('photo', 'é!', 'a b.png'), type: 'image/png' }]))).to.deep.equal({
      field: 'photo',
      filename: 'a b.png',
      contentType: 'image/png',
      size: 3,
      inside: true,
      modes: ['700', '600'],
      isSaved: false,
    });
  });

  it('are read as text, bytes or a stream, as often as one likes', async () => {
    const content = randomBytes(200_000);
    class Root {
      async index(data: UploadedFile) {
        const [bytes, streamed, again] = await Promise.all([data.bytes(), buffer(data.stream()), data.bytes()]);
        return [
          content.equals(bytes),
          content.equals(streamed),
          content.equals(again),
          (await data.text()) === String(content),
        ];
      }
    }
    expect(json(await send(Root, [file('data', content)]))).to.deep.equal([true, true, true, true]);
  });

  it('can be the response: they stay until it is sent', async () => {
    const content = randomBytes(3 * MIB);
    class Root {
      index(data: UploadedFile) {
        return data.stream();
      }
    }
    const { status, body } = await send(Root, [file('data', content)]);
    expect(status).to.equal(200);
    expect(content.equals(body)).to.equal(true);
  });

  it('come with all fields, whatever the order of the parts', async () => {
    class Root {
      async index(title: string, data: UploadedFile, page = 1) {
        return `${title} ${await data.text()} ${page}`;
      }
    }
    const parts = [field('title', 'Title'), file('data', 'content'), field('page', '2')];
    for (const order of [
      [0, 1, 2],
      [1, 0, 2],
      [2, 1, 0],
      [0, 2, 1],
    ])
      expect(
        result(
          await send(
            Root,
            order.flatMap((index) => parts[index] ?? []),
          ),
        ),
      ).to.equal('200 Title content 2');
  });

  it('of one name: the first, or a list of all', async () => {
    class Root {
      async index(request: Request, data: UploadedFile, { data: all = [] }: { data?: UploadedFile[] }) {
        const names = (list: readonly UploadedFile[] = []) => list.map(({ filename }) => filename);
        return [data.filename, names(all), names(request.files['data'])];
      }
    }
    const parts = ['a', 'b', 'c'].map((name) => file('data', name, name));
    expect(json(await send(Root, parts))).to.deep.equal(['a', ['a', 'b', 'c'], ['a', 'b', 'c']]);
  });

  it('are not given where a file input was left empty, nor are blank fields', async () => {
    class Root {
      index(title = 'Untitled', data?: UploadedFile, files = []) {
        return [title, data?.filename ?? 'none', files.length];
      }
      needs(data: UploadedFile) {
        return data.filename;
      }
      static routes = { index: { params: ['title', 'data', 'files'] } };
    }
    const empty = formOf([field('title', ''), file('data', '', ''), file('files', '', '')]);
    expect(result(await ask(appOf(micropie(Root)), empty, { path: '/needs' }))).to.equal(
      "400 400 Bad Request: Missing required parameter 'data'",
    );
    class Optional {
      async index({ title = 'Untitled', data = undefined as UploadedFile | undefined, files = [] }) {
        return [title, data?.filename ?? 'none', files.length];
      }
    }
    const dir = join(folder, 'empty-inputs');
    const response = await ask(appOf(micropie(Optional, { uploads: { dir } })), empty);
    expect(json(response)).to.deep.equal(['Untitled', 'none', 0]);
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('may be empty files, or have no name, but not both', async () => {
    expect(json(await send(Echo, [file('a', '', 'empty.txt'), file('b', 'content', '')]))).to.deep.equal({
      fields: {},
      files: { a: [['empty.txt', '']], b: [['', 'content']] },
    });
  });
});
