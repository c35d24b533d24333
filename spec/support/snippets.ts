import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cert, key } from './certificate.js';
import { ROOT } from './package.js';

/** A Markdown text that is held to what it shows. */
export interface Guide {
  /** From the root of the project, as in `demo/guides/hooks.md`. */
  readonly path: string;
  readonly text: string;
  readonly snippets: readonly Snippet[];
  readonly excerpts: readonly Excerpt[];
}

/** A block of code, with what the text shows of it. */
export interface Snippet {
  readonly code: string;
  /** The path of the file that it is run from, which says where it stands in the text. */
  readonly file: string;
  /** How it is run: as a module that has an app, as a program that serves on `PORT`, or as a test. */
  readonly kind: 'app' | 'program' | 'test';
  /** Requests and the answers to them. */
  readonly http: string[];
  /** What it prints. */
  readonly text: string[];
  /** Templates, each with its path in a comment on the first line. */
  readonly ejs: string[];
}

/** A part of a file of the project; its first line is a comment with the path. */
export interface Excerpt {
  readonly path: string;
  readonly code: string;
}

interface Block {
  readonly language: string;
  readonly line: number;
  readonly text: string;
}

const LIBRARY = JSON.stringify(join(ROOT, 'lib/index.js'));
const OPENAPI = JSON.stringify(join(ROOT, 'lib/openapi/openapi.js'));
const CLIENT = JSON.stringify(join(ROOT, 'lib/client/index.js'));
const MCP = JSON.stringify(join(ROOT, 'lib/mcp/mcp.js'));
const LISTEN = /^(\w+)\.listen\(.*\);$/m;
const EXCERPT = /^\/\/ (demo\/\S+)\n+/;
// Commands, configurations and messages stand for themselves, but for those that a spec of their own tries.
const UNCHECKED = ['sh', 'nginx', 'ini', 'json', 'message', 'python'];

/** The README, and the guides beside and among the demos. */
export function guides(): Guide[] {
  const below = readdirSync(join(ROOT, 'demo'), { recursive: true, encoding: 'utf8' });
  const paths = ['README.md', ...below.filter((name) => name.endsWith('.md')).map((name) => `demo/${name}`)];
  return paths.sort().map((path) => guideOf(path, readFileSync(join(ROOT, path), 'utf8')));
}

/** @throws Error for a block that nothing would check. */
function guideOf(path: string, text: string): Guide {
  const snippets: Snippet[] = [];
  const excerpts: Excerpt[] = [];
  for (const block of blocksOf(text)) {
    const last = snippets.at(-1);
    const excerpt = EXCERPT.exec(block.text);
    if (excerpt?.[1]) excerpts.push({ path: excerpt[1], code: block.text.slice(excerpt[0].length) });
    else if (block.language === 'ts' || block.language === 'js') snippets.push(snippetOf(path, block));
    else if (last && isShown(block.language)) last[block.language].push(block.text);
    else if (!UNCHECKED.includes(block.language))
      throw new Error(`${path}:${block.line}: nothing checks a block of '${block.language}' here`);
  }
  return { path, text, snippets, excerpts };
}

function isShown(language: string): language is 'http' | 'text' | 'ejs' {
  return ['http', 'text', 'ejs'].includes(language);
}

export function blocksOf(markdown: string): Block[] {
  return Array.from(markdown.matchAll(/^```(\S*)\n(.*?)^```$/gms), ({ 1: language = '', 2: text = '', index }) => ({
    language,
    line: markdown.slice(0, index).split('\n').length,
    text,
  }));
}

function snippetOf(path: string, { text, language, line }: Block): Snippet {
  const kind = text.includes("'node:test'") ? 'test' : text.includes('process.env.PORT') ? 'program' : 'app';
  const folder = path.replace(/\.md$/, '').replaceAll('/', '-');
  const code = text
    .replaceAll("'koa-micropie'", LIBRARY)
    .replaceAll("'koa-micropie/openapi'", OPENAPI)
    .replaceAll("'koa-micropie/client'", CLIENT)
    .replaceAll("'koa-micropie/mcp'", MCP)
    .replaceAll("from './", `from '${join(ROOT, dirname(path))}/`);
  return {
    code: kind === 'app' ? moduleOf(code) : code,
    file: `${folder}/line-${line}.${language}`,
    kind,
    http: [],
    text: [],
    ejs: [],
  };
}

/**
 * Completes a snippet to a module that exports `app` and what it serves: where the snippet only shows a
 * class, that is mounted on an app; where it listens, it is served by the test instead.
 */
function moduleOf(code: string): string {
  const lines = [code.replace(LISTEN, '')];
  if (!/\bapp(?: \})? = /.test(code)) lines.unshift("import Koa from 'koa';", 'const app = new Koa();');
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
  const folder = await mkdtemp(join(tmpdir(), 'guides-'));
  const settings = { extends: join(ROOT, 'tsconfig.json'), include: ['**/*'], compilerOptions: { allowJs: true } };
  for (const { file } of snippets) await mkdir(join(folder, dirname(file), 'templates'), { recursive: true });
  await Promise.all([
    symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules')),
    writeFile(join(folder, 'package.json'), '{ "type": "module" }'),
    writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings)),
    ...snippets.flatMap(({ file, code }) => [
      writeFile(join(folder, file), code),
      // For those that serve with TLS.
      writeFile(join(folder, dirname(file), 'cert.pem'), cert),
      writeFile(join(folder, dirname(file), 'key.pem'), key),
    ]),
    ...snippets.flatMap(({ file, ejs }) =>
      ejs.map((template) => writeFile(join(folder, dirname(file), pathOf(template)), template)),
    ),
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
    execFile(compiler, ['-p', folder, '--pretty', 'false'], (error, output) =>
      resolve(error ? output || error.message : ''),
    ),
  );
}
