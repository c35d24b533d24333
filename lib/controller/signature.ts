import type { AssignmentPattern, Expression, Options, Pattern } from 'acorn';
import { parser } from './parser.js';
import { readPlain } from './plain-signature.js';
import type { DefaultType, WrittenName, WrittenParameter } from './written-parameter.js';

/**
 * Reads a method's parameters from its source text.
 *
 * @throws SyntaxError that says why the source can't be read.
 */
export function readSignature(method: object): WrittenParameter[] {
  const source = Function.prototype.toString.call(method);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) throw new SyntaxError('it is native or bound code');
  const { parameters, body } = readPlain(source) ?? parseParameters(source);
  if (hidesParameters(body))
    throw new SyntaxError('it was compiled for a target older than ES2018, which hides its parameters');
  return parameters;
}

/** Whether a compiler wrote a class or method in the dense form of a minifier, which also renames parameters. */
export function looksMinified(code: object): boolean {
  const source = Function.prototype.toString.call(code);
  return source.includes('){') && !/\)\s+\{/.test(source);
}

/** Compilers that rewrite async methods for old targets hand `arguments` to an inner generator, parameters and all. */
function hidesParameters(body: string): boolean {
  return /\barguments\b/.test(body) && /\bfunction\s*\*|\b__generator\b/.test(body);
}

/**
 * The parameter list ends at the first `)` with which what stands before it parses as a method: a cut
 * inside a string, a comment, a bracket or a regular expression never does. The body is left out, so
 * that syntax newer than the parser does no harm there.
 */
function parseParameters(source: string): { parameters: WrittenParameter[]; body: string } {
  const { parseExpressionAt } = parser();
  const parse = (text: string) => patternsOf(() => parseExpressionAt(text, 0, SYNTAX));
  for (let at = source.indexOf(')'); at !== -1; at = source.indexOf(')', at + 1)) {
    const head = `${source.slice(0, at + 1)}{}`;
    // The third is for a method called `static`, of which V8 leaves the name out.
    const patterns = parse(`({${head}})`) ?? parse(`(${head})`) ?? parse(`({static${head}})`);
    if (patterns) return { parameters: patterns.map(parameter), body: source.slice(at + 1) };
  }
  throw new SyntaxError('its source is not that of a method');
}

const SYNTAX: Options = {
  ecmaVersion: 'latest',
  checkPrivateFields: false,
  // Otherwise `import.meta` in a default would need strict mode, which functions outside of classes may not be in.
  allowImportExportEverywhere: true,
};

function patternsOf(parse: () => Expression): Pattern[] | undefined {
  try {
    const node = parse();
    if (node.type === 'FunctionExpression') return node.params;
    const method = node.type === 'ObjectExpression' ? node.properties[0] : undefined;
    return method?.type === 'Property' && method.value.type === 'FunctionExpression' ? method.value.params : undefined;
  } catch {
    return undefined;
  }
}

function parameter(pattern: Pattern): WrittenParameter {
  switch (pattern.type) {
    case 'Identifier':
      return { kind: 'positional', ...writtenName(pattern.name) };
    case 'RestElement':
      if (pattern.argument.type !== 'Identifier') break;
      return { kind: 'rest', name: pattern.argument.name };
    case 'ObjectPattern':
      return { kind: 'pattern', keys: pattern.properties.map(key), hasDefault: false };
    case 'AssignmentPattern': {
      const { left } = pattern;
      if (left.type === 'Identifier') return { kind: 'positional', ...writtenName(left.name, pattern) };
      if (left.type !== 'ObjectPattern') break;
      // `({ q } = {})`: whoever gives the whole pattern a default means its keys to be optional.
      const keys = left.properties.map((property) => ({ ...key(property), hasDefault: true }));
      return { kind: 'pattern', keys, hasDefault: true };
    }
  }
  throw new SyntaxError('it has a parameter without a name');
}

type PatternProperty = Extract<Pattern, { type: 'ObjectPattern' }>['properties'][number];

function key(property: PatternProperty): WrittenName {
  if (property.type === 'RestElement') throw new SyntaxError('its object pattern has a ...rest, which names no key');
  if (property.computed) throw new SyntaxError('its object pattern has a computed key');
  const name = property.key.type === 'Identifier' ? property.key.name : String(literal(property.key));
  return writtenName(name, property.value.type === 'AssignmentPattern' ? property.value : undefined);
}

function writtenName(name: string, pattern?: AssignmentPattern): WrittenName {
  if (!pattern) return { name, type: 'any', hasDefault: false, hidesType: false };
  const expression = lastOf(pattern.right);
  const type = typeOfDefault(expression);
  return { name, type, hasDefault: true, hidesType: type === 'any' && !isNothing(expression) };
}

function typeOfDefault(expression: Expression): DefaultType {
  if (expression.type === 'ArrayExpression') return expression.elements.length === 0 ? 'list' : 'any';
  const type = typeof literal(expression);
  return type === 'number' || type === 'bigint' || type === 'boolean' || type === 'string' ? type : 'any';
}

/** `null`, `undefined` and `void 0` say that there is no value, not of which type one is. */
function isNothing(expression: Expression): boolean {
  return (
    (expression.type === 'Literal' && expression.value === null && !('regex' in expression)) ||
    (expression.type === 'Identifier' && expression.name === 'undefined') ||
    (expression.type === 'UnaryExpression' && expression.operator === 'void')
  );
}

/** Coverage tools count a default's use: `(counter[0]++, 1)`. */
function lastOf(expression: Expression): Expression {
  const last = expression.type === 'SequenceExpression' ? expression.expressions.at(-1) : undefined;
  return last ? lastOf(last) : expression;
}

/** A value of the type that an expression of literals has; undefined for any other expression. */
function literal(expression: Expression | { type: 'PrivateIdentifier' }): unknown {
  switch (expression.type) {
    case 'Literal':
      return expression.value;
    case 'TemplateLiteral':
      return '';
    case 'CallExpression':
      // What compilers make of `10n` for targets before ES2020.
      return expression.callee.type === 'Identifier' && expression.callee.name === 'BigInt' ? 0n : undefined;
    case 'UnaryExpression':
      return unary(expression.operator, literal(expression.argument));
    case 'BinaryExpression':
      return binary(expression.operator, literal(expression.left), literal(expression.right));
  }
  return undefined;
}

/** Signed numbers, and `!0` and `!1`, as minifiers write `true` and `false`. */
function unary(operator: string, argument: unknown): unknown {
  if (operator === '!' && argument !== undefined) return !argument;
  if (operator === '-' && (typeof argument === 'number' || typeof argument === 'bigint')) return argument;
  if (operator === '+' && typeof argument === 'number') return argument;
  return undefined;
}

const ARITHMETIC = new Set(['+', '-', '*', '/', '%', '**', '<<', '>>', '|', '&', '^']);

/** `60 * 60`, `2n ** 8n`, `'a' + 1`. */
function binary(operator: string, left: unknown, right: unknown): unknown {
  if (!ARITHMETIC.has(operator) || left === undefined || right === undefined) return undefined;
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string')) return '';
  const isNumeric = typeof left === 'number' || typeof left === 'bigint';
  return isNumeric && typeof left === typeof right ? left : undefined;
}
