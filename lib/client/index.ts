export { client } from './client.js';
export { CallError } from './decode.js';
export type { ReceivedEvent } from './events.js';
export type { Call } from './result.js';
export type { CallOptions, Client, ClientOptions } from './types.js';
