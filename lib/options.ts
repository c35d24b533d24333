import type { BodyLimits } from './body/parse.js';
import { type HttpMiddleware, isHook } from './hooks.js';
import type { SessionBackend } from './sessions/backend.js';
import { BACKEND_ROW, type SessionOptions, type SessionSettings, settleSession } from './sessions/options.js';
import type { UploadLimits, UploadOptions } from './uploads/limits.js';

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
    must: "be a path such as '/api', percent-encoded, without a slash at its end",
    allows: (value) => typeof value === 'string' && /^(?:\/[\w.~!$&'()*+,;=:@%-]+)*$/.test(value),
  },
  middlewares: {
    must: 'be a list of objects with beforeRequest, afterRequest or onError; Koa middleware belongs into app.use()',
    allows: (value) => Array.isArray(value) && value.every(isHook),
  },
  fallthrough: BOOLEAN,
  strict: BOOLEAN,
  sessionBackend: BACKEND_ROW,
  session: { must: 'be an object or false', allows: (value) => value === false || isObject(value) },
  body: { must: 'be an object or false', allows: (value) => value === false || isObject(value) },
  uploads: OBJECT,
  views: TEXT,
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
  const { body = {}, uploads = {} } = options;
  if (body) check(body, BODY_RULES, 'options.body');
  check(uploads, UPLOAD_RULES, 'options.uploads');
  return {
    prefix: options.prefix ?? '',
    middlewares: [...(options.middlewares ?? [])],
    fallthrough: options.fallthrough ?? true,
    strict: options.strict ?? false,
    session: settleSession(options.session, options.sessionBackend),
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
