import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A fenced block of a Markdown text. */
export interface Block {
  readonly language: string;
  readonly line: number;
  readonly text: string;
}

/** A block of code, with what the text shows of it. */
export interface Snippet {
  readonly code: string;
  /** The name of the file that it is run from, which says where it stands in the text. */
  readonly file: string;
  /** Requests and the answers to them. */
  readonly http: string[];
  /** What it prints. */
  readonly text: string[];
  /** Templates, each with its path in a comment on the first line. */
  readonly ejs: string[];
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LIBRARY = JSON.stringify(join(ROOT, 'lib/index.js'));
const LISTEN = /^(\w+)\.listen\(.*\);$/m;

export function blocksOf(markdown: string): Block[] {
  return Array.from(markdown.matchAll(/^```(\S*)\n(.*?)^```$/gms), ({ 1: language = '', 2: text = '', index }) => ({
    language,
    line: markdown.slice(0, index).split('\n').length,
    text,
  }));
}

/**
 * Gathers the code blocks, each with the blocks that show what it does. Shell commands stand for themselves.
 *
 * @throws Error for a block that nothing would check.
 */
export function snippetsOf(markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  for (const { language, line, text } of blocksOf(markdown)) {
    const last = snippets.at(-1);
    if (language === 'ts' || language === 'js')
      snippets.push({ code: text, file: `line-${line}.${language}`, http: [], text: [], ejs: [] });
    else if (last && (language === 'http' || language === 'text' || language === 'ejs')) last[language].push(text);
    else if (language !== 'sh') throw new Error(`line ${line}: nothing checks a block of '${language}' here`);
  }
  return snippets;
}

/**
 * Completes a snippet to a module that exports `app` and what it serves: where the snippet only shows a
 * class, that is mounted on an app; where it listens, it is served by the test instead.
 */
export function moduleOf(code: string): string {
  const lines = [code.replace(LISTEN, '').replaceAll("'koa-micropie'", LIBRARY)];
  if (!/\bapp = /.test(code)) lines.unshift("import Koa from 'koa';", 'const app = new Koa();');
  const mounted = Array.from(code.matchAll(/^class (\w+)/gm)).at(-1)?.[1];
  if (!/\bmicropie\(/.test(code) && mounted) {
    lines.unshift(`import { micropie } from ${LIBRARY};`);
    lines.push(`app.use(micropie(${mounted}));`);
  }
  lines.push(`export { app, ${LISTEN.exec(code)?.[1] ?? 'app'} as served };`);
  return lines.join('\n');
}

/** Writes modules into a folder of their own, from which they see the project's packages. */
export async function writeModules(snippets: readonly Snippet[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'));
  const settings = { extends: join(ROOT, 'tsconfig.json'), include: ['*'], compilerOptions: { allowJs: true } };
  await mkdir(join(folder, 'templates'));
  await Promise.all([
    symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules')),
    writeFile(join(folder, 'package.json'), '{ "type": "module" }'),
    writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings)),
    ...snippets.map(({ file, code }) => writeFile(join(folder, file), moduleOf(code))),
    ...snippets.flatMap(({ ejs }) => ejs.map((template) => writeFile(join(folder, pathOf(template)), template))),
  ]);
  return folder;
}

function pathOf(template: string): string {
  const path = /^<%# (\S+) %>/.exec(template)?.[1];
  if (path) return path;
  throw new Error(`A template must begin with its path, as in <%# templates/page.ejs %>: ${template}`);
}

/** @returns What the compiler finds wrong; empty when nothing is. */
export function typeErrors(folder: string): Promise<string> {
  const compiler = join(ROOT, 'node_modules/.bin/tsc');
  return new Promise((resolve) =>
    execFile(compiler, ['-p', folder], (error, output) => resolve(error ? output || error.message : '')),
  );
}
