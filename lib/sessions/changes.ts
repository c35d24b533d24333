import type { SessionData } from './backend.js';

/** @throws TypeError for what JSON can not carry. */
export function toJson(session: object): string {
  try {
    return JSON.stringify(session);
  } catch (cause) {
    throw new TypeError('The session holds something that JSON can not carry, such as a bigint or a cycle', { cause });
  }
}

/** The members of a session that are other than before; one that was removed is `undefined`. */
export function changesBetween(beforeJson: string, afterJson: string): SessionData {
  const before: SessionData = JSON.parse(beforeJson);
  const after: SessionData = JSON.parse(afterJson);
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return Object.fromEntries(changed.map((name) => [name, after[name]]));
}

/** A session with changes, as JSON text; neither is changed itself. */
export function withChanges(session: SessionData, changes: SessionData): string {
  return toJson({ ...session, ...changes });
}
