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
  readonly #hidden = new Set<UploadedFile>();
  #isHandling = false;
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

  /** Notes the files that a schema was given, where they can not be seen in what it made of them. */
  validated(value: unknown, result: unknown): void {
    if (this.#isKept && !collect(result, new Set(), 1)) collect(value, this.#hidden);
  }

  /** Says that the handler begins: `uploads.dir` keeps the files among its arguments, and what it looks at. */
  begin(args: readonly unknown[]): void {
    if (!this.#isKept) return;
    for (const file of this.#hidden) this.#given.add(file);
    collect(args, this.#given);
    this.resume();
  }

  /** Shows all files. */
  show(): Lists<UploadedFile> {
    if (this.#isKept && this.#isHandling) collect(this.#files, this.#given);
    return this.#files;
  }

  /** Says that hooks look at the files from now on, for which they are not kept. */
  pause(): void {
    this.#isHandling = false;
  }

  /** Says that it is the handler's turn again: a generator goes on while it is sent. */
  resume(): void {
    this.#isHandling = true;
  }

  /**
   * Deletes temporary files when the client has left, since the handler may never settle. What is meant for
   * `uploads.dir` waits for it: it may have noted already where a file lies.
   */
  async abandon(): Promise<void> {
    if (!this.#isKept) await this.clear();
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

/**
 * Finds the files in a value.
 *
 * @returns Whether all of it could be looked through: an object of any other class may hold files unseen.
 */
function collect(value: unknown, found: Set<UploadedFile>, depth = 0): boolean {
  if (value instanceof UploadedFile) found.add(value);
  if (value instanceof UploadedFile || isPrimitive(value) || value instanceof Date) return true;
  const members = Array.isArray(value) ? value : isPlain(value) && Object.values(value);
  if (!members || depth > MAX_DEPTH) return false;
  return members.map((one) => collect(one, found, depth + 1)).every(Boolean);
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}

/** Patterns have no prototype. Koa's context and requests have one of their own, and are not searched. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
