const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/**
 * The undecoded segments of a path below a prefix; one slash at the end is ignored.
 *
 * @returns undefined for a path outside the prefix.
 */
export function segmentsBelow(prefix: string, path: string): string[] | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const rest = path.slice(prefix.length);
  if (rest === '' || rest === '/') return [];
  if (!rest.startsWith('/')) return undefined;
  return rest.slice(1, rest.endsWith('/') ? -1 : undefined).split('/');
}

/**
 * Decodes one segment of a path, once.
 *
 * @returns undefined for a malformed escape or a control character.
 */
export function decodeSegment(segment: string): string | undefined {
  const decoded = segment.includes('%') ? tryToDecode(segment) : segment;
  return decoded === undefined || CONTROL_CHARACTER.test(decoded) ? undefined : decoded;
}

function tryToDecode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
