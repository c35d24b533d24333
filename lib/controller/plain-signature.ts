import type { DefaultType, WrittenParameter } from './written-parameter.js';

const NAME = '[A-Za-z_$][\\w$]*';
const DEFAULT = `-?\\d+(?:\\.\\d+)?|true|false|'[^'\\\\\\n]*'|"[^"\\\\\\n]*"|\\[\\]|null|undefined`;

const HEAD = new RegExp(
  `^(?:async\\s+)?\\*?\\s*${NAME}\\s*\\(\\s*((?:${NAME}(?:\\s*=\\s*(?:${DEFAULT}))?\\s*(?:,\\s*|(?=\\))))*)\\)\\s*(?=\\{)`,
);
const EACH = new RegExp(`(${NAME})(?:\\s*=\\s*(${DEFAULT}))?`, 'g');

/**
 * Reads a parameter list of plain names and plain defaults, as most are, without a parser.
 *
 * @returns undefined where the list, or the method's head, is written in any other way.
 */
export function readPlain(source: string): { parameters: WrittenParameter[]; body: string } | undefined {
  const [head, list] = HEAD.exec(source) ?? [];
  if (head === undefined || list === undefined) return undefined;
  const parameters = Array.from(list.matchAll(EACH), ([, name = '', literal]): WrittenParameter => {
    const type = literal === undefined ? 'any' : typeOf(literal);
    return { kind: 'positional', name, type, hasDefault: literal !== undefined, hidesType: false };
  });
  return { parameters, body: source.slice(head.length) };
}

function typeOf(literal: string): DefaultType {
  if (literal === '[]') return 'list';
  if (literal === 'true' || literal === 'false') return 'boolean';
  if (/^["']/.test(literal)) return 'string';
  return /\d$/.test(literal) ? 'number' : 'any';
}
