import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Html, html } from '../html.js';
import { highlighted, knows } from './highlighter.js';

/** A file of a demo. */
export interface SourceFile {
  /** From the demo's folder, as in `views/index.ejs`. */
  readonly name: string;
  readonly text: string;
}

/** What answers a request. */
export interface HandlerSource {
  readonly file: string;
  readonly text: string;
}

/** The files of a demo that people read: the code, with what it serves and the templates; `index.ts` comes first. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => knows(extname(name)))
    .sort((one, other) => Number(other === 'index.ts') - Number(one === 'index.ts') || one.localeCompare(other))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
}

export function highlight({ name, text }: SourceFile): Html {
  return html`<code>${new Html(highlighted(text, extname(name)))}</code>`;
}

/**
 * Cuts a route's method out of the text of its class. It knows classes and methods by their indentation, which the
 * formatter holds the demos to.
 *
 * @param route - The route's name, as in `admin.posts.publish`: behind fields with nested controllers, the method.
 * @returns undefined where it is not found, as for a method that a library made.
 */
export function handlerSource(files: readonly SourceFile[], route: string): HandlerSource | undefined {
  const fields = route.split('.');
  // A name such as 'tone.wav' has a dot of its own.
  for (let depth = 0; depth < fields.length; depth++) {
    const controller = nestedClass(files, fields.slice(0, depth));
    const found = methodOf(files, controller, fields.slice(depth).join('.'));
    if (found) return found;
  }
  return undefined;
}

/** The class that fields lead to, from the one that is mounted. */
function nestedClass(files: readonly SourceFile[], fields: readonly string[]): string | undefined {
  const mounted = files.map(({ text }) => /\bmicropie\((?:new )?([A-Z]\w*)/.exec(text)?.[1]).find(Boolean);
  return fields.reduce<string | undefined>((controller, field) => {
    const own = files.map(({ text }) => classText(text, controller)).join('');
    return new RegExp(`\\b${field} = nested\\((?:new )?(\\w+)`).exec(own)?.[1];
  }, mounted);
}

function methodOf(
  files: readonly SourceFile[],
  controller: string | undefined,
  name: string,
): HandlerSource | undefined {
  const key = `['"]?${name.replaceAll('.', '\\.')}['"]?`;
  const comment = String.raw`(?: {2}\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n| {2}\/\/.*\n)*`;
  const method = new RegExp(String.raw`^${comment} {2}(?:async )?\*?${key}\([\s\S]*?^ {2}\}`, 'm');
  for (const { name: file, text } of files) {
    const own = classText(text, controller);
    const [found] = method.exec(own) ?? [];
    if (found) return { file, text: declarationOf(own, key) + found.replace(/^ {2}/gm, '') };
  }
  return undefined;
}

/** What `static routes` says of a method on a line of its own. */
function declarationOf(own: string, key: string): string {
  const [routes = ''] = /^ {2}static routes = \{$[\s\S]*?^ {2}\}/m.exec(own) ?? [];
  const [, declared] = new RegExp(`^ {4}(${key}: .*)$`, 'm').exec(routes) ?? [];
  return declared ? `// static routes\n${declared}\n\n` : '';
}

/** Of a class that is not known, whatever classes there are. */
function classText(text: string, name: string | undefined): string {
  if (name === undefined) return text;
  return new RegExp(String.raw`^(?:export )?class ${name}\b[\s\S]*?^\}`, 'm').exec(text)?.[0] ?? '';
}
