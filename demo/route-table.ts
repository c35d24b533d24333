import type { Parameter, ParameterType } from '../lib/index.js';
import type { Demo } from './tour.js';

/** The routes of all demos as text: HTTP methods, path, parameters. */
export function routeTable(demos: readonly Demo[]): string {
  const rows = demos.flatMap(({ routes }) =>
    routes.map(({ methods, path, parameters }) => [methods.join(' '), path, parameters.map(describe).join(', ')]),
  );
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function describe(parameter: Parameter): string {
  switch (parameter.kind) {
    case 'rest':
      return `...${parameter.name}`;
    case 'pattern':
      return `{ ${parameter.keys.map(named).join(', ')} }`;
    case 'positional':
    case 'input':
      return named(parameter);
  }
}

function named({ name, type, required }: { name: string; type: ParameterType; required: boolean }): string {
  return `${name}${required ? '' : '?'}${type === 'any' ? '' : `: ${type}`}`;
}
