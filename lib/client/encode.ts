/** What is sent for a call, relative to the client's base. */
export interface Encoded {
  readonly method: string;
  readonly path: string;
  readonly body: string | FormData | null;
  /** Whether the body holds the arguments by their positions. */
  readonly isCall: boolean;
}

// The server refuses control characters in a path; clients resolve dots themselves.
const NO_SEGMENT = /^\.{0,2}$|[\0-\x1f\x7f]/;

/**
 * Encodes a call: a POST with its arguments by position, unless a declared path says otherwise.
 *
 * @param names - The fields that lead to the method, and its name.
 * @param declared - Its `path` in `static routes`, of whose methods the first is used.
 * @throws TypeError for what can't be carried.
 */
export function encode(names: readonly string[], declared: string, given: readonly unknown[]): Encoded {
  const [, first, pattern] = /^([^\s,/]*)[^\s/]*\s*(\/.*)?$/.exec(declared) ?? [];
  const method = first || 'POST';
  const last = given.at(-1);
  const form = last instanceof FormData ? last : null;
  const args = withoutGap(form ? given.slice(0, -1) : given);
  const isCall = !form && !/^(GET|HEAD|DELETE)$/.test(method);
  const segments = (pattern ? names.slice(0, -1) : names).map(literal);
  const rest = pattern ? place(segments, pattern, args) : isCall ? args : fill(segments, args);
  const path = segments.map((segment) => `/${segment}`).join('') || '/';
  return isCall
    ? { method, path, isCall, body: content(rest, args.length - rest.length) }
    : { method, path: path + query(rest), isCall, body: form };
}

/** Arguments that are left out at the end are none. */
function withoutGap(args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}

/** A text of the path as the server matches it; `new URL()` encodes what else has to be. */
function literal(text: string): string {
  return carried(text).replace(/[/?#%\\\s]/g, encodeURIComponent);
}

/** Puts arguments into the path up to the first object, and gives those that are left. */
function fill(segments: string[], args: readonly unknown[]): readonly unknown[] {
  // The list itself is an object behind the last.
  const count = [...args, args].findIndex(isObject);
  segments.push(...withoutGap(args.slice(0, count)).map(segment));
  return args.slice(count);
}

/** Puts arguments into the path where it names them, and gives those that are left. */
function place(segments: string[], pattern: string, args: readonly unknown[]): readonly unknown[] {
  let next = 0;
  for (const text of pattern.split('/').filter(Boolean)) {
    const mark = text[0];
    if (mark === '*') {
      segments.push(...args.slice(next).map(segment));
      return [];
    }
    segments.push(mark === ':' ? segment(args[next++]) : literal(decodeURIComponent(text)));
  }
  return args.slice(next);
}

function segment(value: unknown): string {
  return encodeURIComponent(carried(textOf(value)));
}

function carried(text: string): string {
  return NO_SEGMENT.test(text) ? refuse(JSON.stringify(text)) : text;
}

function query([members, ...more]: readonly unknown[]): string {
  if (members === undefined) return '';
  if (!isObject(members) || Array.isArray(members) || more.length > 0) return refuse('more than one object');
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(members))
    for (const one of [value].flat()) if (one !== undefined) pairs.append(name, textOf(one));
  return `?${pairs}`.replace(/^\?$/, '');
}

/** @throws TypeError for what would arrive as another text. */
function textOf(value: unknown): string {
  const text = value instanceof Date ? value.toJSON() : value;
  if (!/^(string|number|boolean)$/.test(typeof text) || /\p{Cs}/u.test(`${text}`))
    return refuse(text === undefined ? 'a gap' : `this ${typeof text}`);
  return `${text}`;
}

function refuse(what: string): never {
  throw new TypeError(`A path or query can't carry ${what}`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Date);
}

/** @param first - The position of the first argument. */
function content(args: readonly unknown[], first: number): string | FormData {
  const positions = Object.fromEntries(args.map((arg, index) => [first + index, arg]));
  let hasFiles = false;
  const json = JSON.stringify(positions, (_key, value) => {
    if (!(value instanceof Blob)) return value;
    hasFiles = true;
    return null;
  });
  if (!hasFiles) return json;
  const body = new FormData();
  body.append('json', json);
  appendFiles(body, positions, []);
  return body;
}

/** Each under the names that lead to it, percent-encoded and with dots between them, as in `0.avatar`. */
function appendFiles(form: FormData, value: object, path: readonly string[]): void {
  for (const [key, member] of Object.entries(value)) {
    const steps = [...path, key];
    if (member instanceof Blob)
      form.append(steps.map((step) => encodeURIComponent(step).replaceAll('.', '%2E')).join('.'), member);
    else if (isObject(member)) appendFiles(form, member, steps);
  }
}
