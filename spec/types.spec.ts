import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { bin, folderOf, ROOT, run } from './support/package.js';

const FILES = ['controllers', 'hooks', 'nested', 'requests'];
const SETTINGS = JSON.stringify({
  extends: join(ROOT, 'tsconfig.json'),
  include: ['*.ts'],
});
const PACKAGE = '{ "type": "module" }';

/** What the compiler says of files that stand in `spec/types`, as `file:line`. */
async function complaints(files: Readonly<Record<string, string>>): Promise<string[]> {
  const toRoot = (text: string) =>
    text.replaceAll("'../../lib/", `'${ROOT}lib/`).replaceAll("'./assert.js'", `'${ROOT}spec/types/assert.js'`);
  const modules = Object.entries(files).map(([name, text]) => [`${name}.ts`, toRoot(text)]);
  const folder = await folderOf({
    ...Object.fromEntries(modules),
    'tsconfig.json': SETTINGS,
    'package.json': PACKAGE,
  });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const { output } = await run(bin('tsc'), ['-p', folder, '--pretty', 'false'], ROOT);
  return Array.from(output.matchAll(/^\S*?(\w+)\.ts\((\d+),/gm), ([, file, line]) => `${file}:${line}`);
}

describe('types', () => {
  const sources: Record<string, string> = {};

  before(async () => {
    for (const name of FILES) sources[name] = await readFile(join(ROOT, `spec/types/${name}.ts`), 'utf8');
  });

  it('are as the files in spec/types say', async function () {
    this.timeout(30_000);
    expect(await complaints(sources)).to.deep.equal([]);
  });

  it('are refused in every line that should be', async function () {
    this.timeout(30_000);
    const wrong = Object.entries(sources).flatMap(([name, text]) =>
      text.split('\n').flatMap((line, index) => (line.includes('@ts-expect-error') ? [`${name}:${index + 2}`] : [])),
    );
    const unmarked = Object.entries(sources).map(([name, text]) => [name, text.replaceAll('@ts-expect-error', '')]);
    expect(wrong).to.have.length.above(40);
    expect(new Set(await complaints(Object.fromEntries(unmarked)))).to.include.all.keys(wrong);
  });

  it('are compared by assertions that can fail', async function () {
    this.timeout(30_000);
    const lines = [
      "import { type Assert, type Equal, typed } from './assert.js';",
      'export type Same = Assert<Equal<string, string>>;',
      "typed<string>()('text' as string);",
      'export type Other = Assert<Equal<string, number>>;',
      'export type Wider = Assert<Equal<string | undefined, string>>;',
      'export type Unchecked = Assert<Equal<string, any>>;',
      'export type Optional = Assert<Equal<{ a?: string }, { a: string | undefined }>>;',
      'export type Settable = Assert<Equal<{ a: string }, { readonly a: string }>>;',
      'typed<string>()(1);',
      'typed<unknown>()(1);',
      "typed<string>()(JSON.parse('1'));",
    ];
    const wrong = lines.slice(3).map((_line, index) => `lines:${index + 4}`);
    expect(await complaints({ lines: lines.join('\n') })).to.deep.equal(wrong);
  });
});
