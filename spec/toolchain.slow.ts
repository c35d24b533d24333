import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transform as swc } from '@swc/core';
import { expect } from 'chai';
import { type BuildOptions, build, type TransformOptions, transform } from 'esbuild';
import { minify } from 'terser';
import { bin, folderOf, projectOf, ROOT, succeed } from './support/package.js';

/** For each controller of `toolchain/controllers.ts`: the paths that are asked for, and what they answer. */
const CONTROLLERS = {
  Plain: {
    '/greet?name=Alice': 'Hello, Alice!',
    '/greet': 'Hello, Guest!',
    '/visit?times=3': '33',
    '/defaults': `[10,-1.5,"5",true,false,"it's a) bracket","t)",[],"[)(]",[")","("],")"]`,
    '/defaults?size=2&step=3&big=7&on=no&off=yes&list=a&list=b': `[2,3,"7",false,true,"it's a) bracket","t)",["a","b"],"[)(]",[")","("],")"]`,
    '/count?from=2&to=4': '2;3;4;',
    '/robots.txt?agent=Bot': 'User-agent: Bot',
    '/computed?value=one': 'computed one',
    '/join/a/b': '/a/b',
  },
  Short: {
    '/add?y=3&x=2': '5',
    '/line?x1=1&y1=2&x2=3&y2=4': '1,2 3,4',
    '/decode?base64=AA': 'AA!',
  },
  Lettered: { '/emit?target=door&e=knock': 'knock at door' },
  Awaiting: { '/greet?times=2&name=Al': 'AlAl', '/greet': 'Guest' },
  Streaming: { '/ticks?to=5&from=4': '4;5;' },
  Shadowing: { '/open?path=here': 'path here' },
  Patterns: { '/search?page=2&path=here&query=tea': '["tea","here",2]' },
  Declared: {
    '/open?path=ab&times=2': 'abab',
    '/greet?greeting=Hi&name=Alice': 'Hi, Alice!',
    '/ticks?to=5&from=4': '4;5;',
  },
};

/** For controllers whose answers say what arrived, and what TypeScript says of it: the paths that are asked for. */
const TRUTHS = {
  Typed: [
    '/defaults',
    '/defaults/2/3/no/on/4',
    '/lists/5',
    '/calculated',
    '/calculated/1/2/3/4/5/6',
    '/declared/1/2/no/3',
    '/declaredLists/1/2/no/3',
    '/checked/1/no/2',
    '/filtered?page=2&open=no',
    '/rest/1/2/3',
    '/cured',
    '/cured/5/6',
  ],
  Hidden: ['/named/5'],
  Inlined: ['/named/5'],
  HiddenInPattern: ['/named?size=5'],
  HiddenCall: ['/named/5'],
  HiddenList: ['/named/5'],
};

type Name = keyof typeof CONTROLLERS;

/** Right: every answer is as above. Refused: a TypeError at start. Warned: KOA_MICROPIE_RENAMED at start. */
type Fate = 'right' | 'refused' | 'warned';

const RIGHT: Record<Name, Fate> = {
  Plain: 'right',
  Short: 'right',
  Lettered: 'right',
  Awaiting: 'right',
  Streaming: 'right',
  Shadowing: 'right',
  Patterns: 'right',
  Declared: 'right',
};
const NUMBERED = { ...RIGHT, Shadowing: 'warned' } as const;
const SHORTENED = {
  ...RIGHT,
  Plain: 'warned',
  Short: 'warned',
  Lettered: 'warned',
  Awaiting: 'warned',
  Streaming: 'warned',
  Shadowing: 'warned',
} as const;
const ES2017 = { ...RIGHT, Streaming: 'refused' } as const;
const ES2015 = { ...ES2017, Awaiting: 'refused' } as const;

type Compile = (source: string) => Promise<string>;

interface Tool {
  readonly expected: Readonly<Record<Name, Fate>>;
  readonly compile: Compile;
}

const TOOLS: Readonly<Record<string, Tool>> = {
  'tsc for ES2022': { expected: RIGHT, compile: tsc('es2022') },
  'tsc for ES2017': { expected: ES2017, compile: tsc('es2017') },
  'tsc for ES2015': { expected: ES2015, compile: tsc('es2015') },
  esbuild: { expected: NUMBERED, compile: esbuild({}) },
  'esbuild for ES2017': { expected: NUMBERED, compile: esbuild({ target: 'es2017' }) },
  'esbuild for ES2015': { expected: NUMBERED, compile: esbuild({ target: 'es2015' }) },
  'esbuild minified': { expected: SHORTENED, compile: esbuild({ minify: true }) },
  'esbuild minified, names of classes kept': {
    expected: SHORTENED,
    compile: esbuild({ minify: true, keepNames: true }),
  },
  'esbuild bundle': { expected: NUMBERED, compile: bundle({}) },
  'esbuild bundle without white space': { expected: NUMBERED, compile: bundle({ minifyWhitespace: true }) },
  'esbuild bundle minified': { expected: SHORTENED, compile: bundle({ minify: true }) },
  'swc for ES2022': { expected: RIGHT, compile: swcFor('es2022') },
  'swc for ES2017': { expected: RIGHT, compile: swcFor('es2017') },
  'swc for ES2015': { expected: RIGHT, compile: swcFor('es2015') },
  'swc minified': { expected: SHORTENED, compile: swcFor('es2022', true) },
  terser: { expected: SHORTENED, compile: async (source) => mangle(await tsc('es2022')(source)) },
};

/** Parameter lists, as they stand in a module that is run, and whether they look renamed. */
const LISTS: Readonly<Record<string, boolean>> = {
  path2: true,
  'path2, pathname': true,
  'path2 = "none"': true,
  data13: true,
  'name, data3': true,
  '': false,
  path: false,
  'path, path2': false,
  'line1, line2': false,
  'x1, y1, x2, y2': false,
  path0: false,
  path1: false,
  base64: false,
  md5: false,
  sha256: false,
  year2024: false,
  '{ path2 }': false,
  '...path2': false,
  // Dense, as tsx writes it.
  'a, b': false,
  x: false,
  'e, t': true,
};

describe('parameter names behind compilers', () => {
  let results: Results;

  before(async function () {
    this.timeout(60_000);
    results = await probeAll();
  });

  for (const [tool, { expected }] of [...Object.entries(TOOLS), ['tsx', { expected: NUMBERED }] as const])
    describe(tool, () => {
      for (const name of Object.keys(CONTROLLERS).filter(isName))
        it(`${name} is ${expected[name]}`, () => check(results[tool]?.[name], name, expected[name]));
    });
});

describe('the types of arguments behind compilers', () => {
  let results: Results;

  before(async function () {
    this.timeout(60_000);
    results = await probeAll();
  });

  for (const tool of [...Object.keys(TOOLS), 'tsx'])
    for (const [name, paths] of Object.entries(TRUTHS))
      it(`${tool}: ${name} gets what TypeScript says${name === 'Typed' ? '' : ', or warns'}`, () => {
        const { refusal, warnings = [], answers = [] } = results[tool]?.[name] ?? {};
        const isWarned = warnings.some((text) => text.startsWith('KOA_MICROPIE_TYPE: '));
        const wrong = answers.flatMap((answer) => answer.split(',')).filter((part) => !/^(.*) is \1$|^$/.test(part));
        expect([refusal, answers.length]).to.deep.equal([undefined, paths.length]);
        if (name === 'Typed') expect([isWarned, wrong]).to.deep.equal([false, []]);
        else expect(isWarned, 'a warning for nothing, or none').to.equal(wrong.length > 0);
      });
});

describe('the warning of renamed parameters', () => {
  let folder: string;
  const file = 'lists.mjs';
  const lists = Object.keys(LISTS);
  const requests = { [file]: Object.fromEntries(lists.map((_list, index) => [`List${index}`, []])) };

  before(async function () {
    this.timeout(60_000);
    // The sources instead of the package, so that coverage sees what runs.
    folder = await probeFolder({
      'library.mjs': `export * from '${pathToFileURL(join(ROOT, 'lib/index.ts'))}';`,
      [file]: lists.map((list, index) => `export class List${index}{show(${list}){}}\n`).join(''),
    });
  });

  it('comes for a number behind a name that stands alone', async () => {
    const results = await probe(folder, requests, SOURCES);
    const warned = lists.map((list, index) => [list, results[file]?.[`List${index}`]?.warnings.length === 1]);
    expect(Object.fromEntries(warned)).to.deep.equal(LISTS);
  });

  it('is not given in production', async () => {
    const results = await probe(folder, requests, { ...SOURCES, NODE_ENV: 'production' });
    const warnings = Object.values(results[file] ?? {}).map((result) => result.warnings);
    expect(warnings).to.deep.equal(lists.map(() => []));
  });
});

interface Result {
  readonly refusal?: string;
  readonly warnings: readonly string[];
  readonly answers: readonly string[];
}

function check(result: Result | undefined, name: Name, fate: Fate): void {
  const answers = Object.values(CONTROLLERS[name]);
  const [warning, ...further] = (result?.warnings ?? []).filter((text) => text.startsWith('KOA_MICROPIE_RENAMED'));
  if (fate === 'right') expect({ answers: result?.answers, warning }).to.deep.equal({ answers, warning: undefined });
  if (fate === 'refused')
    expect(result?.refusal).to.match(/^TypeError: \w+\.\w+: its parameters can't be read.*static routes = \{/);
  if (fate === 'warned') {
    expect(warning).to.match(/^KOA_MICROPIE_RENAMED: .*renamed the parameters of \w+\(\w+/);
    expect(further).to.deep.equal([]);
    expect(result?.answers, 'a warning for nothing').not.to.deep.equal(answers);
  }
}

function isName(name: string): name is Name {
  return name in CONTROLLERS;
}

const LOADER = { NODE_OPTIONS: `--import ${pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs'))}` };
// With the project's own settings, or coverage could not put together what two processes made of a source.
const SOURCES = { ...LOADER, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') };

/** For each file, what became of each of its classes. */
type Results = Readonly<Record<string, Readonly<Record<string, Result>>>>;

let probed: Promise<Results> | undefined;

function probeAll(): Promise<Results> {
  probed ??= compileAndProbe();
  return probed;
}

/** One process serves what all compilers made; tsx compiles while it loads, so it has another. */
async function compileAndProbe(): Promise<Results> {
  const source = await readFile(join(ROOT, 'spec/toolchain/controllers.ts'), 'utf8');
  const compiled = Object.entries(TOOLS).map(async ([tool, { compile }]) => [fileOf(tool), await compile(source)]);
  const files = Object.fromEntries(await Promise.all(compiled));
  const folder = await probeFolder({ ...files, 'controllers.ts': source });
  const named = Object.entries(CONTROLLERS).map(([name, cases]) => [name, Object.keys(cases)]);
  const paths = { ...Object.fromEntries(named), ...TRUTHS };
  const served = await probe(folder, Object.fromEntries(Object.keys(files).map((file) => [file, paths])));
  const loaded = await probe(folder, { 'controllers.ts': paths }, LOADER);
  return {
    ...Object.fromEntries(Object.keys(TOOLS).map((tool) => [tool, served[fileOf(tool)] ?? {}])),
    tsx: loaded['controllers.ts'] ?? {},
  };
}

function fileOf(tool: string): string {
  return `${tool.replace(/\W+/g, '-')}.mjs`;
}

async function probeFolder(files: Readonly<Record<string, string>>): Promise<string> {
  return projectOf({
    'probe.mjs': await readFile(join(ROOT, 'spec/toolchain/probe.mjs'), 'utf8'),
    'library.mjs': "export * from 'koa-micropie';",
    'package.json': '{ "type": "module" }',
    ...files,
  });
}

/** @param requests - For each file, the paths to ask each of its classes for. */
async function probe(folder: string, requests: object, environment: object = {}): Promise<Results> {
  const variables = Object.entries({ NODE_ENV: 'test', ...environment }).map((pair) => pair.join('='));
  const command = [process.execPath, 'probe.mjs', JSON.stringify(requests)];
  return JSON.parse(await succeed('env', [...variables, ...command], folder));
}

function tsc(target: string): Compile {
  return async (source) => {
    // A compiler for old targets refuses the syntax of bigint.
    const folder = await folderOf({
      'controllers.mts': target === 'es2022' ? source : source.replaceAll('5n', 'BigInt(5)'),
    });
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
    const flags = ['--target', target, '--module', 'nodenext', '--lib', 'es2023', ...types];
    await succeed(bin('tsc'), ['controllers.mts', ...flags], folder);
    return readFile(join(folder, 'controllers.mjs'), 'utf8');
  };
}

function esbuild(options: TransformOptions): Compile {
  return async (source) => (await transform(source, { loader: 'ts', format: 'esm', ...options })).code;
}

function bundle(options: BuildOptions): Compile {
  return async (source) => {
    const stdin = { contents: source, loader: 'ts', resolveDir: ROOT } as const;
    const { outputFiles } = await build({
      ...options,
      stdin,
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
    });
    return outputFiles.map(({ text }) => text).join('');
  };
}

function swcFor(target: 'es2015' | 'es2017' | 'es2022', isMinified = false): Compile {
  return async (source) => {
    const { code } = await swc(source, {
      configFile: false,
      swcrc: false,
      module: { type: 'es6' },
      jsc: {
        target,
        parser: { syntax: 'typescript' },
        ...(isMinified && { minify: { compress: true, mangle: { toplevel: true } } }),
      },
      minify: isMinified,
    });
    return code;
  };
}

async function mangle(source: string): Promise<string> {
  const { code = '' } = await minify(source, { module: true, toplevel: true });
  return code;
}
