import { isHttpError } from 'http-errors';

/**
 * Runs a function that writes an upload. What the file system refuses is no fault of the client: Koa would
 * answer a missing folder, of all things, with 404.
 *
 * @throws Error with the file system's own as its `cause`.
 */
export async function writing<T>(to: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (isHttpError(cause)) throw cause;
    throw new Error(`An upload can't be stored in '${to}'`, { cause });
  }
}
