/** Inputs that a spec and the torture suite both try: the one in its own process, the other on a server of its own. */

/** What every object inherits. */
export const OBJECT_NAMES = [
  'constructor',
  'toString',
  'toLocaleString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  '__proto__',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
];

/** Paths that can not be decoded, or hold control characters. */
export const BAD_PATHS = [
  '/%zz',
  '/%',
  '/%2',
  '/%E0%A4%A',
  '/%c0%ae',
  '/%ff/hello',
  '/show/%zz',
  '/show/a/%ff',
  '/%00',
  '/%0a',
  '/show/%0d%0a',
  '/show/a%0Db',
  '/show/%7F',
  '/show/%1f',
  '/show/a/%00',
];

/** Paths that are not that of the method `admin`, nor of one called `café`. */
export const OTHER_PATHS = [
  '//admin',
  '///',
  '//evil.example/admin',
  '/a\\b',
  '/\\admin',
  '/admin;x=1',
  '/admin%3b',
  '/admin%20',
  '/%20admin',
  '/admin.',
  '/./admin',
  '/x/../admin',
  '/%2e/admin',
  '/%2fadmin',
  '/admin%2f',
  '/%61dmin',
  '/Admin',
  '/ADMIN',
  '/cafe%CC%81',
  '/CAF%C3%89',
];

/** What a redirect must not lead to. */
export const REFUSED_TARGETS = [
  '//evil.example',
  '///evil.example',
  ' //evil.example',
  '\t//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/a\\b',
  '\\?a',
  'https://example.com\\@evil.example/?a',
  'https://example.com/\\?a',
  '/\t/evil.example',
  '/a\r\nSet-Cookie: a=1',
  '/a\nb',
  '/a\0b',
  '/a\u007f',
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  ' javascript:alert(1)',
  'java\tscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'ftp://example.com/',
  'mailto:a@example.com',
  'http:evil.example',
  'https:/evil.example',
  'https:///evil.example',
  'https://',
  ' https://example.com',
];

/** Headers that would split or break an answer. */
export const UNSAFE_HEADERS: readonly (readonly [title: string, name: string, value: string])[] = [
  ['a line break', 'X-Bad', 'a\nSet-Cookie: evil=1'],
  ['a carriage return', 'X-Bad', 'a\rb'],
  ['both', 'X-Bad', 'a\r\n\r\n<script>'],
  ['NUL', 'X-Bad', 'a\0b'],
  ['beyond Latin-1', 'X-Bad', '€'],
  ['a name with a line break', 'X-Bad\r\nX-Evil', 'a'],
  ['a name with a space', 'X Bad', 'a'],
  ['an empty name', '', 'a'],
  ['the framing', 'Transfer-Encoding', 'gzip'],
  ['a trailer', 'Trailer', 'X-Checksum'],
];

/** Names that lead out of a folder of templates, in which `link` and `linked` are symbolic links. */
export const TEMPLATES_OUTSIDE = [
  '../secret',
  '../secret.ejs',
  'sub/../../secret',
  './../views/../secret.ejs',
  '../views-beside/secret',
  'link',
  'link.ejs',
  'linked/secret',
  'hello\0',
  'hello.ejs\0.html',
  '\0',
  '.',
  '..',
  '/',
  '/etc/passwd',
  '....//secret',
  'sub/../../../../../../../../etc/passwd',
];

/** The end of a head, and a body, that Node refuses; `told` is the code of what Koa hears of it, if it does. */
export const BROKEN_FRAMING: readonly (readonly [what: string, framing: string, body: string, told?: string])[] = [
  ['a length that is no number', 'Content-Length: abc', '{}'],
  ['a negative length', 'Content-Length: -1', '{}'],
  ['two lengths', 'Content-Length: 2\r\nContent-Length: 3', '{}'],
  ['length and chunks together', 'Content-Length: 2\r\nTransfer-Encoding: chunked', '2\r\n{}\r\n0\r\n\r\n'],
  ['an unknown transfer encoding', 'Transfer-Encoding: xchunked', '{}', 'HPE_INVALID_TRANSFER_ENCODING'],
  ['a bare line feed in the head', 'X: y\nContent-Length: 2', '{}'],
  ['a chunk size that is none', 'Transfer-Encoding: chunked', 'zz\r\n{}\r\n0\r\n\r\n', 'HPE_INVALID_CHUNK_SIZE'],
];
