import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from './package.js';
import { runSnippet } from './run-snippet.js';
import { type Guide, typeErrors, writeModules } from './snippets.js';

/** Holds texts to what they show: their snippets compile and run, their excerpts are as they stand, their links lead on. */
export function describeGuides(guides: readonly Guide[]): void {
  let folder: string;

  before(async () => {
    folder = await writeModules(guides.flatMap(({ snippets }) => snippets));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it('have snippets that compile under the settings of this project', async () => {
    expect(await typeErrors(folder)).to.equal('');
  }).timeout(60_000);

  for (const { path, text, snippets, excerpts } of guides)
    describe(path, () => {
      for (const snippet of snippets)
        it(`has a snippet in ${snippet.file} that does what the text shows`, () => runSnippet(snippet, folder)).timeout(
          20_000,
        );

      for (const excerpt of excerpts)
        it(`shows ${excerpt.path} as it is`, () => {
          expect(compact(readFileSync(join(ROOT, excerpt.path), 'utf8'))).to.include(compact(excerpt.code));
        });

      it('links to what there is', () => {
        for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g))
          if (!/^https?:/.test(target)) expectTarget(target, { path, text });
      });
    });
}

/** Indentation apart, since an excerpt may be of a class's inside. */
function compact(code: string): string {
  return code
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim();
}

function expectTarget(target: string, { path, text }: Pick<Guide, 'path' | 'text'>): void {
  const [file = '', anchor] = target.split('#');
  const aim = join(dirname(path), file);
  expect(file === '' || existsSync(join(ROOT, aim)), target).to.equal(true);
  if (anchor !== undefined)
    expect(headingsOf(file === '' ? text : readFileSync(join(ROOT, aim), 'utf8')), target).to.include(anchor);
}

/** As they are written in addresses. */
function headingsOf(text: string): string[] {
  return Array.from(text.matchAll(/^#+ (.*)$/gm), ({ 1: heading = '' }) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}
