import type { StandardSchema } from '../binding/standard-schema.js';
import type { DeclaredResult } from '../controller/declarations.js';
import { Reply } from './reply.js';

/**
 * Passes what a handler returned through the schema that `returns` declares, which filters it or refuses it.
 *
 * @throws Error for what the schema refuses; nothing of it is sent.
 */
export async function filterReply(returns: DeclaredResult, reply: Reply, where: string): Promise<Reply> {
  const { statusCode, body, headers } = reply;
  if (body === null || body === undefined) return reply;
  const schema = schemaFor(returns, statusCode, where);
  return schema ? new Reply(statusCode, await filter(schema, body, where), headers) : reply;
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

async function filter(schema: StandardSchema, body: unknown, where: string): Promise<unknown> {
  const result = await schema['~standard'].validate(body);
  if (!result.issues) return result.value;
  const issues = Array.from(result.issues, ({ message, path = [] }) =>
    [...Array.from(path, (part) => String(typeof part === 'object' ? part.key : part)), message].join(': '),
  );
  throw new Error(`${where} returned what its declared returns refuses: ${issues.join('; ')}`);
}
