import { isHttpError } from 'http-errors';

/**
 * Runs a function that stores an upload. A refusal by the file system is no fault of the client, but Koa answers
 * its ENOENT with 404: it becomes an ordinary Error.
 *
 * @param to - Where it is stored, for the message.
 * @throws Error with the file system's own as its `cause`; what `store` throws for the client goes through.
 */
export async function storing<T>(to: string, store: () => Promise<T>): Promise<T> {
  try {
    return await store();
  } catch (cause) {
    if (isHttpError(cause)) throw cause;
    throw new Error(`An upload can't be stored in '${to}'`, { cause });
  }
}
