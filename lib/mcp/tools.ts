import type { Tool } from '@modelcontextprotocol/server';
import { argumentsOf } from '../openapi/schemas.js';
import type { Handler } from '../routing/handler.js';
import { planOfTool } from './arguments.js';
import { type InputSchema, inputSchemaOf, outputSchemaOf } from './schemas.js';

/** A route as a tool. */
export interface ServedTool {
  /** How the protocol describes it. */
  readonly tool: Tool;
  /** Runs the route with arguments by name. */
  readonly handler: Handler;
  readonly input: InputSchema;
}

// What the model providers' own interfaces take for a name.
const NAME = /^[\w-]{1,64}$/;
const SAFE = new Set(['GET', 'HEAD', 'QUERY']);

/**
 * The routes with `tool: true`, by their names as tools, in the order of their declarations.
 *
 * @throws TypeError for a route that can't be a tool, for two of one name, and where there are none.
 */
export function toolsOf(handlers: readonly Handler[]): Map<string, ServedTool> {
  const tools = new Map<string, ServedTool>();
  for (const handler of handlers.filter(({ declaration }) => declaration.tool)) {
    const name = nameOf(handler);
    const other = tools.get(name);
    if (other)
      throw new TypeError(
        `${handler.where} and ${other.handler.where} are both the tool '${name}'; rename a method or a field`,
      );
    tools.set(name, toolOf(name, handler));
  }
  if (tools.size > 0) return tools;
  throw new TypeError('mcp: the mount has no tools; offer a route with static routes = { name: { tool: true, ... } }');
}

/** `tasks.show` is `tasks_show`, since providers know no dots. */
function nameOf({ route, where }: Handler): string {
  const name = route.name.replace(/[^\w-]/g, '_');
  if (NAME.test(name)) return name;
  throw new TypeError(`${where} can't be a tool: '${name}' has more than 64 characters; shorten a method or a field`);
}

function toolOf(name: string, handler: Handler): ServedTool {
  const { where, plan, declaration, returns, methods } = handler;
  const { summary, description, streamsBody } = declaration;
  const text = [summary, description].filter((one) => one !== undefined).join('\n\n');
  if (text === '')
    throw new TypeError(`${where} is a tool without words, by which a model chooses it; declare a summary for it`);
  if (streamsBody)
    throw new TypeError(`${where} can't be a tool: it reads the body itself, and a call has none; leave out 'tool'`);
  const input = inputSchemaOf(plan);
  if (argumentsOf(plan).some(({ type }) => type === 'file' || type === 'file[]') || input.takesFiles)
    throw new TypeError(`${where} can't be a tool: it takes files, and arguments are JSON; leave out 'tool'`);
  const outputSchema = returns && outputSchemaOf(returns);
  const isSafe = methods?.every((method) => SAFE.has(method)) === true;
  return {
    tool: {
      name,
      description: text,
      inputSchema: input.schema,
      ...(outputSchema && { outputSchema }),
      ...(isSafe && { annotations: { readOnlyHint: true } }),
    },
    handler: { ...handler, plan: planOfTool(plan) },
    input,
  };
}
