import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { bin, folderOf, projectOf, ROOT, run } from './support/package.js';

const FILES = ['client', 'controllers', 'declarations', 'hooks', 'nested', 'requests', 'schemas'];
const SETTINGS = JSON.stringify({
  extends: join(ROOT, 'tsconfig.json'),
  include: ['*.ts'],
});
const PACKAGE = '{ "type": "module" }';

/** The lines of files that stand in `spec/types` of which the compiler complains, as `file:line`, and what it says. */
async function complaints(files: Readonly<Record<string, string>>): Promise<Map<string, string>> {
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
  const messages = output.split(/^(?=\S)/m).flatMap((text) => {
    const [, file, line] = /^\S*?(\w+)\.ts\((\d+),/.exec(text) ?? [];
    return file ? ([[`${file}:${line}`, text]] as const) : [];
  });
  return new Map(messages);
}

const DECLARED = `
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import { micropie, nested, type Routes } from '../../lib/index.js';

class Tasks {
  show(id: number, part: string) { return { id, part }; }
  save(task: { title: string }) { return task; }
  edit(id: number, task: { title: string }) { return { ...task, id }; }
}
function mounted<T extends object>(routes: T) {
  return class extends Tasks { static routes = routes };
}
`;

/** What is wrong, in one line, and what the compiler's message must say. */
const MISTAKES: readonly (readonly [line: string, message: RegExp])[] = [
  ['({ shw: "GET" }) satisfies Routes<Tasks>;', /'shw' does not exist in type 'Routes<Tasks>'.*write 'show'/],
  ['({ show: { method: "GET" } }) satisfies Routes<Tasks>;', /'method' does not exist in type .*"show"/],
  ['({ show: { params: [String] } }) satisfies Routes<Tasks>;', /StringConstructor.*ParameterOf<"show", number>/],
  ['({ show: { params: [Number, Number] } }) satisfies Routes<Tasks>;', /ParameterOf<"show", string>/],
  ['({ show: { params: [["id", String]] } }) satisfies Routes<Tasks>;', /ParameterOf<"show", number>/],
  ['({ show: { params: [z.number(), z.number()] } }) satisfies Routes<Tasks>;', /ZodNumber.*<"show", string>/],
  ['({ show: { params: [v.string()] } }) satisfies Routes<Tasks>;', /StringSchema.*<"show", number>/],
  ['({ show: { params: [type("string")] } }) satisfies Routes<Tasks>;', /Type<string.*<"show", number>/],
  ['({ save: { params: ["task", "id"] } }) satisfies Routes<Tasks>;', /"save\(\) has no further parameter"/],
  ['({ save: { input: z.string() } }) satisfies Routes<Tasks>;', /ZodString.*InputOf<"save", \{ title: string; \}>/],
  ['({ save: { input: v.object({ title: v.number() }) } }) satisfies Routes<Tasks>;', /InputOf<"save", /],
  ['({ save: { input: type({ title: "number" }) } }) satisfies Routes<Tasks>;', /InputOf<"save", /],
  ['({ edit: { input: z.string() } }) satisfies Routes<Tasks>;', /InputOf<"edit", \{ title: string; \}>/],
  ['({ edit: { input: v.string() } }) satisfies Routes<Tasks>;', /InputOf<"edit", \{ title: string; \}>/],
  ['({ edit: { input: type("string") } }) satisfies Routes<Tasks>;', /InputOf<"edit", \{ title: string; \}>/],
  ['micropie(mounted({ shw: "GET" }));', /"shw is no method that can be served"/],
  ['nested(mounted({ shw: "GET" }));', /"shw is no method that can be served"/],
  ['micropie(mounted({ show: { method: "GET" } }));', /"show is declared with a key that is unknown"/],
  ['micropie(mounted({ show: { path: 1 } }));', /'routes\.show\.path'/],
  [
    'micropie(mounted({ save: { returns: z.string() } }));',
    /save\(\) returns what its schema refuses": \{ title: string/,
  ],
  ['nested(mounted({ save: { returns: { 200: type("string") } } }));', /save\(\) returns what its schema refuses/],
];

const SERVER = `
import { Controller, micropie, nested, reply, sse, type Routes } from 'koa-micropie';
import { z } from 'zod';

const Task = z.object({ id: z.number(), title: z.string() });

export class Tasks {
  show(id: number) { return { id, title: 'One' }; }
  create(task: { title: string }) { return reply(201, { ...task, id: 1 }); }
  static routes = {
    show: { path: 'GET /:id', params: [Number], returns: Task },
    create: { path: 'POST /', input: Task.omit({ id: true }), returns: { 201: Task } },
  } satisfies Routes<Tasks>;
}

export class Root extends Controller<{ userId?: string }, { user: string }> {
  tasks = nested(Tasks);
  me(userId = 'nobody') { return this.ctx.state.user + userId; }
  ticks() { return sse([{ event: 'tick', data: 1 }]); }
  static routes = { me: { path: 'GET,POST', session: ['userId'] } } satisfies Routes<Root>;
}
export const mounted = micropie(Root);
`;

const PAGE = `
import type { EventStream, Nested, Reply } from 'koa-micropie';
import type { Root, Tasks } from './server.js';
import { type Assert, type Equal } from './assert.js';

export type Types = [
  Assert<Equal<typeof Tasks.routes.show.path, 'GET /:id'>>,
  Assert<Equal<typeof Tasks.routes.create.path, 'POST /'>>,
  Assert<Equal<typeof Root.routes.me, { path: 'GET,POST'; session: ['userId'] }>>,
  Assert<Equal<Root['tasks'], Nested<typeof Tasks>>>,
  Assert<Equal<ReturnType<Tasks['create']>, Reply<{ id: number; title: string }, 201>>>,
  Assert<Equal<ReturnType<Root['ticks']>, Reply<EventStream<{ event: string; data: number }>, 200>>>,
];
document.title = 'A page';
`;

describe('types', () => {
  const sources: Record<string, string> = {};

  before(async () => {
    for (const name of FILES) sources[name] = await readFile(join(ROOT, `spec/types/${name}.ts`), 'utf8');
  });

  it('are as the files in spec/types say', async function () {
    this.timeout(30_000);
    expect([...(await complaints(sources)).values()]).to.deep.equal([]);
  });

  it('are refused in every line that should be', async function () {
    this.timeout(30_000);
    const wrong = Object.entries(sources).flatMap(([name, text]) =>
      text.split('\n').flatMap((line, index) => (line.includes('@ts-expect-error') ? [`${name}:${index + 2}`] : [])),
    );
    const unmarked = Object.entries(sources).map(([name, text]) => [name, text.replaceAll('@ts-expect-error', '')]);
    expect(wrong).to.have.length.above(100);
    expect(await complaints(Object.fromEntries(unmarked))).to.include.all.keys(wrong);
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
    expect([...(await complaints({ lines: lines.join('\n') })).keys()]).to.deep.equal(wrong);
  });

  it('are refused with messages that name the method', async function () {
    this.timeout(30_000);
    const first = DECLARED.split('\n').length;
    const messages = await complaints({ mistakes: DECLARED + MISTAKES.map(([line]) => line).join('\n') });
    for (const [index, [line, message]] of MISTAKES.entries())
      expect(messages.get(`mistakes:${first + index}`), line).to.match(message);
  });

  it('are kept, as literals too, in what the compiler emits for a project with the DOM alone', async function () {
    this.timeout(120_000);
    const options = { target: 'es2022', module: 'nodenext', strict: true };
    const emit = { ...options, declaration: true, emitDeclarationOnly: true, outDir: 'page', types: ['node'] };
    const page = { ...options, lib: ['es2022', 'dom'], types: [], noEmit: true };
    const project = await projectOf({
      'package.json': PACKAGE,
      'server.ts': SERVER,
      'tsconfig.json': JSON.stringify({ compilerOptions: emit, files: ['server.ts'] }),
      'page/page.ts': PAGE,
      'page/assert.ts': await readFile(join(ROOT, 'spec/types/assert.ts'), 'utf8'),
      'page/tsconfig.json': JSON.stringify({ compilerOptions: page, files: ['page.ts'] }),
    });
    await symlink(join(ROOT, 'node_modules/zod'), join(project, 'node_modules/zod'));
    for (const folder of [project, join(project, 'page')]) {
      const { output } = await run(bin('tsc'), ['-p', folder, '--pretty', 'false'], project);
      // @types/koa 3.0.3 names a type that content-disposition 2 has not.
      expect(output.split('\n').filter((line) => line && !line.includes('@types/koa/'))).to.deep.equal([]);
    }
    expect(await readFile(join(project, 'page/server.d.ts'), 'utf8')).to.include('"GET /:id"');
  });
});
