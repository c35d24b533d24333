import { booleanRow, countRow, type Row, type Rows, settleRows } from '../option-rows.js';
import { isRecord } from '../values.js';
import type { SessionBackend } from './backend.js';

/** How the session's cookie and time are set. */
export interface SessionOptions {
  /** The cookie's name; `session_id` where not given. */
  readonly cookie?: string | undefined;
  /** The seconds for which a session is kept after its last use; 8 hours where not given. */
  readonly timeout?: number | undefined;
  /** Whether the cookie outlives the browser, for `timeout` seconds after its last use; false where not given. */
  readonly persistent?: boolean | undefined;
  /** Whether the cookie is Secure; where not given, it is when the connection is. */
  readonly secure?: boolean | undefined;
  /** The cookie's SameSite; `lax` where not given. */
  readonly sameSite?: 'strict' | 'lax' | 'none' | undefined;
  /** The cookie's Domain; none where not given, so that only this host gets it. */
  readonly domain?: string | undefined;
}

/** The argument of `sessions`. */
export interface SessionsOptions extends SessionOptions {
  /** Where sessions are kept; in memory where not given. */
  readonly backend?: SessionBackend | undefined;
}

interface CookieSettings {
  readonly cookie: string;
  readonly timeout: number;
  readonly persistent: boolean;
  readonly secure: boolean | undefined;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly domain: string | undefined;
}

export interface SessionSettings extends CookieSettings {
  readonly enabled: boolean;
  readonly backend: SessionBackend | undefined;
}

export const SESSION_ROWS: Rows<CookieSettings> = {
  cookie: {
    fallback: 'session_id',
    must: 'be a cookie name',
    allows: (value) => typeof value === 'string' && /^[\w!#$%&'*.^`|~+-]+$/.test(value),
  },
  timeout: countRow(8 * 3600),
  persistent: booleanRow(false),
  secure: booleanRow(undefined),
  sameSite: {
    fallback: 'lax',
    must: "be 'strict', 'lax' or 'none'",
    allows: (value) => value === 'strict' || value === 'lax' || value === 'none',
  },
  domain: {
    fallback: undefined,
    must: "be a domain name such as 'example.com'",
    allows: (value) => typeof value === 'string' && /^[a-z\d.-]+$/i.test(value),
  },
};

export const BACKEND_ROW: Row<SessionBackend | undefined> = {
  fallback: undefined,
  must: 'have the methods load(id) and save(id, data, timeout)',
  allows: (value) =>
    isRecord(value) &&
    typeof value['load'] === 'function' &&
    typeof value['save'] === 'function' &&
    ['function', 'undefined'].includes(typeof value['update']),
};

/**
 * @param options - What `micropie` was given as `session` and as `sessionBackend`.
 * @throws TypeError that names the option that is unknown or wrong.
 */
export function settleSession(
  session: SessionOptions | false | undefined,
  backend: SessionBackend | undefined,
): SessionSettings {
  const given = session || {};
  return numbered({
    enabled: session !== false,
    backend,
    ...settleRows<CookieSettings>(given, SESSION_ROWS, 'micropie: options.session'),
  });
}

/** @throws TypeError that names the option of `sessions` that is unknown or wrong. */
export function settleSessions(options: SessionsOptions): SessionSettings {
  const rows = { ...SESSION_ROWS, backend: BACKEND_ROW };
  const settled = settleRows<Omit<SessionSettings, 'enabled'>>(options, rows, 'sessions: options');
  return numbered({ enabled: true, ...settled });
}

const numbers = new WeakMap<SessionSettings, number>();
let count = 0;

function numbered(settings: SessionSettings): SessionSettings {
  count += 1;
  numbers.set(settings, count);
  return settings;
}

/** In which order settings were made: of two that exclude each other the later ones are refused. */
export function numberOf(settings: SessionSettings): number {
  return numbers.get(settings) ?? Number.POSITIVE_INFINITY;
}

/** Whether two mounts with these settings share their sessions. */
export function isEqual(a: SessionSettings, b: SessionSettings): boolean {
  return (
    a.backend === b.backend &&
    a.cookie === b.cookie &&
    a.timeout === b.timeout &&
    a.persistent === b.persistent &&
    a.secure === b.secure &&
    a.sameSite === b.sameSite &&
    a.domain === b.domain
  );
}
