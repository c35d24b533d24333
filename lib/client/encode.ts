/** What is sent for a call, relative to the client's base. */
export interface Encoded {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | FormData | null;
}

// The server refuses control characters in a path; clients resolve dots themselves.
const NO_SEGMENT = /^\.{0,2}$|[\0-\x1f\x7f]/;
const CALL = { 'micropie-call': '1' };

/**
 * Encodes a call: a POST with its arguments by position, unless a declared path says otherwise.
 *
 * @param names - The fields that lead to the method, and its name.
 * @param declared - Its `path` in `static routes`.
 * @throws TypeError for what can't be carried.
 */
export function encode(names: readonly string[], declared: string | undefined, given: readonly unknown[]): Encoded {
  const [, methods = '', pattern] = /^([^\s/]*)\s*(\/.*)?$/.exec(declared ?? '') ?? [];
  const method = methods.split(',')[0] || 'POST';
  const last = given.at(-1);
  const form = last instanceof FormData ? last : null;
  const args = withoutGap(form ? given.slice(0, -1) : given);
  const hasContent = !form && !/^(GET|HEAD|DELETE)$/.test(method);
  const segments = (pattern === undefined ? names : names.slice(0, -1)).map(literal);
  const rest = pattern === undefined ? (hasContent ? args : fill(segments, args)) : place(segments, pattern, args);
  const path = segments.map((segment) => `/${segment}`).join('') || '/';
  if (hasContent) return { method, path, ...content(rest, args.length - rest.length) };
  return { method, path: path + query(rest), headers: {}, body: form };
}

/** Arguments that are left out at the end are none. */
function withoutGap(args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}

/** A text of the path as the server matches it; `new URL()` encodes what else has to be. */
function literal(text: string): string {
  return text.replace(/[/?#%\\\s]/g, encodeURIComponent);
}

/** Puts arguments into the path up to the first object, and gives those that are left. */
function fill(segments: string[], args: readonly unknown[]): readonly unknown[] {
  const at = args.findIndex(isObject);
  const count = at === -1 ? args.length : at;
  segments.push(...withoutGap(args.slice(0, count)).map(segment));
  return args.slice(count);
}

/** Puts arguments into the path where it names them, and gives those that are left. */
function place(segments: string[], pattern: string, args: readonly unknown[]): readonly unknown[] {
  let rest = args;
  for (const text of pattern.split('/').filter(Boolean)) {
    const count = text[0] === ':' ? 1 : text[0] === '*' ? rest.length : 0;
    if (count > 0 && rest.length === 0) segment(undefined);
    if (!/^[:*]/.test(text)) segments.push(literal(decodeURIComponent(text)));
    segments.push(...rest.slice(0, count).map(segment));
    rest = rest.slice(count);
  }
  return rest;
}

function segment(value: unknown): string {
  const text = textOf(value);
  if (NO_SEGMENT.test(text)) throw new TypeError(`A path can't carry ${JSON.stringify(text)}`);
  return encodeURIComponent(text);
}

function query([members, ...more]: readonly unknown[]): string {
  if (members === undefined) return '';
  if (!isObject(members) || Array.isArray(members) || more.length > 0)
    throw new TypeError('What is not in the path must be one object, which becomes the query');
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(members))
    for (const one of [value].flat()) if (one !== undefined) pairs.append(name, textOf(one));
  return `?${pairs}`.replace(/^\?$/, '');
}

/** @throws TypeError for what would arrive as another text. */
function textOf(value: unknown): string {
  const text = value instanceof Date ? value.toJSON() : value;
  if (!/^(string|number|boolean)$/.test(typeof text) || /\p{Cs}/u.test(`${text}`))
    throw new TypeError(`A path or query can't carry ${text === undefined ? 'a gap' : `this ${typeof text}`}`);
  return `${text}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Date);
}

/** @param first - The position of the first argument. */
function content(args: readonly unknown[], first: number): Pick<Encoded, 'headers' | 'body'> {
  const positions = Object.fromEntries(args.map((arg, index) => [first + index, arg]));
  let hasFiles = false;
  const json = JSON.stringify(positions, (_key, value) => {
    if (!(value instanceof Blob)) return value;
    hasFiles = true;
    return null;
  });
  if (!hasFiles) return { headers: { ...CALL, 'content-type': 'application/json' }, body: json };
  const body = new FormData();
  body.append('json', json);
  appendFiles(body, positions, []);
  return { headers: CALL, body };
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
