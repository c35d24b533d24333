import { BODY_ROWS, type BodyLimits, type BodySettings } from './body/options.js';
import { type HttpMiddleware, refuseHook } from './hooks.js';
import { booleanRow, groupRow, type Rows, settleRows, textRow } from './option-rows.js';
import type { SessionBackend } from './sessions/backend.js';
import { BACKEND_ROW, type SessionOptions, type SessionSettings, settleSession } from './sessions/options.js';
import { UPLOAD_ROWS, type UploadOptions, type UploadSettings } from './uploads/options.js';
import { settleWebSocket, WEBSOCKET_ROW, type WebSocketOptions, type WebSocketSettings } from './websocket/options.js';

/** The second argument of `micropie`. */
export interface MicropieOptions {
  /** The path below which the controller answers, such as `/api`. */
  readonly prefix?: string | undefined;
  /** Hooks, in the order in which they run. */
  readonly middlewares?: readonly HttpMiddleware[] | undefined;
  /** `false` answers 404 where no route matches, hooks and all, instead of handing on; true where not given. */
  readonly fallthrough?: boolean | undefined;
  /** Whether path segments beyond a method's parameters make the path unknown; false where not given. */
  readonly strict?: boolean | undefined;
  /** Where sessions are kept; in memory where not given. */
  readonly sessionBackend?: SessionBackend | undefined;
  /** The session's settings; `false` turns sessions off. */
  readonly session?: SessionOptions | false | undefined;
  /** The limits of bodies, in bytes; `false` leaves bodies unparsed. */
  readonly body?: BodyLimits | false | undefined;
  /** The limits of uploads, and where to keep files; `false` refuses multipart bodies with 415. */
  readonly uploads?: UploadOptions | false | undefined;
  /** The folder of the templates; `templates` where not given. */
  readonly views?: string | undefined;
  /** The template around each page, which it sees as `body`; none where not given. */
  readonly layout?: string | undefined;
  /** Who may open sockets, and their limits. */
  readonly websocket?: WebSocketOptions | undefined;
}

/** The options with all defaults filled in. */
export interface Settings {
  readonly prefix: string;
  readonly middlewares: HttpMiddleware[];
  readonly fallthrough: boolean;
  readonly strict: boolean;
  readonly session: SessionSettings;
  readonly body: BodySettings | false;
  readonly uploads: UploadSettings | false;
  readonly views: string;
  readonly layout: string | undefined;
  readonly websocket: WebSocketSettings;
}

/** The options, before the groups among them are settled. */
interface Given extends Pick<Settings, 'prefix' | 'fallthrough' | 'strict' | 'views' | 'layout'> {
  readonly middlewares: readonly HttpMiddleware[];
  readonly sessionBackend: SessionBackend | undefined;
  readonly session: SessionOptions | false;
  readonly body: BodyLimits | false;
  readonly uploads: UploadOptions | false;
  readonly websocket: WebSocketOptions;
}

const ROWS: Rows<Given> = {
  prefix: {
    fallback: '',
    must:
      "be a path such as '/api', percent-encoded, without a slash at its end; " +
      "write ':name' in static routes, as in path: 'GET /users/:id'",
    allows: (value) => typeof value === 'string' && /^(?:\/(?![:*]\w)[\w.~!$&'()*+,;=:@%-]+)*$/.test(value),
  },
  middlewares: { fallback: [], must: 'be a list of hooks', allows: Array.isArray },
  fallthrough: booleanRow(true),
  strict: booleanRow(false),
  sessionBackend: BACKEND_ROW,
  session: groupRow<SessionOptions>(),
  body: groupRow<BodyLimits>(),
  uploads: groupRow<UploadOptions>(),
  views: textRow('templates'),
  layout: textRow(undefined),
  websocket: WEBSOCKET_ROW,
};

/**
 * Checks the options and fills in the defaults; what was given is not changed.
 *
 * @throws TypeError that names the option that is unknown or wrong.
 */
export function settle(options: MicropieOptions): Settings {
  const { middlewares, sessionBackend, session, body, uploads, websocket, ...others } = settleRows(
    options,
    ROWS,
    'micropie: options',
  );
  for (const [index, hook] of middlewares.entries()) refuseHook(hook, `micropie: options.middlewares[${index}]`);
  return {
    ...others,
    middlewares: [...middlewares],
    session: settleSession(session, sessionBackend),
    body: body && settleRows(body, BODY_ROWS, 'micropie: options.body'),
    uploads: uploads && settleRows(uploads, UPLOAD_ROWS, 'micropie: options.uploads'),
    websocket: settleWebSocket(websocket),
  };
}
