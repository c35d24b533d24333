import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type Koa from 'koa';
import { micropie, type Request, type UploadOptions } from '../../lib/index.js';
import { appOf, withServer } from './app.js';
import { FORM_TYPE, type FormPart, formOf } from './form.js';
import { eventually, post, type RawResponse, withSocket } from './socket.js';

export const MIB = 1024 * 1024;

/** A folder of a spec's own, made before its tests and deleted after them. */
export let folder: string;
/** In it, the system's temporary folder, so that whatever is left behind shows. */
export let temporary: string;
const systemTemporary = process.env.TMPDIR;

async function makeFolders(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'uploads-spec-'));
  temporary = join(folder, 'temporary');
  await mkdir(temporary);
  process.env.TMPDIR = temporary;
}

async function removeFolders(): Promise<void> {
  if (systemTemporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = systemTemporary;
  await rm(folder, { recursive: true });
}

/** Gives the tests of a `describe` the folders above. */
export function useFolders(): void {
  before(makeFolders);
  after(removeFolders);
}

/** That nothing is left in the temporary folder; it is emptied right after the response. */
export async function expectNothingLeft(): Promise<void> {
  await eventually(async () => (await readdir(temporary)).length === 0, 'no temporary file is left');
}

export function ask(app: Koa, body: string | Uint8Array, { path = '/', type = FORM_TYPE } = {}): Promise<RawResponse> {
  return withServer(app, (port) => withSocket(port, (client) => client.exchange(requestOf(body, path, type))));
}

export function requestOf(body: string | Uint8Array, path = '/', type = FORM_TYPE): Buffer {
  return Buffer.concat([Buffer.from(post(path, type, Buffer.byteLength(body))), Buffer.from(body)]);
}

export function send(
  controller: object,
  parts: readonly FormPart[],
  uploads: UploadOptions = {},
): Promise<RawResponse> {
  return ask(appOf(micropie(controller, { uploads })), formOf(parts));
}

export function result({ status, body }: RawResponse): string {
  return `${status} ${body}`;
}

export function json({ status, body }: RawResponse): unknown {
  expect(status).to.equal(200);
  return JSON.parse(String(body));
}

/** Answers with all that came. */
export class Echo {
  async index(request: Request) {
    const files: Record<string, unknown> = {};
    for (const [name, list] of Object.entries(request.files))
      files[name] = await Promise.all(list.map(async (one) => [one.filename, await one.text()]));
    return { fields: request.bodyParams, files };
  }
}

/** Serves a function as a method that reads its body itself. */
export function streaming(run: (request: Request) => unknown, uploads: UploadOptions = {}): Koa {
  class Root {
    index(request: Request) {
      return run(request);
    }
    static routes = { index: { body: 'stream' } };
  }
  return appOf(micropie(Root, { uploads }));
}
