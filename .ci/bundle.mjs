// Makes one file of each entry of package.json, and of what they share: 150 small files took as long again to load.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = [...Object.values(manifest.exports), ...Object.values(manifest.imports)];
const scripts = entries.flatMap((entry) => [entry.default, entry.module].filter(Boolean));

await build({
  entryPoints: scripts.map((path) => path.replace('./dist/', 'lib/').replace(/js$/, 'ts')),
  outbase: 'lib',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: `node${/[\d.]+/.exec(manifest.engines.node)}`,
  packages: 'external',
  sourcemap: true,
  // Left for `imports` in package.json to resolve: Node and bundlers take different files.
  plugins: [{ name: 'parser', setup: ({ onResolve }) => onResolve({ filter: /\/parser\.js$/ }, parser) }],
});

function parser() {
  return { path: '#parser', external: true };
}
