import * as acorn from 'acorn';

/** Bundlers take this file in place of `parser.ts` (`imports` in package.json), since they do not follow `createRequire`. */
export function parser(): typeof import('acorn') {
  return acorn;
}
