import fc from 'fast-check';
import type { SeenPart } from './apps/conformance.js';
import type { Sent } from './line.js';

interface WirePart {
  readonly name: string;
  readonly content: Buffer;
  readonly filename: string | undefined;
  readonly type: string | undefined;
  /** The lines of the head. */
  readonly lines: readonly string[];
}

/** A form with all that the rules leave to whoever writes it. */
export interface Form {
  readonly boundary: string;
  readonly type: string;
  readonly parts: readonly WirePart[];
  readonly preamble: string;
  readonly epilogue: string;
  readonly padding: readonly string[];
}

export function formRequest(target: string, { boundary, type, parts, preamble, epilogue, padding }: Form): Sent {
  const pieces = parts.flatMap(({ lines, content }, index) => [
    Buffer.from(`${index === 0 ? '' : '\r\n'}--${boundary}${padding[index] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`),
    content,
  ]);
  const end = `\r\n--${boundary}--${padding.at(-1)}${epilogue}`;
  return multipart(target, type, Buffer.concat([Buffer.from(preamble), ...pieces, Buffer.from(end)]));
}

export function multipart(target: string, type: string, body: Buffer): Sent {
  return { method: 'POST', target, headers: [['Content-Type', type]], body };
}

/** What a handler should see of a part. */
export function asSeen({ name, content, filename, type }: WirePart): SeenPart {
  const media = type?.split(';')[0]?.trim().toLowerCase() ?? 'text/plain';
  if (filename !== undefined) return { name, content: content.toString('base64'), filename, type: media };
  return { name, content: content.toString(/8859/.test(type ?? '') ? 'latin1' : 'utf8') };
}

const inCase = (text: string) => fc.constantFrom(text, text.toLowerCase(), text.toUpperCase());
const gap = fc.constantFrom('', ' ', '\r\n ', '\r\n\t');

const bchars = "0123456789ABCXYZabcxyz'()+_,-./:=?";
const boundaryText = fc
  .tuple(fc.string({ unit: fc.constantFrom(...bchars, ' '), maxLength: 69 }), fc.constantFrom(...bchars))
  .map((pair) => pair.join(''));

const boundaryAndType = fc
  .tuple(
    boundaryText,
    fc.boolean(),
    inCase('multipart/form-data'),
    inCase('boundary'),
    fc.constantFrom('', ' charset=utf-8;', ' a="b;c";'),
    fc.constantFrom('', '; charset=utf-8', ';x=y'),
    fc.constantFrom('', ' '),
  )
  .map(([boundary, isQuoted, media, name, before, behind, space]) => {
    const isToken = /^[\w'+.-]+$/.test(boundary);
    const value = isToken && !isQuoted ? boundary : `"${boundary}"`;
    return { boundary, type: `${media};${before}${space}${name}=${value}${behind}` };
  });

const NOT_A_NAME = /[\0-\x1f\x7f/\\]/;
const parameterText = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 10 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }),
    fc.constantFrom('a;b', 'a b', ' a ', 'a"b', 'a=b', "it's", 'a%22b', 'é', '名前', '__proto__', 'constructor', 'a[]'),
  )
  .filter((text) => !NOT_A_NAME.test(text));

/** A parameter of a header: as a token where it is one, in quotes otherwise. */
function parameter(name: string, value: string, isBare: boolean): string {
  const isToken = /^[\w!#$&+.^`|~-]+$/.test(value);
  return `${name}=${isToken && isBare ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`}`;
}

function part(boundary: string): fc.Arbitrary<WirePart> {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom(
      '',
      '\r\n',
      '\r',
      '\n',
      '--',
      '\r\n--',
      '\r\n-',
      `--${boundary}`,
      `\n--${boundary}`,
      `\r\r\n-${boundary}`,
    ),
    fc.constantFrom('a: b\r\n\r\nc', '\r\n\r\n', `-${boundary}--\r\n`, `\r--${boundary}--`, '\0', '--\r\n'),
  );
  const texts = fc.array(text, { maxLength: 4 }).map((parts) => parts.join(''));
  const field = fc.record({
    content: texts.map((one) => Buffer.from(one)),
    filename: fc.constant(undefined),
    type: fc.constantFrom(undefined, 'text/plain', 'text/plain; charset=utf-8', 'text/plain;charset="UTF-8"'),
  });
  const latin = fc.record({
    content: fc.uint8Array({ min: 0xa0, maxLength: 10 }).map((bytes) => Buffer.from(bytes)),
    filename: fc.constant(undefined),
    type: fc.constantFrom('text/plain; charset=iso-8859-1', 'text/plain;charset="ISO-8859-1"'),
  });
  const fileType = fc.constantFrom(
    undefined,
    'image/png',
    'Text/HTML; charset=utf-8',
    'application/octet-stream',
    'a/b;c="d;e"',
  );
  const file = fc.record({
    content: fc.oneof(
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
      texts.map((one) => Buffer.from(one)),
    ),
    filename: parameterText.filter((name) => name !== '.' && name !== '..'),
    type: fileType,
  });
  return fc
    .tuple(fc.oneof(field, latin, file, file), parameterText, partHead)
    .filter(([{ content }]) => !`\r\n${content.toString('latin1')}`.includes(`\r\n--${boundary}`))
    .map(([data, name, head]) => ({ ...data, name, lines: head(name, data.filename, data.type) }));
}

const partHead = fc
  .record({
    gaps: fc.tuple(gap, gap, gap),
    before: fc.constantFrom('', ' '),
    isBare: fc.boolean(),
    isExtended: fc.boolean(),
    isNameLast: fc.boolean(),
    names: fc.tuple(inCase('Content-Disposition'), inCase('Content-Type')),
    word: inCase('form-data'),
    parameters: fc.tuple(inCase('name'), inCase('filename')),
    extra: fc.subarray(['X-Extra: 1', 'Content-Transfer-Encoding: binary', 'Content-Length: 3', 'content-id: <a>']),
    order: fc.infiniteStream(fc.nat()),
  })
  .map((wire) => (name: string, filename: string | undefined, type: string | undefined) => {
    const { gaps, before, isBare, isExtended, isNameLast, names, word, parameters, extra, order } = wire;
    const given = [parameter(parameters[0], name, isBare)];
    if (filename !== undefined)
      given.push(
        isExtended
          ? `${parameters[1]}*=UTF-8''${encodeURIComponent(filename).replaceAll(/['()*]/g, escaped)}`
          : parameter(parameters[1], filename, isBare),
      );
    const disposition = [word, ...(isNameLast ? given.reverse() : given)].join(`${before};${gaps[0]}`);
    const lines = [`${names[0]}:${gaps[1]}${disposition}`, ...extra];
    if (type !== undefined) lines.push(`${names[1]}:${gaps[2]}${type}`);
    return lines
      .map((one) => ({ one, rank: order.next().value ?? 0 }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ one }) => one);
  });

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}

export const form: fc.Arbitrary<Form> = boundaryAndType.chain(({ boundary, type }) =>
  fc.record({
    boundary: fc.constant(boundary),
    type: fc.constant(type),
    parts: fc.array(part(boundary), { minLength: 1, maxLength: 4 }),
    preamble: fc.constantFrom(
      '',
      '\r\n',
      'A preamble.\r\n',
      'a: b\r\n\r\nc\r\n',
      '--\r\n',
      '\r\n\r\n',
      `${boundary}\r\n`,
    ),
    epilogue: fc.constantFrom(
      '',
      '\r\n',
      '\r\nAn epilogue.',
      '\r\n--x\r\nContent-Disposition: form-data; name="x"\r\n\r\n',
    ),
    padding: fc.array(fc.constantFrom('', '', ' ', '\t', ' \t '), { minLength: 5, maxLength: 5 }),
  }),
);

const TYPE = 'multipart/form-data; boundary=b';
const HEAD = 'Content-Disposition: form-data; name="a"';
export const BAD_FORMS = [
  '',
  'no boundary at all',
  `--c\r\n${HEAD}\r\n\r\nx\r\n--c--\r\n`,
  `--b\r\n${HEAD}\r\n\r\nx`,
  `--b\r\n${HEAD}\r\n\r\nx\r\n`,
  `--b\r\n${HEAD}\r\n\r\nx\r\n--b`,
  `--b\r\n${HEAD}\r\n\r\nx\r\n--b-`,
  `--b\r\n${HEAD}\r\n\r\nx\r\n--b\r\n`,
  `--b\r\n${HEAD}`,
  `--b\r\n${HEAD}\r\n`,
  '--b\r\n\r\nx\r\n--b--\r\n',
  '--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n',
  '--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n',
  '--b\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n--b--\r\n',
  `--b\n${HEAD}\n\nx\n--b--\n`,
  `--b\r\n${HEAD}\r\n\r\nx\r\n--b\r\nno head\r\n--b--\r\n`,
].map((body) => ({ type: TYPE, body }));
