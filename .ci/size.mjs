// What a user downloads and loads, against a budget of 15 % above the size when it was last set.
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const BUDGETS = { tarball: 147_000, code: 18_800 };

const [{ size }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }),
);
const { outputFiles } = await build({
  entryPoints: ['dist/index.js'],
  bundle: true,
  minify: true,
  write: false,
  platform: 'node',
  format: 'esm',
  packages: 'external',
});
const sizes = { tarball: size, code: gzipSync(outputFiles[0].contents).length };

for (const [name, budget] of Object.entries(BUDGETS)) {
  console.log(`${name}: ${sizes[name]} of ${budget} bytes`);
  if (sizes[name] > budget) process.exitCode = 1;
}
