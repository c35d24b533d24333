import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { expect } from 'chai';
import Koa from 'koa';
import { agent } from 'supertest';
import * as library from '../lib/index.js';
import { type MicropieOptions, settle } from '../lib/options.js';
import type { SessionOptions } from '../lib/sessions/options.js';
import { parseScript, play } from './support/script.js';
import { type Snippet, snippetsOf, typeErrors, writeModules } from './support/snippets.js';

const lib = new URL('../lib/', import.meta.url);
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const snippets = snippetsOf(readme);

// The compiler keeps it complete.
const OPTIONS: Record<keyof MicropieOptions | keyof SessionOptions, true> = {
  prefix: true,
  middlewares: true,
  fallthrough: true,
  strict: true,
  sessionBackend: true,
  session: true,
  body: true,
  uploads: true,
  views: true,
  layout: true,
  websocket: true,
  cookie: true,
  persistent: true,
  timeout: true,
  secure: true,
  sameSite: true,
  domain: true,
};

interface Running {
  readonly served: Koa | RequestListener;
  /** What the app was told of and no client is to blame for. */
  readonly errors: unknown[];
}

async function start(file: string): Promise<Running> {
  const { app, served }: { app: Koa; served: Running['served'] } = await import(pathToFileURL(file).href);
  const errors: unknown[] = [];
  app.on('error', (error) => error?.status < 500 || errors.push(error));
  return { served, errors };
}

/** Runs a snippet and the requests below it, in the order of the text, as one visitor. */
async function run({ file, http }: Snippet): Promise<void> {
  const { served, errors } = await start(file);
  const visitor = agent(served instanceof Koa ? served.callback() : served);
  const exchanges = parseScript(http.join(''));
  for (const exchange of exchanges)
    expect(await play(exchange, visitor), exchange.title).to.deep.equal(exchange.answer);
  const failures = exchanges.filter(({ answer }) => answer.line.startsWith('5'));
  expect(errors, 'errors behind the answers').to.have.length(failures.length);
}

/** What a task prints when it runs in a folder. */
async function printedIn(folder: string, task: () => Promise<void>): Promise<string> {
  const printed: string[] = [];
  const { log } = console;
  const home = process.cwd();
  process.chdir(folder);
  console.log = (...values) => printed.push(`${format(...values)}\n`);
  try {
    await task();
  } finally {
    console.log = log;
    process.chdir(home);
  }
  return printed.join('');
}

/** The rows of the table whose first cells hold code, as pairs of their first two cells. */
function rowsOf(heading: string): Map<string, string> {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return new Map(
    Array.from(section.matchAll(/^\| `([^`]+)` \| ([^|]*) \|/gm), ({ 1: name = '', 2: value = '' }) => [
      name,
      value.trim(),
    ]),
  );
}

function toNumber(text: string): number {
  const [, digits = '', unit = ''] = /^([\d,]+)(?: (KiB|MiB))?$/.exec(text) ?? [];
  return Number(digits.replaceAll(',', '')) * (unit === 'MiB' ? 1024 ** 2 : unit === 'KiB' ? 1024 : 1);
}

describe('README.md', () => {
  let folder: string;

  before(async () => {
    folder = await writeModules(snippets);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it('has snippets that compile under the settings of this project', async () => {
    expect(await typeErrors(folder)).to.equal('');
  }).timeout(30_000);

  for (const snippet of snippets)
    it(`has a snippet on ${snippet.file} that does what the text shows`, async () => {
      const printed = await printedIn(folder, () => run({ ...snippet, file: join(folder, snippet.file) }));
      expect(printed).to.equal(snippet.text.join(''));
    }).timeout(10_000);

  it('gives the limits that hold where no option says otherwise', () => {
    const { body, uploads, session } = settle({});
    const options = Object.entries({ body, uploads, session }).flatMap(([group, settings]) =>
      Object.entries(settings).flatMap(([name, value]) =>
        typeof value === 'number' ? [[`${group}.${name}`, value]] : [],
      ),
    );
    const rows = Array.from(rowsOf('Limits'), ([name, value]) => [name, toNumber(value)]);
    expect(Object.fromEntries(rows)).to.deep.equal(Object.fromEntries(options));
  });

  it('explains every option', () => {
    expect([...rowsOf('API reference').keys()]).to.include.members(Object.keys(OPTIONS));
  });

  it('links to headings that exist', () => {
    const headings = Array.from(readme.matchAll(/^#+ (.*)$/gm), ({ 1: heading = '' }) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const [, anchor] of readme.matchAll(/\]\(#([^)]*)\)/g)) expect(headings).to.include(anchor);
  });
});

interface Export {
  readonly name: string;
  readonly source: string;
}

function exportsOf(): Export[] {
  const index = readFileSync(new URL('index.ts', lib), 'utf8');
  const clauses = Array.from(index.matchAll(/^export (?:type )?\{(.*?)\} from '(.*?)\.js';$/gms));
  return clauses.flatMap(({ 1: names = '', 2: file }) => {
    const source = readFileSync(new URL(`${file}.ts`, lib), 'utf8');
    return names.split(',').map((name) => ({ name: name.replace('type ', '').trim(), source }));
  });
}

/** The comment that stands right before a declaration. */
function commentOf({ name, source }: Export): string {
  const declaration = new RegExp(
    `^export (?:abstract |async )*(?:class|function\\*?|interface|type|const) ${name}\\b`,
    'm',
  );
  const before = source.slice(0, source.search(declaration)).trimEnd();
  return before.endsWith('*/') ? before.slice(before.lastIndexOf('/**')) : '';
}

const all = exportsOf();

describe('The exports of the library', () => {
  it('are all found by this spec', () => {
    expect(all.map(({ name }) => name)).to.include.members(Object.keys(library));
  });

  for (const one of all) {
    const isValue = one.name in library;

    it(`have a comment${isValue ? ' with an example' : ''}: ${one.name}`, () => {
      expect(commentOf(one)).to.match(isValue ? /@example/ : /\w/);
    });

    it(`are in the API reference of README.md: ${one.name}`, () => {
      expect(readme.split('\n## API reference\n')[1]).to.include(`\`${one.name}`);
    });
  }
});
