const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/**
 * The undecoded segments of a path below a prefix; one slash at the end is ignored.
 *
 * @returns undefined for a path outside the prefix.
 */
export function segmentsBelow(prefix: string, path: string): string[] | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const start = prefix.length + 1;
  if (path.length >= start && path[prefix.length] !== '/') return undefined;
  if (path.length <= start) return [];
  return path.slice(start, path.endsWith('/') ? -1 : undefined).split('/');
}

/**
 * Decodes one segment of a path, once.
 *
 * @returns undefined for a malformed escape or a control character.
 */
export function decodeSegment(segment: string): string | undefined {
  // HTTP itself allows no control character that is not escaped.
  if (!segment.includes('%')) return segment;
  try {
    const decoded = decodeURIComponent(segment);
    return CONTROL_CHARACTER.test(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}
