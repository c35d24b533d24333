import type { SchemaResult, StandardSchema } from '../binding/standard-schema.js';
import type { DeclaredResult } from '../controller/declarations.js';
import type { Request } from '../request.js';
import { close } from '../streams/lifetime.js';
import { isPromiseLike } from '../values.js';
import { Reply } from './reply.js';

/**
 * Passes what a handler returned through the schema that `returns` declares, which filters it or refuses it.
 *
 * @returns A promise only where the schema gives one.
 * @throws Error for what the schema refuses; nothing of it is sent.
 */
export function filterReply(
  returns: DeclaredResult,
  reply: Reply,
  request: Request,
  where: string,
): Reply | Promise<Reply> {
  const { statusCode, body, headers } = reply;
  if (body === null || body === undefined) return reply;
  const refuse = (error: unknown): never => {
    withhold(body, request);
    throw error;
  };
  try {
    const schema = schemaFor(returns, statusCode, where);
    const result = schema?.['~standard'].validate(body);
    if (!result) return reply;
    const filtered = (settled: SchemaResult<unknown>) => new Reply(statusCode, accepted(settled, where), headers);
    return isPromiseLike(result) ? Promise.resolve(result).then(filtered).catch(refuse) : filtered(result);
  } catch (error) {
    return refuse(error);
  }
}

/** Also takes it out of `ctx.body`, or the app's own error handling, where it sets no body, would send it. */
function withhold(body: unknown, { ctx }: Request): void {
  close(body instanceof Response ? body.body : body, ctx);
  if (ctx.body !== body) return;
  ctx.body = undefined;
  ctx.status = 500;
}

function schemaFor(returns: DeclaredResult, status: number, where: string): StandardSchema | undefined {
  const isSuccess = status >= 200 && status < 300;
  if (returns.kind === 'any') return isSuccess ? returns.schema : undefined;
  const schema = returns.schemas.get(status);
  if (!schema && isSuccess)
    throw new Error(
      `${where} answers with ${status}, for which its returns declares no schema; add one to the declaration`,
    );
  return schema;
}

function accepted(result: SchemaResult<unknown>, where: string): unknown {
  if (!result.issues) return result.value;
  const issues = Array.from(result.issues, ({ message, path = [] }) =>
    [...Array.from(path, (part) => String(typeof part === 'object' ? part.key : part)), message].join(': '),
  );
  throw new Error(`${where} returned what its declared returns refuses: ${issues.join('; ')}`);
}
