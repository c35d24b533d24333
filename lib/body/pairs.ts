import { type ParsedUrlQuery, parse } from 'node:querystring';
import { badRequest } from '../errors.js';

/** Names with the values that were given for each, in order. */
export type Lists<T = string> = Readonly<Record<string, readonly T[]>>;

const MAX_PAIRS = 1000;

/** No names at all. Like every `Lists` it has no prototype, so that a name finds only what the client sent. */
export function emptyLists(): Record<string, never> {
  return Object.create(null);
}

/**
 * Parses a query string or a urlencoded form, in one pass.
 *
 * @returns One value, or a list of them, under each name, as code written for Koa expects.
 * @throws 400 for more than 1,000 pairs.
 */
export function parsePairs(text: string): ParsedUrlQuery {
  // `parse` drops what exceeds maxKeys without an error: one more than allowed shows that there is more.
  const pairs = parse(text, '&', '=', { maxKeys: MAX_PAIRS + 1 });
  // Counting is left out for a text too short to hold so many pairs.
  if (text.length > MAX_PAIRS && Object.values(pairs).flat().length > MAX_PAIRS)
    throw badRequest(`More than ${MAX_PAIRS} fields`);
  return pairs;
}

/** The values of a form or a query. A blank one counts as not given, as in MicroPie. */
export function givenLists<T>(members: Readonly<Record<string, T | readonly T[] | undefined>>): Lists<T> {
  return listsOf(members, (value) => (isList(value) ? value.filter(isGiven) : isGiven(value) ? [value] : []));
}

/** Lists of an object's members; a list that would be empty is left out. */
export function listsOf<V, T>(
  members: Readonly<Record<string, V>>,
  toList: (value: V | undefined) => readonly T[],
): Lists<T> {
  const lists: Record<string, readonly T[]> = Object.create(null);
  // Object.entries() takes twice as long here.
  for (const name of Object.keys(members)) {
    const list = toList(members[name]);
    if (list.length > 0) lists[name] = list;
  }
  return lists;
}

function isList<T>(value: T | readonly T[] | undefined): value is readonly T[] {
  return Array.isArray(value);
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== '' && value !== undefined;
}
