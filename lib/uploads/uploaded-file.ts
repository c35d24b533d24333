import { randomUUID } from 'node:crypto';
import { createReadStream, type ReadStream } from 'node:fs';
import { copyFile, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { storing } from './disk.js';

/**
 * A file that a client uploaded, stored on disk. Everything that touches the disk is a method: a JSON body can hold
 * any property, but no method, so that no JSON object passes for a file.
 *
 * @example
 * async upload(avatar: UploadedFile) {
 *   const path = await avatar.save('avatars');
 *   return { path, size: avatar.size };
 * }
 */
export class UploadedFile {
  /** The name of the form's field. */
  readonly field: string;
  /** The name that the client gave, without folders: never use it as a path. */
  readonly filename: string;
  /** The type that the client gave; not checked. */
  readonly contentType: string;
  /** The size in bytes. */
  readonly size: number;
  #path: string;
  #isSaved = false;

  /** @internal */
  constructor(field: string, filename: string, contentType: string, size: number, path: string) {
    this.field = field;
    this.filename = filename;
    this.contentType = contentType;
    this.size = size;
    this.#path = path;
  }

  /** Where the file lies now. */
  path(): string {
    return this.#path;
  }

  /** Whether it was saved, so that it outlives the response. */
  get isSaved(): boolean {
    return this.#isSaved;
  }

  /** Opens the file for reading. */
  stream(): ReadStream {
    return createReadStream(this.#path);
  }

  /** Reads the whole file. */
  bytes(): Promise<Buffer> {
    return readFile(this.#path);
  }

  /** Reads the whole file as UTF-8. */
  text(): Promise<string> {
    return readFile(this.#path, 'utf8');
  }

  /**
   * Moves the file to a place of your own, where it stays.
   *
   * @param to - A path, whose file is replaced; or a folder, in which it gets a random name.
   * @returns The path where it lies now.
   * @throws Error whose `cause` is the file system's, such as ENOENT or ENOSPC; nothing half-written stays behind.
   */
  async save(to: string): Promise<string> {
    const target = (await isFolder(to)) ? join(resolve(to), randomUUID()) : resolve(to);
    await storing(to, () => move(this.#path, target));
    this.#path = target;
    this.#isSaved = true;
    return target;
  }
}

/** A slash at the end means a folder, also when it is missing. */
async function isFolder(path: string): Promise<boolean> {
  if (path.endsWith('/') || path.endsWith(sep)) return true;
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    await moveAcrossDevices(from, to);
  }
}

/** Through a file beside the target, so that nobody ever sees half of it. */
async function moveAcrossDevices(from: string, to: string): Promise<void> {
  const beside = `${to}.${randomUUID()}`;
  try {
    await copyFile(from, beside);
    await rename(beside, to);
    await rm(from);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
