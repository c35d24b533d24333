import type { ServerResponse as Response } from 'node:http';

/**
 * What is used of `node:http`, without an `import`: for that Node reads every member of the module, and since Node 22
 * loads all of undici for its `WebSocket`, which took half of the time in which this package starts.
 */
export const { createServer, METHODS, ServerResponse, STATUS_CODES, validateHeaderName, validateHeaderValue } =
  process.getBuiltinModule('node:http');

export type ServerResponse = Response;
