import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;

/** A folder for this process's files; it goes when the process ends. */
export function tempFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'koa-micropie-demo-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}
