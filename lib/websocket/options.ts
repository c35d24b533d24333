import { countRow, type Filled, type Row, type Rows, settleRows } from '../option-rows.js';
import { isRecord } from '../values.js';
import { ORIGINS_ROW } from './origin.js';

/** How sockets are accepted and kept. */
export interface WebSocketOptions {
  /** Other origins whose pages may come, such as `['https://app.example.com']`; none where not given. */
  readonly origins?: readonly string[] | undefined;
  /** The bytes that one message may have; 1 MiB where not given. A longer one closes the socket with 1009. */
  readonly maxPayload?: number | undefined;
  /** The seconds between two looks at whether the client is still there; 30 where not given. */
  readonly heartbeat?: number | undefined;
}

export type WebSocketSettings = Filled<WebSocketOptions>;

// Beyond that, Node's timers fire at once.
const LONGEST = (2 ** 31 - 1) / 1000;

const ROWS: Rows<WebSocketSettings> = {
  origins: ORIGINS_ROW,
  maxPayload: countRow(2 ** 20),
  heartbeat: {
    fallback: 30,
    must: `be a number of seconds above 0 and up to ${Math.floor(LONGEST)}`,
    allows: (value) => typeof value === 'number' && value > 0 && value <= LONGEST,
  },
};

export const WEBSOCKET_ROW: Row<WebSocketOptions> = { fallback: {}, must: 'be an object', allows: isRecord };

/** @throws TypeError that names the option that is unknown or wrong. */
export function settleWebSocket(options: WebSocketOptions): WebSocketSettings {
  return settleRows(options, ROWS, 'micropie: options.websocket');
}
