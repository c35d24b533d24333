import { type Filled, type Rows, settleRows, textRow } from '../option-rows.js';
import { ORIGINS_ROW } from '../websocket/origin.js';

/** The second argument of `mcp`. */
export interface McpOptions {
  /** What the server is called, for clients and their users. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Where it answers; `/mcp` where not given. */
  readonly path?: string | undefined;
  /** Other origins whose pages may come, such as `['https://app.example.com']`; none where not given. */
  readonly origins?: readonly string[] | undefined;
}

const ROWS: Rows<Filled<McpOptions>> = {
  name: textRow(''),
  version: textRow(''),
  path: {
    fallback: '/mcp',
    must: "be a path such as '/mcp', percent-encoded, without a slash at its end",
    allows: (value) => typeof value === 'string' && /^\/$|^(?:\/(?![:*]\w)[\w.~!$&'()*+,;=:@%-]+)+$/.test(value),
  },
  origins: ORIGINS_ROW,
};

/** @throws TypeError that names the option that is missing, unknown or wrong. */
export function settleOptions(options: McpOptions): Filled<McpOptions> {
  const settled = settleRows<Filled<McpOptions>>(options, ROWS, 'mcp: options');
  for (const name of ['name', 'version'] as const)
    if (settled[name] === '') throw new TypeError(`mcp: options.${name} must ${ROWS[name].must}`);
  return settled;
}
