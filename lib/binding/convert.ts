import { UploadedFile } from '../uploads/uploaded-file.js';
import type { ParameterType, ScalarType } from './parameters.js';

/** What a converter gives for a value that its type refuses. */
export const REFUSED = Symbol('refused');

// Longer whole numbers take noticeable time to parse.
const MAX_BIGINT_DIGITS = 1000;

const BOOLEANS = new Map<unknown, boolean>([
  ['true', true],
  ['1', true],
  ['on', true],
  ['yes', true],
  ['false', false],
  ['0', false],
  ['off', false],
  ['no', false],
]);

type Convert = (values: readonly unknown[]) => unknown;

const SCALARS: Readonly<Record<ScalarType, Convert>> = {
  bigint: ([value]) => toBigInt(value),
  boolean: ([value]) => (typeof value === 'boolean' ? value : (BOOLEANS.get(value) ?? REFUSED)),
  file: ([value]) => (value instanceof UploadedFile ? value : REFUSED),
  number: ([value]) => toNumber(value),
  string: ([value]) => toText(value),
};

/** Turns all values that a request has under one name into the argument of the given type. */
export const convert: Readonly<Record<ParameterType, Convert>> = {
  any: ([value]) => value,
  list: toList,
  ...SCALARS,
  'bigint[]': listOf(SCALARS.bigint),
  'boolean[]': listOf(SCALARS.boolean),
  'file[]': listOf(SCALARS.file),
  'number[]': listOf(SCALARS.number),
  'string[]': listOf(SCALARS.string),
};

/** How a refusal names the type to the client. */
export const DESCRIPTION: Readonly<Record<ParameterType, string>> = {
  any: 'a value',
  bigint: 'a whole number',
  boolean: 'true or false',
  file: 'an uploaded file',
  list: 'a list',
  number: 'a number',
  string: 'text',
  'bigint[]': 'a list of whole numbers',
  'boolean[]': 'a list of true and false',
  'file[]': 'a list of uploaded files',
  'number[]': 'a list of numbers',
  'string[]': 'a list of texts',
};

function listOf(toItem: Convert): Convert {
  return (values) => {
    const list = toList(values);
    if (!Array.isArray(list)) return REFUSED;
    const items = list.map((item) => toItem([item]));
    return items.includes(REFUSED) ? REFUSED : items;
  };
}

function toNumber(value: unknown): unknown {
  const number = typeof value === 'string' && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value) ? Number(value) : value;
  return typeof number === 'number' && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : REFUSED;
}

function toBigInt(value: unknown): unknown {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : REFUSED;
  const isWhole = typeof value === 'string' && value.length <= MAX_BIGINT_DIGITS && /^-?\d+$/.test(value);
  return isWhole ? BigInt(value) : REFUSED;
}

function toText(value: unknown): unknown {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : REFUSED;
}

/** A JSON list arrives as one value; everything else as one value per occurrence of the name. */
function toList(values: readonly unknown[]): unknown {
  const [first] = values;
  if (Array.isArray(first)) return first;
  return first === null ? REFUSED : [...values];
}
