import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What npm would publish. */
export interface Packed {
  readonly tarball: string;
  /** The bytes of the tarball. */
  readonly size: number;
  /** The files in it, sorted, from the package's root. */
  readonly files: readonly string[];
}

/** What a program printed, and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const SOURCES = ['.ci', 'lib', 'demo', 'package.json', 'tsconfig.json', 'README.md', 'CHANGELOG.md', 'LICENSE'];

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

let packing: Promise<Packed> | undefined;

/** The package as npm would publish it; made once, of a copy, so that the working tree is left alone. */
export function packed(): Promise<Packed> {
  packing ??= pack();
  return packing;
}

/** A folder with files in it, for as long as the tests run. */
export async function folderOf(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'koa-micropie-'));
  folders.push(folder);
  await write(folder, files);
  return folder;
}

/**
 * A project that has installed the package. It sees what the package asks for and the types of Node and Koa,
 * and no other package.
 */
export async function projectOf(files: Readonly<Record<string, string>>): Promise<string> {
  const { tarball } = await packed();
  const folder = await folderOf(files);
  const library = join(folder, 'node_modules/koa-micropie');
  await mkdir(library, { recursive: true });
  await succeed('tar', ['-xzf', tarball, '-C', library, '--strip-components=1'], folder);
  const { dependencies, peerDependencies } = await manifest(library);
  const names = [...Object.keys({ ...dependencies, ...peerDependencies }), '@types/koa', '@types/node'];
  for (const name of names) await link(name, folder);
  return folder;
}

/** Writes files into a folder, each under its path. */
export async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd }, (error, output, errors) => {
      const code = error ? error.code : 0;
      if (typeof code === 'number') resolve({ code, output, errors });
      else reject(error);
    });
  });
}

/** Runs a program that must not fail, and gives what it printed. */
export async function succeed(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, output, errors } = await run(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${output}${errors}`);
  return output;
}

/** The path of a program that a package of the project brings. */
export function bin(name: string): string {
  return join(ROOT, 'node_modules/.bin', name);
}

async function pack(): Promise<Packed> {
  const copy = await folderOf();
  const present = new Set(await readdir(ROOT));
  for (const name of SOURCES) if (present.has(name)) await cp(join(ROOT, name), join(copy, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  await succeed('npm', ['pack', '--silent'], copy);
  const name = (await readdir(copy)).find((file) => file.endsWith('.tgz'));
  if (!name) throw new Error('npm pack has made no tarball');
  const tarball = join(copy, name);
  const list = await succeed('tar', ['-tzf', tarball], copy);
  const files = list
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));
  return { tarball, size: (await stat(tarball)).size, files: files.sort() };
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

async function manifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

async function link(name: string, folder: string): Promise<void> {
  const target = join(folder, 'node_modules', name);
  await mkdir(dirname(target), { recursive: true });
  await symlink(join(ROOT, 'node_modules', name), target);
}
