import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { extname, normalize, resolve, sep } from 'node:path';
import type { Options } from 'ejs';

/** Renders a template with data. */
export type Render = (name: string, data: Readonly<Record<string, unknown>>) => Promise<string>;

// Names that compiled templates use themselves: data under these would replace the template's own machinery.
const MACHINERY = new Set([
  'include',
  'escapeFn',
  'rethrow',
  'locals',
  '__append',
  '__output',
  '__line',
  '__lines',
  '__filename',
]);

// Their defaults, which EJS would look up on Object.prototype as well.
const DELIMITERS = { delimiter: '%', openDelimiter: '<', closeDelimiter: '>' };

/**
 * Prepares the rendering of EJS templates from one folder, which no name and no include can leave.
 *
 * @param folder - The folder, as seen from where the process was started.
 */
export function prepareViews(folder: string): Render {
  const known = new Map<string, string>();
  const cache = process.env.NODE_ENV === 'production';
  return async (name, data) => {
    const ejs = await loadEjs();
    const filename = known.get(name) ?? (await find(folder, name));
    // Of the endlessly many ways to write a name, the shortest.
    if (cache && name === normalize(name)) known.set(name, filename);
    const options: Options = {
      ...DELIMITERS,
      async: true,
      cache,
      includer: (name, path) => ({ filename: findIncluded(folder, name, path) }),
    };
    // As a third argument: what stands beside the data would be taken for options.
    return ejs.renderFile(filename, checkData(data), options);
  };
}

async function loadEjs() {
  try {
    const { default: ejs } = await import('ejs');
    return ejs;
  } catch (cause) {
    throw new Error("render() needs the package ejs: install it with 'npm install ejs'", { cause });
  }
}

async function find(folder: string, name: string): Promise<string> {
  const file = extname(name) === '' ? `${name}.ejs` : name;
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(resolve(folder, file))]);
    return requireInside(root, path, name);
  } catch (cause) {
    throw new Error(`There is no template '${name}' in the folder '${folder}'`, { cause });
  }
}

/** EJS has resolved the path as seen from the including template; it gives none where there is no such file. */
function findIncluded(folder: string, name: string, path: string | undefined): string {
  try {
    return requireInside(realpathSync(folder), realpathSync(path ?? ''), name);
  } catch (cause) {
    throw new Error(`There is no template '${name}' in the folder '${folder}'`, { cause });
  }
}

/** Both paths are real ones, so that symbolic links lead nowhere else either. */
function requireInside(root: string, path: string, name: string): string {
  if (path.startsWith(root + sep)) return path;
  throw new Error(`The template '${name}' lies outside of the views folder`);
}

function checkData(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  for (const name of Object.keys(data))
    if (MACHINERY.has(name))
      throw new TypeError(`render(): '${name}' can't be a variable, since templates use the name themselves`);
  // Without a prototype, where templates would find what does not belong to the data.
  return Object.assign(Object.create(null), data);
}
