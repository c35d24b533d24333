const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/** Whether a path is the prefix itself, or below it. */
export function isBelow(prefix: string, path: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}

/** Where the segment that begins at a position of a path ends. */
export function endOfSegment(path: string, start: number): number {
  const slash = path.indexOf('/', start);
  return slash === -1 ? path.length : slash;
}

/** The undecoded segments of a path from a position on; one slash at the end is ignored. */
export function segmentsFrom(path: string, start: number): string[] {
  const segments: string[] = [];
  for (let at = start; at < path.length; ) {
    const end = endOfSegment(path, at);
    segments.push(path.slice(at, end));
    at = end + 1;
  }
  return segments;
}

/**
 * Decodes segments of a path.
 *
 * @returns undefined where one of them can't be decoded.
 */
export function decodeSegments(segments: readonly string[]): string[] | undefined {
  const decoded: string[] = [];
  for (const segment of segments) {
    const text = decodeSegment(segment);
    if (text === undefined) return undefined;
    decoded.push(text);
  }
  return decoded;
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
