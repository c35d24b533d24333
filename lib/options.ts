import type { BodyLimits } from './body/parse.js';
import { type HttpMiddleware, refuseHook } from './hooks.js';
import type { SessionBackend } from './sessions/backend.js';
import type { UploadLimits, UploadOptions } from './uploads/limits.js';

/** How the session's cookie and time are set. */
export interface SessionOptions {
  /** The cookie's name; `session_id` where not given. */
  readonly cookie?: string;
  /** The seconds for which a session is kept; 8 hours where not given. */
  readonly timeout?: number;
  /** Whether the cookie is Secure; where not given, it is when the connection is. */
  readonly secure?: boolean;
  /** The cookie's SameSite; `lax` where not given. */
  readonly sameSite?: 'strict' | 'lax' | 'none';
  /** The cookie's Domain; none where not given, so that only this host gets it. */
  readonly domain?: string;
}

/** The second argument of `micropie`. */
export interface MicropieOptions {
  /** The path below which the controller answers, such as `/api`. */
  readonly prefix?: string;
  /** Hooks, in the order in which they run. */
  readonly middlewares?: readonly HttpMiddleware[];
  /** `false` answers 404 where no route matches, hooks and all, instead of handing on; true where not given. */
  readonly fallthrough?: boolean;
  /** Whether path segments beyond a method's parameters make the path unknown; false where not given. */
  readonly strict?: boolean;
  /** Where sessions are kept; in memory where not given. */
  readonly sessionBackend?: SessionBackend;
  /** The session's settings; `false` turns sessions off. */
  readonly session?: SessionOptions | false;
  /** The limits of bodies, in bytes; `false` leaves bodies unparsed. */
  readonly body?: BodyLimits | false;
  /** The limits of uploads, and where to keep files. */
  readonly uploads?: UploadOptions;
  /** The folder of the templates; `templates` where not given. */
  readonly views?: string;
}

export interface SessionSettings {
  readonly enabled: boolean;
  /** Whether the user asked for any of this. */
  readonly given: boolean;
  readonly backend: SessionBackend | undefined;
  readonly cookie: string;
  readonly timeout: number;
  readonly secure: boolean | undefined;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly domain: string | undefined;
}

/** The options with all defaults filled in. */
export interface Settings {
  readonly prefix: string;
  readonly middlewares: HttpMiddleware[];
  readonly fallthrough: boolean;
  readonly strict: boolean;
  readonly session: SessionSettings;
  readonly body: Required<BodyLimits> | false;
  readonly uploads: UploadLimits;
  readonly views: string;
}

/** What an option's value must be. */
interface Rule {
  readonly must: string;
  allows(value: unknown): boolean;
}

type Rules<T> = { readonly [K in keyof T]-?: Rule };
type Given = Record<string, unknown>;

const BOOLEAN: Rule = { must: 'be true or false', allows: (value) => typeof value === 'boolean' };
const COUNT: Rule = {
  must: 'be a whole number above 0',
  allows: (value) => Number.isSafeInteger(value) && Number(value) > 0,
};
const TEXT: Rule = {
  must: 'be a text that is not empty',
  allows: (value) => typeof value === 'string' && value !== '',
};
const OBJECT: Rule = { must: 'be an object', allows: isObject };

const RULES: Rules<MicropieOptions> = {
  prefix: {
    must:
      "be a path such as '/api', percent-encoded, without a slash at its end; " +
      "write ':name' in static routes, as in path: 'GET /users/:id'",
    allows: (value) => typeof value === 'string' && /^(?:\/(?![:*]\w)[\w.~!$&'()*+,;=:@%-]+)*$/.test(value),
  },
  middlewares: {
    must: 'be a list of hooks',
    allows: Array.isArray,
  },
  fallthrough: BOOLEAN,
  strict: BOOLEAN,
  sessionBackend: {
    must: 'have the methods load(id) and save(id, data, timeout)',
    allows: (value) => isObject(value) && typeof value.load === 'function' && typeof value.save === 'function',
  },
  session: { must: 'be an object or false', allows: (value) => value === false || isObject(value) },
  body: { must: 'be an object or false', allows: (value) => value === false || isObject(value) },
  uploads: OBJECT,
  views: TEXT,
};

const SESSION_RULES: Rules<SessionOptions> = {
  cookie: {
    must: 'be a cookie name',
    allows: (value) => typeof value === 'string' && /^[\w!#$%&'*.^`|~+-]+$/.test(value),
  },
  timeout: COUNT,
  secure: BOOLEAN,
  sameSite: {
    must: "be 'strict', 'lax' or 'none'",
    allows: (value) => value === 'strict' || value === 'lax' || value === 'none',
  },
  domain: {
    must: "be a domain name such as 'example.com'",
    allows: (value) => typeof value === 'string' && /^[a-z\d.-]+$/i.test(value),
  },
};

const BODY_RULES: Rules<BodyLimits> = { jsonLimit: COUNT, formLimit: COUNT };

const UPLOAD_RULES: Rules<UploadOptions> = {
  maxFiles: COUNT,
  maxFileSize: COUNT,
  maxFields: COUNT,
  maxFieldSize: COUNT,
  maxParts: COUNT,
  dir: TEXT,
};

/**
 * Checks the options and fills in the defaults; what was given is not changed.
 *
 * @throws TypeError that names the option that is unknown or wrong.
 */
export function settle(options: MicropieOptions): Settings {
  check(options, RULES, 'options');
  for (const [index, hook] of (options.middlewares ?? []).entries())
    refuseHook(hook, `micropie: options.middlewares[${index}]`);
  const { session = {}, body = {}, uploads = {} } = options;
  if (session) check(session, SESSION_RULES, 'options.session');
  if (body) check(body, BODY_RULES, 'options.body');
  check(uploads, UPLOAD_RULES, 'options.uploads');
  return {
    prefix: options.prefix ?? '',
    middlewares: [...(options.middlewares ?? [])],
    fallthrough: options.fallthrough ?? true,
    strict: options.strict ?? false,
    session: settleSession(options),
    body: body && { jsonLimit: 1024 * KIB, formLimit: 56 * KIB, ...defined(body) },
    uploads: {
      maxFiles: 10,
      maxFileSize: 10 * 1024 * KIB,
      maxFields: 256,
      maxFieldSize: 64 * KIB,
      maxParts: 1000,
      dir: undefined,
      ...defined(uploads),
    },
    views: options.views ?? 'templates',
  };
}

const KIB = 1024;

function settleSession({ session, sessionBackend }: MicropieOptions): SessionSettings {
  return {
    enabled: session !== false,
    given: session !== undefined || sessionBackend !== undefined,
    backend: sessionBackend,
    cookie: 'session_id',
    timeout: 8 * 3600,
    secure: undefined,
    sameSite: 'lax',
    domain: undefined,
    ...(session && defined(session)),
  };
}

/** JavaScript callers write `{ timeout: undefined }` for a default. */
function defined<T extends object>(options: T): T {
  return Object.assign(
    {},
    ...Object.entries(options).map(([name, value]) => (value === undefined ? {} : { [name]: value })),
  );
}

function check(given: unknown, rules: Readonly<Record<string, Rule>>, where: string): void {
  if (!isObject(given)) throw new TypeError(`micropie: ${where} must be an object`);
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) throw new TypeError(`micropie: ${where}.${name} is unknown; there are ${Object.keys(rules).join(', ')}`);
    if (value !== undefined && !rule.allows(value)) throw new TypeError(`micropie: ${where}.${name} must ${rule.must}`);
  }
}

function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
