// What a typed client costs the compiler, one call of each method, beside Hono's:
// `npm run build && npm --prefix spec/bench ci && .ci/types-5 && node spec/bench/client-types.js [rounds]`.
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
const GROUP = 20;
const COMPILERS = {
  'TypeScript 7': 'node_modules/typescript/bin/tsc',
  'TypeScript 5.9': 'spec/types/typescript-5/node_modules/typescript/bin/tsc',
};
const OPTIONS = {
  target: 'es2022',
  module: 'nodenext',
  strict: true,
  skipLibCheck: true,
  types: ['node'],
  noEmit: true,
};

const lines = (names, toLine) => names.map(toLine).join('\n');
const methods = (names) =>
  lines(names, (name) => `  ${name}(id: number, title: string) { return { id, title, n: '${name}' as const }; }`);

const MICROPIE = (imports, names, routes) => `
import { micropie, type Routes } from '${ROOT}dist/index.js';
${imports ? `import { client } from '${ROOT}dist/client/index.js';` : ''}
class Root {
${methods(names)}
${routes ? `  static routes = {${lines(names, (name) => `${name}: 'PUT /${name}/:id/:title',`)}} satisfies Routes<Root>;` : ''}
}
micropie(Root);
export const any: Routes<object> = {};
`;
const TOLD = (names) => `, { routes: {${lines(names, (name) => `${name}: 'PUT /${name}/:id/:title',`)}} }`;
const CALLS = (names, options = '') => `
const api = client<typeof Root>('http://x'${options});
${lines(names, (name) => `export const ${name}: Promise<{ id: number; title: string; n: '${name}' }> = api.${name}(1, 'x');`)}
`;

const HONO_ROUTES = (names, path) =>
  lines(
    names,
    (name) =>
      `  .put('/${path(name)}/:id/:title', (c) => c.json({ id: 1, title: c.req.param('title'), n: '${name}' as const }))`,
  );
const HONO = (names) => `
import { Hono } from 'hono';
import { hc } from 'hono/client';
const app = new Hono()
${HONO_ROUTES(names, (name) => name)};
const api = hc<typeof app>('http://x');
${lines(names, (name) => `export const ${name} = api.${name}[':id'][':title'].$put({ param: { id: '1', title: 'x' } }).then((r) => r.json()).then((r): '${name}' => r.n);`)}
`;
const HONO_GROUPS = (names) => {
  const groups = Array.from({ length: Math.ceil(names.length / GROUP) }, (_, index) =>
    names.slice(index * GROUP, (index + 1) * GROUP),
  );
  return `
import { Hono } from 'hono';
import { hc } from 'hono/client';
${lines(groups, (group, index) => `const g${index} = new Hono()\n${HONO_ROUTES(group, (name) => name)};\nconst c${index} = hc<typeof g${index}>('http://x/g${index}');`)}
export const app = new Hono();
${lines(groups, (_group, index) => `app.route('/g${index}', g${index});`)}
${lines(groups, (group, index) => lines(group, (name) => `export const ${name} = c${index}.${name}[':id'][':title'].$put({ param: { id: '1', title: 'x' } }).then((r) => r.json()).then((r): '${name}' => r.n);`))}
`;
};

const PROGRAMS = {
  'class alone': (names) => MICROPIE(false, names),
  'with client': (names) => MICROPIE(true, names) + CALLS(names),
  'with client, declared paths': (names) => MICROPIE(true, names, true) + CALLS(names, TOLD(names)),
  'Hono, one chain': HONO,
  [`Hono, a client for each ${GROUP}`]: HONO_GROUPS,
};

/**
 * Processor time of all threads, since a shared machine makes the clock tell little. TypeScript 5.9 needs the larger
 * stack for a chain of 1,000 calls.
 */
async function compile(compiler, folder) {
  const command = `TIMEFORMAT='%U %S'; time '${process.execPath}' --stack-size=7000 '${join(ROOT, compiler)}' -p '${folder}' --extendedDiagnostics`;
  const { stdout, stderr } = await run('bash', ['-c', command]).catch((error) => {
    throw new Error(`${error.stdout}${error.stderr}`.slice(0, 2_000));
  });
  const [user, system] = stderr.trim().split(' ').map(Number);
  return { seconds: user + system, instantiations: Number(/^Instantiations:\s+(\d+)/m.exec(stdout)?.[1]) };
}

async function projects(root) {
  const made = [];
  for (const size of SIZES)
    for (const [program, source] of Object.entries(PROGRAMS)) {
      const folder = join(root, `${made.length}`);
      await mkdir(folder);
      const names = Array.from({ length: size }, (_, index) => `m${index}`);
      await writeFile(join(folder, 'root.ts'), source(names));
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, files: ['root.ts'] }));
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
  return [...results].map(([{ size, program }, found]) => ({
    methods: size,
    program,
    'CPU seconds': median(found.map(({ seconds }) => seconds)).toFixed(1),
    instantiations: found[0].instantiations,
  }));
}

const rounds = Number(process.argv[2] ?? 3);
const root = await mkdtemp(join(tmpdir(), 'koa-micropie-client-types-'));
try {
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  await mkdir(join(root, 'node_modules'));
  await symlink(join(ROOT, 'node_modules/@types'), join(root, 'node_modules/@types'));
  await symlink(join(ROOT, 'spec/bench/node_modules/hono'), join(root, 'node_modules/hono'));
  const made = await projects(root);
  for (const [name, compiler] of Object.entries(COMPILERS)) {
    if (!existsSync(join(ROOT, compiler))) throw new Error(`${compiler} is missing: run .ci/types-5 first`);
    printTable(name, rows(await measure(made, compiler, rounds)));
  }
} finally {
  await rm(root, { recursive: true });
}
