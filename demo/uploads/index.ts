import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, type Micropie, micropie, type Routes, UploadedFile } from '../../lib/index.js';
import { html, page, readableSize } from '../html.js';
import { tempFolder } from '../temp.js';

interface Stored {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly path: string;
}

export class Uploads extends Controller {
  static routes = {
    upload: { path: 'POST', params: [[UploadedFile]] },
    download: 'GET',
    remove: 'POST,DELETE',
  } satisfies Routes<Uploads>;

  readonly #stored = new Map<string, Stored>();

  index() {
    const items = [...this.#stored.values()].map(item);
    return page(
      'Uploads',
      html`${FORM}<h2>Files</h2>${items.length > 0 ? html`<ul class="rows">${items}</ul>` : html`<p>None yet.</p>`}`,
    );
  }

  list() {
    return [...this.#stored.values()].map(({ id, name, size }) => ({ id, name, size }));
  }

  async upload(files: UploadedFile[]) {
    for (const file of files) await this.#keep(file);
    return this.redirect('/uploads');
  }

  /** An attachment of no particular type: a browser never runs what somebody else uploaded. */
  download(id: string) {
    const { name, path, size } = this.#find(id);
    this.ctx.attachment(name);
    this.ctx.type = 'application/octet-stream';
    this.ctx.set('X-Content-Type-Options', 'nosniff');
    this.ctx.length = size;
    return createReadStream(path);
  }

  /** Forms know GET and POST alone; programs may send DELETE. */
  async remove(id: string) {
    const { path } = this.#find(id);
    this.#stored.delete(id);
    await rm(path, { force: true });
    return this.request.method === 'DELETE' ? undefined : this.redirect('/uploads');
  }

  /** The client's name for the file is shown and never used as a path. */
  async #keep(file: UploadedFile) {
    const id = randomUUID();
    const path = await file.save(join(tempFolder(), id));
    this.#stored.set(id, { id, name: file.filename || 'unnamed', size: file.size, path });
  }

  #find(id: string): Stored {
    return this.#stored.get(id) ?? this.ctx.throw(404, 'There is no such file');
  }
}

const FORM = html`<p>Up to five files of 5 MiB each. They are kept until you delete them or the demo ends.</p>
<form action="/uploads/upload" method="post" enctype="multipart/form-data">
<label>Files <input type="file" name="files" multiple required></label>
<button>Upload</button>
</form>`;

function item({ id, name, size }: Stored) {
  return html`<li><a href="/uploads/download/${id}">${name}</a> <small>${readableSize(size)}</small>
<form action="/uploads/remove/${id}" method="post"><button class="quiet" aria-label="Delete ${name}">Delete</button></form></li>`;
}

export function uploads(): Micropie {
  return micropie(Uploads, { prefix: '/uploads', uploads: { maxFiles: 5, maxFileSize: 5 * 1024 * 1024 } });
}
