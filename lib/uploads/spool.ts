import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writing } from './disk.js';
import type { FilePart } from './parts.js';
import { UploadedFile } from './uploaded-file.js';

/** The files of one request on disk. */
export class Spool {
  readonly #dir: string | undefined;
  #folder: string | undefined;
  readonly #paths: string[] = [];
  readonly #files: UploadedFile[] = [];

  /** @param dir - The folder that keeps the files; without one, a temporary folder is made for them. */
  constructor(dir: string | undefined) {
    this.#dir = dir;
  }

  /** Writes one file to disk. */
  store(part: FilePart): Promise<UploadedFile> {
    return writing(this.#dir ?? tmpdir(), () => this.#write(part));
  }

  /** Deletes a file that is none: a field that was left empty. */
  async drop({ path }: UploadedFile): Promise<void> {
    await rm(path, { force: true });
  }

  /** Ends a request that was answered: temporary files go, those in a folder of the user's stay. */
  async finish(): Promise<void> {
    if (!this.#dir) await this.clear();
  }

  /** Deletes every file that the handler did not save. */
  async clear(): Promise<void> {
    const saved = new Set(this.#files.filter(({ isSaved }) => isSaved).map(({ path }) => path));
    await Promise.all(this.#paths.map((path) => saved.has(path) || rm(path, { force: true })));
    if (this.#folder && !this.#dir) await rm(this.#folder, { recursive: true, force: true });
  }

  async #write({ name, filename, contentType, stream }: FilePart): Promise<UploadedFile> {
    const path = join(await this.#open(), randomUUID());
    this.#paths.push(path);
    const target = createWriteStream(path, { mode: 0o600, flags: 'wx' });
    // A file that is still being opened would appear after it was deleted.
    const closed = new Promise<void>((resolve) => target.once('close', resolve));
    await pipeline(stream, target).finally(() => closed);
    const file = new UploadedFile(name, filename, contentType, target.bytesWritten, path);
    this.#files.push(file);
    return file;
  }

  async #open(): Promise<string> {
    this.#folder ??= this.#dir ? await makeFolder(this.#dir) : await mkdtemp(join(tmpdir(), 'koa-micropie-'));
    return this.#folder;
  }
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return resolve(path);
}
