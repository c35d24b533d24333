import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { emptyLists, type Lists } from '../body/pairs.js';
import { isRecord } from '../values.js';
import { storing } from './disk.js';
import type { FilePart } from './parts.js';
import { makePrivateFolder } from './private-folder.js';
import { UploadedFile } from './uploaded-file.js';

// The arguments, one of them, a member of its object pattern, a file in a list there.
const MAX_DEPTH = 3;

/** The folder below which uploads are received. */
export function spoolParent(dir: string | undefined): string {
  return dir === undefined ? tmpdir() : resolve(dir);
}

/**
 * The files of one request on disk. They are received in a private folder. Temporary files stay there; those for
 * `uploads.dir` move up into it when all have come, so that it never holds half a file.
 */
export class Spool {
  readonly #isKept: boolean;
  readonly #parent: string;
  #folder: string | undefined;
  readonly #paths = new Map<UploadedFile, string>();
  readonly #given = new Set<UploadedFile>();
  #files: Lists<UploadedFile> = emptyLists();

  /** @param dir - The folder that keeps the files; without one they are temporary. */
  constructor(dir: string | undefined) {
    this.#isKept = dir !== undefined;
    this.#parent = spoolParent(dir);
  }

  /** All files by the names of their fields, once all have come. */
  get files(): Lists<UploadedFile> {
    return this.#files;
  }

  /** Writes one file to disk. */
  store(part: FilePart): Promise<UploadedFile> {
    return storing(this.#parent, () => this.#write(part));
  }

  /** Deletes a file that is none: a field that was left empty. */
  async drop(file: UploadedFile): Promise<void> {
    this.#paths.delete(file);
    if (this.#folder) await rm(join(this.#folder, basename(file.path())), { force: true });
  }

  /** Ends the receipt. */
  async complete(files: Lists<UploadedFile>): Promise<void> {
    if (this.#isKept) await storing(this.#parent, () => this.#moveUp());
    this.#files = files;
  }

  /** Notes the files in what a handler is given: `uploads.dir` keeps no others. */
  give(value: unknown, depth = 0): void {
    if (!this.#isKept || depth > MAX_DEPTH) return;
    if (value instanceof UploadedFile) this.#given.add(value);
    else if (Array.isArray(value)) for (const one of value) this.give(one, depth + 1);
    else if (isPlain(value)) for (const one of Object.values(value)) this.give(one, depth + 1);
  }

  /**
   * Ends a request that was answered: deletes all files but those that were saved, and those that `uploads.dir`
   * keeps.
   */
  async finish(statusCode: number): Promise<void> {
    await this.#delete((file) => statusCode < 400 && this.#given.has(file));
  }

  /** Deletes every file that the handler did not save. */
  async clear(): Promise<void> {
    await this.#delete(() => false);
  }

  async #delete(stays: (file: UploadedFile) => boolean): Promise<void> {
    if (this.#isKept)
      // A file may be saved where it lies.
      for (const [file, path] of this.#paths)
        if (!stays(file) && !(file.isSaved && file.path() === path)) await rm(path, { force: true });
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }

  async #write({ name, filename, contentType, stream }: FilePart): Promise<UploadedFile> {
    const folder = await this.#open();
    const id = randomUUID();
    const target = createWriteStream(join(folder, id), { mode: 0o600, flags: 'wx' });
    // A file that is still being opened would appear after it was deleted.
    const closed = new Promise<void>((resolve) => target.once('close', resolve));
    await pipeline(stream, target).finally(() => closed);
    const path = join(this.#isKept ? this.#parent : folder, id);
    const file = new UploadedFile(name, filename, contentType, target.bytesWritten, path);
    this.#paths.set(file, path);
    return file;
  }

  async #open(): Promise<string> {
    if (this.#folder === undefined) {
      if (this.#isKept) await mkdir(this.#parent, { recursive: true });
      this.#folder = await makePrivateFolder(this.#parent);
    }
    return this.#folder;
  }

  async #moveUp(): Promise<void> {
    if (this.#folder === undefined) return;
    for (const path of this.#paths.values()) await rename(join(this.#folder, basename(path)), path);
    await rm(this.#folder, { recursive: true });
  }
}

/** Patterns have no prototype. Koa's context and requests have one of their own, and are not searched. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
