/** What a session holds when its type is not given: values that JSON can carry. */
export type SessionData = Record<string, unknown>;

/**
 * Where sessions are kept. Either method may answer at once or with a promise.
 *
 * @example
 * const files: SessionBackend = {
 *   load: (id) => readJson(`sessions/${id}.json`),
 *   save: (id, data, timeout) => writeJson(`sessions/${id}.json`, data, timeout),
 * };
 */
export interface SessionBackend {
  /**
   * @param id - A session's identifier: 43 characters of URL-safe Base64.
   * @returns What was saved, or nothing when there is no such session.
   */
  load(id: string): SessionData | null | undefined | Promise<SessionData | null | undefined>;

  /**
   * @param id - A session's identifier.
   * @param data - The whole session; empty to delete it.
   * @param timeout - The seconds for which to keep it; 0 to delete it.
   */
  save(id: string, data: SessionData, timeout: number): unknown;
}
