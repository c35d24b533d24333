import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const NAME = /^koa-micropie-([\da-f]{8})-([1-9]\d*)-(\d+)-/;

let prefix: string | undefined;

/** Makes a folder for this user alone, whose name says which process it belongs to. */
export function makePrivateFolder(parent: string): Promise<string> {
  prefix ??= `koa-micropie-${machine()}-${process.pid}-${startOf(process.pid) ?? 0}-`;
  return mkdtemp(join(parent, prefix));
}

/**
 * Deletes the private folders of processes that ended without doing so, as SIGKILL makes them. It deletes only what
 * surely has no owner: a folder of this user, of this machine, of a process that does not run. What fails is left.
 */
export async function sweepAbandoned(parent: string): Promise<void> {
  const here = machine();
  for (const name of await readdir(parent).catch(() => []))
    if (isAbandoned(name, here)) await removeOwn(join(parent, name)).catch(() => {});
}

function isAbandoned(name: string, here: string): boolean {
  const [, place, pid, start] = NAME.exec(name) ?? [];
  return place === here && !isRunning(Number(pid), start);
}

/** A link is not followed: it could lead anywhere, and a folder for all users lets anybody put one there. */
async function removeOwn(path: string): Promise<void> {
  const stats = await lstat(path);
  const isOwn = process.getuid === undefined || stats.uid === process.getuid();
  if (stats.isDirectory() && isOwn) await rm(path, { recursive: true });
}

/** A process identifier says nothing on another host or in another container that shares the folder. */
function machine(): string {
  return createHash('sha256').update(`${hostname()} ${pidNamespace()}`).digest('hex').slice(0, 8);
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Identifiers are used again: a process that started at another time is another one. */
function isRunning(pid: number, start: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM is somebody else's process.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
  const running = startOf(pid);
  return running === undefined || running === start;
}

/**
 * When a process started, in clock ticks since the machine did: the 22nd field of Linux's `/proc/<pid>/stat`.
 * Undefined on other systems; `ended` for a process that has ended but is still listed.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the program's name in brackets, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'ended' : fields[19];
  } catch {
    return undefined;
  }
}
