import * as acorn from 'acorn';

/** What bundlers take in place of `parser.ts`, see `imports` in package.json: they see no package that is required. */
export function parser(): typeof import('acorn') {
  return acorn;
}
