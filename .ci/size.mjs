// What a user downloads and loads, against a budget of 15 % above the size when it was last set; the client's is the one
// that its guide promises.
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const BUDGETS = { tarball: 480_000, code: 47_000, openapi: 5_300, client: 2_200, mcp: 5_200 };

const [{ size }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }),
);
const code = await compressed(['index.js']);
// What it adds to the main entry, which whoever makes a document has already.
const openapi = (await compressed(['index.js', 'openapi/openapi.js'])) - code;
// What it adds to the main entry and to documents, whose schemas it shares.
const mcp = (await compressed(['index.js', 'openapi/openapi.js', 'mcp/mcp.js'])) - code - openapi;
const client = await compressed(['client/index.js'], 'browser');
const sizes = { tarball: size, code, openapi, client, mcp };

for (const [name, budget] of Object.entries(BUDGETS)) {
  console.log(`${name}: ${sizes[name]} of ${budget} bytes`);
  if (sizes[name] > budget) process.exitCode = 1;
}

async function compressed(entries, platform = 'node') {
  const contents = entries.map((entry) => `export * from './dist/${entry}';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '.' },
    bundle: true,
    minify: true,
    write: false,
    platform,
    format: 'esm',
    packages: 'external',
  });
  return gzipSync(outputFiles[0].contents).length;
}
