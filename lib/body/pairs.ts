import { parse } from 'node:querystring';
import createError from 'http-errors';

/** Names with the values that were given for each, in order. */
export type Lists<T = string> = Readonly<Record<string, readonly T[]>>;

const MAX_PAIRS = 1000;

/** Like all lists, they inherit nothing: no name finds anything but the client's own data. */
export function emptyLists(): Record<string, never> {
  return Object.create(null);
}

/**
 * Parses a query string or a urlencoded form. A blank value counts as not given, as in MicroPie.
 *
 * @throws 400 for more than 1,000 pairs.
 */
export function parsePairs(text: string): Lists {
  if (text === '') return emptyLists();
  const lists: Record<string, string[]> = Object.create(null);
  // One more than is allowed, so that the excess shows instead of being cut off.
  const parsed = parse(text, '&', '=', { maxKeys: MAX_PAIRS + 1 });
  let count = 0;
  for (const [name, value = ''] of Object.entries(parsed)) {
    const values = Array.isArray(value) ? value : [value];
    count += values.length;
    const given = values.filter((one) => one !== '');
    if (given.length > 0) lists[name] = given;
  }
  if (count > MAX_PAIRS) throw createError(400, `400 Bad Request: More than ${MAX_PAIRS} fields`);
  return lists;
}
