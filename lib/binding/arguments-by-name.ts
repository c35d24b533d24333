import { isRecord } from '../values.js';
import type { Plan, PlannedParameter } from './plan.js';

/** The arguments by the names of their parameters, as hooks get them; without what the client does not give. */
export function argumentsByName({ parameters }: Plan, values: readonly unknown[]): Record<string, unknown> {
  const record: Record<string, unknown> = Object.create(null);
  for (const [index, parameter] of parameters.entries()) {
    const value = values[index];
    const keys = keysOf(parameter);
    if (keys) copyKeys(keys, value, record);
    else if (parameter.kind === 'rest') record[parameter.name] = values.slice(index);
    else if (parameter.kind === 'positional' || parameter.kind === 'input')
      if (value !== undefined) record[parameter.name] = value;
  }
  return record;
}

function keysOf(parameter: PlannedParameter): readonly string[] | undefined {
  if (parameter.kind === 'pattern') return parameter.keys.flatMap((key) => (key.kind === 'injected' ? [] : [key.name]));
  return parameter.kind === 'input' ? parameter.keys : undefined;
}

/**
 * The keys alone that the pattern names, and never over a parameter's own: with `update(id, { title })` a body's `id`
 * would be what an ownership check sees, and the path's what the handler changes.
 */
function copyKeys(keys: readonly string[], value: unknown, record: Record<string, unknown>): void {
  if (!isRecord(value)) return;
  for (const key of keys)
    if (!(key in record) && value[key] !== undefined && Object.hasOwn(value, key)) record[key] = value[key];
}
