import { createRequire } from 'node:module';

/**
 * Acorn. Most controllers do without it, and it takes a third of the package's time to start, so that it is loaded for
 * the first signature that needs it.
 */
export function parser(): typeof import('acorn') {
  return createRequire(import.meta.url)('acorn');
}
