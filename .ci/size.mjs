// What a user downloads and loads, against a budget of 15 % above the size when it was last set; the client's is the one
// that its guide promises.
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const BUDGETS = { tarball: 147_000, code: 18_800, client: 2_200 };

const [{ size }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }),
);
const bundle = async (entry, platform) => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    platform,
    format: 'esm',
    packages: 'external',
  });
  return gzipSync(outputFiles[0].contents).length;
};
const sizes = {
  tarball: size,
  code: await bundle('dist/index.js', 'node'),
  client: await bundle('dist/client/index.js', 'browser'),
};

for (const [name, budget] of Object.entries(BUDGETS)) {
  console.log(`${name}: ${sizes[name]} of ${budget} bytes`);
  if (sizes[name] > budget) process.exitCode = 1;
}
