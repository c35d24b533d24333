import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { build } from 'esbuild';
import { bin, folderOf, packed, projectOf, ROOT, run, succeed } from './support/package.js';
import { guides } from './support/snippets.js';

const VALUES = [
  'Controller',
  'HttpMiddleware',
  'InMemorySessionBackend',
  'UploadedFile',
  'channel',
  'currentRequest',
  'issuesOf',
  'keyvSessionBackend',
  'micropie',
  'nested',
  'redisSessionBackend',
  'reply',
  'serve',
  'sessions',
  'sse',
];
const TYPES = [
  'BodyLimits',
  'Channel',
  'ChannelEvent',
  'ChannelOptions',
  'Context',
  'ContextSession',
  'EventStream',
  'FieldPart',
  'FilePart',
  'HeaderPairs',
  'HeadersLike',
  'HookResponse',
  'Issue',
  'KeyvLike',
  'Lists',
  'Message',
  'Micropie',
  'MicropieOptions',
  'NamedParameter',
  'Nested',
  'Parameter',
  'ParameterType',
  'Part',
  'RedisLike',
  'Reply',
  'Request',
  'Route',
  'RouteDeclaration',
  'RouteName',
  'Routes',
  'ServeOptions',
  'Serving',
  'SessionBackend',
  'SessionData',
  'SessionOptions',
  'SessionsOptions',
  'Socket',
  'Source',
  'SseEvent',
  'StandardSchema',
  'SubscribeOptions',
  'UploadOptions',
  'WebSocketOptions',
];

const OPENAPI_TYPES = ['Mount', 'OpenApiDocument', 'OpenApiOptions', 'Operation', 'Part', 'openapi'];

const SERVE = `
const app = new Koa();
app.use(micropie(class { greet(name = 'Guest') { return 'Hello, ' + name + '!'; } }));
const server = app.listen(0, '127.0.0.1', async () => {
  const answer = await fetch('http://127.0.0.1:' + server.address().port + '/greet/Alice');
  console.log(await answer.text());
  server.closeAllConnections();
  server.close();
});
`;

const COMPILER_OPTIONS = {
  target: 'es2022',
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  types: ['node'],
};

/** A project that asks for more than its own code: what a hook puts on the request is typed. */
const TYPED = `
import Koa from 'koa';
import { Controller, HttpMiddleware, micropie, type Request, type Routes } from 'koa-micropie';

declare module 'koa-micropie' {
  interface Request {
    user?: string;
  }
}

class Access extends HttpMiddleware {
  override beforeRequest(request: Request) {
    request.user = request.query('user', 'nobody');
  }
}

class Root extends Controller<{ visits?: number }> {
  greet(greeting = 'Hello') {
    const user: string | undefined = this.request.user;
    this.session.visits = (this.session.visits ?? 0) + 1;
    return \`\${greeting}, \${user}!\`;
  }
  static routes = { greet: 'GET' } satisfies Routes<Root>;
}

const app = new Koa();
app.use(micropie(Root, { middlewares: [new Access()] }));
const server = app.listen(0, '127.0.0.1', async () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const answer = await fetch(\`http://127.0.0.1:\${port}/greet?user=Alice\`);
  console.log(await answer.text());
  server.closeAllConnections();
  server.close();
});
`;

describe('the packed package', function () {
  // Compilers and packers run here.
  this.timeout(60_000);
  let files: readonly string[];
  let library: string;

  before(async () => {
    ({ files } = await packed());
    library = join(await projectOf({}), 'node_modules/koa-micropie');
  });

  it('holds what a user needs and nothing else', () => {
    const expected = ['CHANGELOG.md', 'LICENSE', 'package.json', ...guides().map(({ path }) => path)];
    const scripts = files.filter((file) => file.endsWith('.js') && !/^dist\/chunk-\w{8}\.js$/.test(file));
    const entries = ['index', 'client/index', 'mcp/mcp', 'openapi/openapi'];
    const parsers = ['controller/parser', 'controller/bundled-parser'];
    expect(scripts).to.have.members([...entries, ...parsers].map((name) => `dist/${name}.js`));
    expect(files.filter((file) => !/^dist\/.*(\.js|\.js\.map|\.d\.ts)$/.test(file))).to.have.members(expected);
  });

  it('has source maps with the sources in them', async () => {
    for (const file of files.filter((name) => name.endsWith('.map'))) {
      const map = JSON.parse(await readFile(join(library, file), 'utf8'));
      expect(map.sourcesContent, file).to.have.length(map.sources.length);
    }
  });

  it('tells in stack traces which function it was, and where it stands in the sources', async () => {
    const index = `import { micropie } from 'koa-micropie';
try { micropie(class {}, { nonsense: 1 }); } catch (error) { console.log(error.stack); }`;
    const folder = await projectOf({ 'index.mjs': index });
    expect(await succeed(process.execPath, ['index.mjs'], folder)).to.match(
      /at micropie \(.*dist\/index\.js:\d+:\d+\)/,
    );
    const mapped = await succeed(process.execPath, ['--enable-source-maps', 'index.mjs'], folder);
    expect(mapped).to.match(/at micropie \(.*lib\/micropie\.ts:\d+:\d+\)/);
  });

  it('exports these names', async () => {
    const text = await readFile(join(library, 'dist/index.d.ts'), 'utf8');
    const exported: object = await import(pathToFileURL(join(library, 'dist/index.js')).href);
    expect(Object.keys(exported).sort()).to.deep.equal(VALUES);
    expect(exportsOf(text)).to.deep.equal([...VALUES, ...TYPES].sort());
  });

  it('exports these names from koa-micropie/openapi', async () => {
    const text = await readFile(join(library, 'dist/openapi/openapi.d.ts'), 'utf8');
    const exported: object = await import(pathToFileURL(join(library, 'dist/openapi/openapi.js')).href);
    expect(Object.keys(exported)).to.deep.equal(['openapi']);
    const declared = Array.from(
      text.matchAll(/^export (?:declare )?(?:interface|type|function) (\w+)/gm),
      ([, name]) => name,
    );
    const listed = Array.from(text.matchAll(/^export type \{(.+?)\};$/gm), ([, list = '']) => list.split(','));
    expect([...declared, ...listed.flat().map((name) => name.trim())].sort()).to.deep.equal(OPENAPI_TYPES);
  });

  it('exports these names from koa-micropie/mcp, whose types ask for no other package', async () => {
    const text = await readFile(join(library, 'dist/mcp/mcp.d.ts'), 'utf8');
    const exported: object = await import(pathToFileURL(join(library, 'dist/mcp/mcp.js')).href);
    expect(Object.keys(exported)).to.deep.equal(['mcp']);
    expect(text.match(/^export .*(?:function mcp|type \{ McpOptions \})/gm)).to.have.length(2);
    const reached = await declarationsFrom(join(library, 'dist/mcp/mcp.d.ts'));
    expect(reached.filter((one) => /(?:from |import\()'@modelcontextprotocol/.test(one))).to.deep.equal([]);
  });

  it('makes an OpenAPI document of what its main entry has mounted', async () => {
    const index = `import { micropie } from 'koa-micropie';
import { openapi } from 'koa-micropie/openapi';
class Root { greet(name = 'Guest') { return name; } }
console.log(Object.keys(openapi(micropie(Root), { info: { title: 'API', version: '1' } }).paths).join());`;
    const folder = await projectOf({ 'index.mjs': index });
    expect(await succeed(process.execPath, ['index.mjs'], folder)).to.equal('/greet\n');
  });

  it('declares nothing internal', async () => {
    const names = files.filter((name) => name.endsWith('.d.ts'));
    const declared = await Promise.all(names.map((name) => readFile(join(library, name), 'utf8')));
    const hidden = await internalMembers();
    expect(hidden).to.include.members(['EXCHANGE', 'constructor']);
    const request = declared[names.indexOf('dist/request.d.ts')];
    for (const name of hidden)
      expect(request, name).not.to.match(new RegExp(`^    (readonly )?\\[?${name}\\]?[?:(]`, 'm'));
    for (const text of declared) expect(text).not.to.include('@internal');
  });

  it('runs in an ES module', async () => {
    const index = `import Koa from 'koa';\nimport { micropie } from 'koa-micropie';${SERVE}`;
    const folder = await projectOf({ 'index.mjs': index });
    expect(await succeed(process.execPath, ['index.mjs'], folder)).to.equal('Hello, Alice!\n');
  });

  it('runs in a CommonJS module', async () => {
    const index = `const Koa = require('koa');\nconst { micropie } = require('koa-micropie');${SERVE}`;
    const folder = await projectOf({ 'index.cjs': index });
    expect(await succeed(process.execPath, ['index.cjs'], folder)).to.equal('Hello, Alice!\n');
  });

  for (const [format, file] of [
    ['esm', 'index.mjs'],
    ['cjs', 'index.cjs'],
  ] as const)
    it(`runs in one file that a bundler makes of everything, ${format}, where nothing is installed`, async () => {
      const source = await projectOf({
        'index.mjs': `import Koa from 'koa';\nimport { micropie } from 'koa-micropie';${SERVE.replace('greet(name', 'greet(/* whom */ name')}`,
      });
      // Koa is CommonJS, which requires what Node brings.
      const banner = format === 'esm' && {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      };
      const { outputFiles = [] } = await build({
        entryPoints: [join(source, 'index.mjs')],
        bundle: true,
        write: false,
        platform: 'node',
        format,
        ...(banner && { banner }),
        external: ['ejs', 'ws', 'redis', 'koa-session', '@koa/bodyparser', '@fastify/busboy'],
      });
      const folder = await folderOf({ [file]: outputFiles.map(({ text }) => text).join('') });
      expect(await succeed(process.execPath, [file], folder)).to.equal('Hello, Alice!\n');
    });

  it('says what is missing where a bundler leaves the parser out', async () => {
    const source = await projectOf({
      'index.mjs': "import { micropie } from 'koa-micropie'; micropie(class { greet({ name }) {} });",
    });
    const { outputFiles = [] } = await build({
      entryPoints: [join(source, 'index.mjs')],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
      conditions: ['production'],
      external: ['ejs', 'ws', 'redis', 'koa-session', '@koa/bodyparser', '@fastify/busboy'],
      logLevel: 'silent',
    });
    const folder = await folderOf({ 'index.cjs': outputFiles.map(({ text }) => text).join('') });
    const { code, errors } = await run(process.execPath, ['index.cjs'], folder);
    expect(code).to.equal(1);
    expect(errors).to.include("greet: its parameters can't be read, since the package acorn is missing");
  });

  it('loads its parser for the first parameter list that is more than names and plain defaults', async () => {
    const index = `import { createRequire } from 'node:module';
import { micropie } from 'koa-micropie';
const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('acorn'));
micropie(class { index() {} async greet(name = 'Guest', times = 1, list = []) {} async *ticks(from, to) {} });
console.log(isLoaded());
micropie(class { greet({ name }) {} });
console.log(isLoaded());`;
    const folder = await projectOf({ 'index.mjs': index });
    expect(await succeed(process.execPath, ['index.mjs'], folder)).to.equal('false\ntrue\n');
  });

  it('loads no client of HTTP, no TLS and no workers of Node at its start', async () => {
    const folder = await projectOf({
      'index.mjs': `
import Koa from 'koa';
import { micropie } from 'koa-micropie';
class Root { greet(name = 'you') { return name; } }
new Koa().use(micropie(Root));
const loaded = process.moduleLoadList.map((entry) => entry.replace(/^NativeModule /, ''));
console.log(loaded.filter((name) => /^(internal\\/deps\\/undici.*|http2|tls|cluster)$/.test(name)).join());`,
    });
    expect((await succeed(process.execPath, ['index.mjs'], folder)).trim()).to.equal('');
  });

  it('leads debuggers to its package.json', async () => {
    const folder = await projectOf({ 'index.cjs': "console.log(require('koa-micropie/package.json').name)" });
    expect(await succeed(process.execPath, ['index.cjs'], folder)).to.equal('koa-micropie\n');
  });

  for (const type of ['module', 'commonjs'])
    it(`compiles and runs in a TypeScript project of type ${type}`, async () => {
      const folder = await projectOf({
        'index.ts': TYPED,
        'package.json': JSON.stringify({ type }),
        'tsconfig.json': JSON.stringify({ compilerOptions: COMPILER_OPTIONS }),
      });
      const { output } = await run(bin('tsc'), ['--pretty', 'false'], folder);
      // Other packages' declarations disagree with each other here, where more is installed than a user has.
      const ours = output
        .split('\n')
        .filter((line) => / error TS/.test(line) && !line.includes('/node_modules/@types/'));
      expect(ours).to.deep.equal([]);
      expect(await succeed(process.execPath, ['index.js'], folder)).to.equal('Hello, Alice!\n');
    });

  it('is refused by the compiler where a project uses it wrongly', async () => {
    const wrong = [
      "import { currentRequest, micropie, Reply } from 'koa-micropie';",
      "import 'koa-micropie/dist/micropie.js';",
      'currentRequest().spool;',
      'currentRequest().user;',
      'micropie(class { constructor(_name: string) {} });',
      'new Reply(200, "", []);',
    ];
    const folder = await projectOf({
      'index.ts': wrong.join('\n'),
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({ compilerOptions: COMPILER_OPTIONS }),
    });
    const { code, output } = await run(bin('tsc'), ['--pretty', 'false'], folder);
    const lines = new Set(Array.from(output.matchAll(/^index\.ts\((\d+)/gm), ([, line]) => Number(line)));
    expect(code).not.to.equal(0);
    expect([...lines]).to.have.members([2, 3, 4, 5, 6]);
  });
});

/** The names in the export statements of a declaration file that has no other exports. */
function exportsOf(text: string): string[] {
  const lists = Array.from(text.matchAll(/^export (?:type )?\{(.+?)\} from '.+';$/gm), ([, list = '']) => list);
  expect(text.match(/\bexport\b/g)).to.have.length(lists.length);
  const names = lists.flatMap((list) => list.split(',').map((name) => name.trim().replace(/^type /, '')));
  return names.filter((name) => name !== '').sort();
}

/** The declaration files that one leads to, itself included, as texts. */
async function declarationsFrom(file: string, seen = new Map<string, string>()): Promise<string[]> {
  if (seen.has(file)) return [...seen.values()];
  const text = await readFile(file, 'utf8');
  seen.set(file, text);
  for (const [, path = ''] of text.matchAll(/from '(\..+?)\.js'/g))
    await declarationsFrom(join(file, '..', `${path}.d.ts`), seen);
  return [...seen.values()];
}

async function internalMembers(): Promise<string[]> {
  const source = await readFile(join(ROOT, 'lib/request.ts'), 'utf8');
  return Array.from(source.matchAll(/\/\*\* @internal \*\/\s+(?:readonly )?\[?(\w+)/g), ([, name = '']) => name);
}
