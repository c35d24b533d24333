import { createRequire } from 'node:module';

/**
 * Loads acorn, for the first parameter list that needs it: most controllers do without, and it takes a quarter of the
 * time in which this package starts.
 *
 * @throws Error where acorn is not there.
 */
export function parser(): typeof import('acorn') {
  try {
    // The name matters: @vercel/nft (1.11.5), with which hosts choose the files to deploy, follows only calls of `require`.
    const require = createRequire(import.meta.url);
    return require('acorn');
  } catch (cause) {
    throw new Error("the package acorn is missing (a bundler includes it under the condition 'module')", { cause });
  }
}
