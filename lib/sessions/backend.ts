/** What a session holds when its type is not given: values that JSON can carry. */
export type SessionData = Record<string, unknown>;

/**
 * Where sessions are kept. Each method may answer at once or with a promise.
 *
 * Without `update` a change is stored by `load` and `save`: requests of one process keep each other's changes,
 * those of several processes may overwrite them, and may bring back a session that another process ended.
 *
 * @example
 * const files: SessionBackend = {
 *   load: (id) => readJson(`sessions/${id}.json`),
 *   save: (id, data, timeout) => writeJson(`sessions/${id}.json`, data, timeout),
 * };
 */
export interface SessionBackend {
  /**
   * @param id - A session's identifier: 43 characters of URL-safe Base64, behind the cookie's name and a dot where
   *   that is another than `session_id`.
   * @returns What was saved, or nothing when there is no such session.
   */
  load(id: string): SessionData | null | undefined | Promise<SessionData | null | undefined>;

  /**
   * @param id - A session's identifier.
   * @param data - The whole session; empty to delete it.
   * @param timeout - The seconds for which to keep it; 0 to delete it.
   */
  save(id: string, data: SessionData, timeout: number): unknown;

  /**
   * Changes members of a session that is there, in one step that no other writer can come between. Without
   * changes it renews the session's time, at most once a minute.
   *
   * @param id - A session's identifier.
   * @param changes - The members that are new or other than before; `undefined` removes one.
   * @param timeout - The seconds for which to keep it from now on.
   * @returns False when there is no such session any more; nothing was stored then.
   */
  update?(id: string, changes: SessionData, timeout: number): boolean | Promise<boolean>;
}

/**
 * The seconds after which the time of a session that is only read is renewed: a minute, so that reading does
 * not write each time. A session of less than four minutes is renewed in time, too.
 */
export function renewalInterval(timeout: number): number {
  return Math.min(60, timeout / 4);
}
