import { parametersOfNames } from '../binding/naming.js';
import { INJECTED } from '../binding/parameters.js';
import { makePlan, type Plan } from '../binding/plan.js';
import type { Declaration } from './declarations.js';
import type { Method } from './methods.js';
import { readSignature } from './signature.js';
import type { WrittenParameter } from './written-parameter.js';

/** A method with all that is known of its parameters. */
export interface Described {
  readonly method: Method;
  readonly declaration: Declaration;
  readonly plan: Plan;
  readonly where: string;
  /** As the source writes them. */
  readonly parameters: readonly WrittenParameter[];
  /** Whether their names do not come from the source. */
  readonly isNamed: boolean;
}

/**
 * Reads a method's parameters, and plans how they are bound.
 *
 * @throws TypeError where they can't be read, or the declaration does not fit them.
 */
export function describeMethod(method: Method, declaration: Declaration, where: string): Described {
  const segments = declaration.pattern?.segments;
  const written = signatureOf(method, declaration, where);
  const parameters = declaration.isSocket ? withoutSocket(written, where) : written;
  const named = segments?.filter(({ kind }) => kind !== 'text').length ?? 0;
  return {
    method,
    declaration,
    plan: makePlan(parameters, declaration, segments, where),
    where,
    parameters,
    isNamed: parameters
      .filter((parameter) => parameter.kind !== 'positional' || !INJECTED.has(parameter.name))
      .every((_parameter, index) => index < named || declaration.params[index]?.name !== undefined),
  };
}

function signatureOf(method: Method, { params }: Declaration, where: string): WrittenParameter[] {
  try {
    return readSignature(method);
  } catch (cause) {
    const byHand = parametersOfNames(params);
    if (byHand) return byHand;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const name = where.slice(where.indexOf('.') + 1);
    const cure = `name them by hand: static routes = { '${name}': { params: ['first', 'second'] } }`;
    throw new TypeError(`${where}: its parameters can't be read, since ${reason}; ${cure}`, { cause });
  }
}

/** The first parameter is the socket, whatever it is called; the rest parameter of a wrapper begins with it. */
function withoutSocket(written: readonly WrittenParameter[], where: string): readonly WrittenParameter[] {
  const [first, ...others] = written;
  if (first?.kind === 'positional' && INJECTED.has(first.name))
    throw new TypeError(`${where}: its first parameter is the socket; put ${first.name} behind it`);
  return first?.kind === 'rest' ? written : others;
}
