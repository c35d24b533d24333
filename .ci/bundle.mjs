// Makes one file of each entry of package.json, and of what they share: 150 small files took as long again to load.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

const { exports, engines } = JSON.parse(readFileSync('package.json', 'utf8'));
const scripts = Object.values(exports).flatMap((entry) => entry.default ?? []);

await build({
  entryPoints: scripts.map((path) => path.replace('./dist/', 'lib/').replace(/js$/, 'ts')),
  outbase: 'lib',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: `node${/[\d.]+/.exec(engines.node)}`,
  packages: 'external',
  sourcemap: true,
});
