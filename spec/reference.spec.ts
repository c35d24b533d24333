import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { CallOptions, ClientOptions } from '../lib/client/index.js';
import * as clientEntry from '../lib/client/index.js';
import type {
  BodyLimits,
  MicropieOptions,
  RouteDeclaration,
  ServeOptions,
  SessionOptions,
  SessionsOptions,
  UploadOptions,
} from '../lib/index.js';
import * as library from '../lib/index.js';
import type { McpOptions } from '../lib/mcp/mcp.js';
import * as mcpEntry from '../lib/mcp/mcp.js';
import type { OpenApiOptions } from '../lib/openapi/openapi.js';
import * as openapiEntry from '../lib/openapi/openapi.js';
import { settle } from '../lib/options.js';
import { ROOT } from './support/package.js';

const reference = textOf('demo/guides/reference.md');

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

type Keys<T> = Record<keyof T, true>;

// The compiler keeps them complete.
const OPTIONS: {
  MicropieOptions: Keys<MicropieOptions>;
  SessionOptions: Keys<SessionOptions>;
  SessionsOptions: Keys<Omit<SessionsOptions, keyof SessionOptions>>;
  BodyLimits: Keys<BodyLimits>;
  UploadOptions: Keys<UploadOptions>;
  ServeOptions: Keys<ServeOptions>;
  RouteDeclaration: Keys<RouteDeclaration>;
  CallOptions: Keys<CallOptions>;
  ClientOptions: Keys<Omit<ClientOptions, keyof CallOptions>>;
  OpenApiOptions: Keys<OpenApiOptions>;
  McpOptions: Keys<McpOptions>;
} = {
  MicropieOptions: {
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
  },
  SessionOptions: { cookie: true, timeout: true, persistent: true, secure: true, sameSite: true, domain: true },
  SessionsOptions: { backend: true },
  BodyLimits: { jsonLimit: true, formLimit: true },
  UploadOptions: {
    maxFiles: true,
    maxFileSize: true,
    maxFields: true,
    maxFieldSize: true,
    maxParts: true,
    dir: true,
  },
  ServeOptions: {
    port: true,
    host: true,
    startupHandlers: true,
    shutdownHandlers: true,
    signals: true,
    drain: true,
    deadline: true,
  },
  RouteDeclaration: {
    path: true,
    params: true,
    input: true,
    returns: true,
    from: true,
    session: true,
    body: true,
    middlewares: true,
    summary: true,
    description: true,
    openapi: true,
    tool: true,
    protocols: true,
  },
  CallOptions: { fetch: true, headers: true, signal: true },
  ClientOptions: { routes: true },
  OpenApiOptions: { info: true, servers: true, security: true, components: true, tags: true },
  McpOptions: { name: true, version: true, path: true, origins: true },
};

describe('The reference', () => {
  for (const [name, options] of Object.entries(OPTIONS))
    it(`has every member of ${name}, and no other`, () => {
      expect([...rowsBelow(reference, name).keys()]).to.have.members(Object.keys(options));
    });

  it('gives the limits that hold where no option says otherwise', () => {
    const settled = settle({});
    for (const [name, settings] of [
      ['BodyLimits', settled.body],
      ['UploadOptions', settled.uploads],
      ['SessionOptions', settled.session],
    ] as const) {
      const rows = rowsBelow(reference, name);
      for (const [option, value] of Object.entries(settings))
        if (typeof value === 'number') expect(toNumber(rows.get(option)), `${name}.${option}`).to.equal(value);
    }
  });
});

/** The rows of the table below a heading, as pairs of an option's name and the next cell. */
function rowsBelow(text: string, heading: string): Map<string, string> {
  const section = text.split(`\n### ${heading}\n`)[1]?.split('\n#')[0] ?? '';
  return new Map(
    Array.from(section.matchAll(/^\| `([^`]+)` \| ([^|]*) \|/gm), ({ 1: name = '', 2: value = '' }) => [
      name,
      value.trim(),
    ]),
  );
}

function toNumber(text = ''): number {
  const [, digits = '', unit = ''] = /^([\d,]+)(?: (KiB|MiB))?$/.exec(text) ?? [];
  return Number(digits.replaceAll(',', '')) * (unit === 'MiB' ? 1024 ** 2 : unit === 'KiB' ? 1024 : 1);
}

interface Export {
  readonly name: string;
  readonly source: string;
}

const CLAUSE = /^(import|export) (?:type )?\{([^}]*)\}(?: from '(\.[^']*)\.js')?;$/gm;
const OWN = /^export (?:function|interface|type) (\w+)/gm;

/** What an entry exports: of itself, of other files, or of what it imports. */
function exportsOf(entry: string): Export[] {
  const text = textOf(entry);
  const files = new Map<string, string>();
  const names = new Set(Array.from(text.matchAll(OWN), ({ 1: name = '' }) => name));
  for (const [, kind, listed = '', file] of text.matchAll(CLAUSE))
    for (const name of listed.split(',').map((one) => one.replace('type ', '').trim())) {
      if (file) files.set(name, join(dirname(entry), `${file}.ts`));
      if (kind === 'export' && name !== '') names.add(name);
    }
  return Array.from(names, (name) => ({ name, source: textOf(files.get(name) ?? entry) }));
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

const ENTRIES = [
  ['koa-micropie', 'lib/index.ts', library],
  ['koa-micropie/client', 'lib/client/index.ts', clientEntry],
  ['koa-micropie/openapi', 'lib/openapi/openapi.ts', openapiEntry],
  ['koa-micropie/mcp', 'lib/mcp/mcp.ts', mcpEntry],
] as const;

for (const [name, entry, values] of ENTRIES)
  describe(`The exports of ${name}`, () => {
    const exported = exportsOf(entry);

    it('are all found by this spec', () => {
      expect(exported.map(({ name }) => name)).to.include.members(Object.keys(values));
    });

    for (const one of exported) {
      const isValue = one.name in values;

      it(`have a comment${isValue ? ' with an example' : ''}: ${one.name}`, () => {
        expect(commentOf(one)).to.match(isValue ? /@example/ : /\w/);
      });

      it(`are in the reference: ${one.name}`, () => {
        expect(reference).to.include(`\`${one.name}`);
      });
    }
  });
