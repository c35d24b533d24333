// What declared methods cost the compiler: `npm run build && .ci/types-5 && node spec/bench/types.js [rounds]`.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, printTable } from './statistics.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SIZES = [100, 500, 1_000];
const COMPILERS = {
  'TypeScript 7': 'node_modules/typescript/bin/tsc',
  'TypeScript 5.9': 'spec/types/typescript-5/node_modules/typescript/bin/tsc',
};
const OPTIONS = { target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: true, types: ['node'] };

const PLAIN = (name) => `{ path: 'PUT /${name}/:id', params: [Number, ['title', String]], summary: 'Saves' }`;
const SCHEMAS = (name) =>
  `{ path: 'PUT /${name}/:id', params: [z.number().int()], input: z.object({ title: z.string(), ${name}: z.boolean() }),` +
  ` returns: z.object({ id: z.number(), title: z.string() }) }`;

/** The last parameter of each method, its declaration, and whether the declarations are checked. */
const PROGRAMS = {
  'class alone': { parameter: () => 'title: string' },
  'declared, not checked': { parameter: () => 'title: string', declare: PLAIN },
  declared: { parameter: () => 'title: string', declare: PLAIN, isChecked: true },
  'zod, not checked': { parameter: (name) => `{ title }: { title: string; ${name}: boolean }`, declare: SCHEMAS },
  zod: { parameter: (name) => `{ title }: { title: string; ${name}: boolean }`, declare: SCHEMAS, isChecked: true },
};

function source({ parameter, declare, isChecked }, size) {
  const names = Array.from({ length: size }, (_, index) => `m${index}`);
  const methods = names.map(
    (name) => `  ${name}(id: number, ${parameter(name)}) { return { id, title, n: '${name}' }; }`,
  );
  const routes = declare ? names.map((name) => `    ${name}: ${declare(name)},`) : [];
  return [
    `import { micropie, type Routes } from '${ROOT}dist/index.js';`,
    `import { z } from 'zod';`,
    'export class Root {',
    ...methods,
    ...(declare ? ['  static routes = {', ...routes, `  }${isChecked ? ' satisfies Routes<Root>' : ''};`] : []),
    '}',
    isChecked || !declare ? 'micropie(Root);' : 'new Root();',
    'export const any: Routes<object> = {};',
    'export const schema = z.string();',
  ].join('\n');
}

/** Processor time of all threads, since a shared machine makes the clock tell little. */
async function compile(compiler, folder) {
  const command = `TIMEFORMAT='%U %S'; time '${process.execPath}' '${join(ROOT, compiler)}' -p '${folder}' --extendedDiagnostics`;
  const { stdout, stderr } = await run('bash', ['-c', command]);
  const [user, system] = stderr.trim().split(' ').map(Number);
  return { seconds: user + system, instantiations: Number(/^Instantiations:\s+(\d+)/m.exec(stdout)?.[1]) };
}

async function projects(root) {
  const made = [];
  for (const size of SIZES)
    for (const [program, options] of Object.entries(PROGRAMS)) {
      const folder = join(root, `${made.length}`);
      await mkdir(folder);
      await writeFile(join(folder, 'root.ts'), source(options, size));
      const compilerOptions = { ...OPTIONS, noEmit: true };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['root.ts'] }));
      made.push({ size, program, folder });
    }
  return made;
}

/** The programs in turn, so that what slows the machine down hits all of them. */
async function measure(made, compiler, rounds) {
  const results = new Map(made.map((project) => [project, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const project of made) results.get(project).push(await compile(compiler, project.folder));
  return results;
}

function rows(results) {
  const seconds = (found) => median(found.map((one) => one.seconds));
  return [...results].map(([{ size, program }, found]) => ({
    methods: size,
    program,
    'CPU seconds': seconds(found).toFixed(1),
    instantiations: found[0].instantiations,
  }));
}

const rounds = Number(process.argv[2] ?? 5);
const root = await mkdtemp(join(tmpdir(), 'koa-micropie-types-'));
try {
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const made = await projects(root);
  for (const [name, compiler] of Object.entries(COMPILERS)) {
    if (!existsSync(join(ROOT, compiler))) throw new Error(`${compiler} is missing: run .ci/types-5 first`);
    printTable(name, rows(await measure(made, compiler, rounds)));
  }
} finally {
  await rm(root, { recursive: true });
}
