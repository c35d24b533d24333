import { type AssignmentPattern, type Expression, type Options, type Pattern, parseExpressionAt } from 'acorn';

/** What a parameter's literal default says of its type; `any` where it has none. */
export type ParameterType = 'any' | 'bigint' | 'boolean' | 'list' | 'number' | 'string';

/** A parameter, or a key of an object pattern, that is bound by its name. */
export interface NamedParameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly required: boolean;
}

/** One entry of a parameter list, in the form in which the source writes it. */
export type Parameter =
  | ({ readonly kind: 'positional' } & NamedParameter)
  | { readonly kind: 'pattern'; readonly keys: readonly NamedParameter[] }
  | { readonly kind: 'rest'; readonly name: string };

/**
 * Reads a method's parameters from its source text.
 *
 * @param method - The method.
 * @param names - Names given by hand, in order; they win over the source, which gives those behind them.
 * @throws SyntaxError that says why the source can't be read.
 */
export function readSignature(method: object, names?: readonly string[]): Parameter[] {
  const source = Function.prototype.toString.call(method);
  if (names) return named(names, tryToRead(source));
  return read(source).map(parameter);
}

/** Whether a compiler wrote a class or method in the dense form of a minifier, which also renames parameters. */
export function looksMinified(code: object): boolean {
  const source = Function.prototype.toString.call(code);
  return source.includes('){') && !/\)\s+\{/.test(source);
}

function named(names: readonly string[], patterns: readonly Pattern[]): Parameter[] {
  const given = names.map((name, index): Parameter => {
    const pattern = patterns[index];
    // More names than parameters: a wrapper's `...args` stands for several.
    if (pattern?.type === 'RestElement' && names.length === patterns.length) return { kind: 'rest', name };
    const fallback = pattern?.type === 'AssignmentPattern' ? pattern : undefined;
    return { kind: 'positional', ...describe(name, fallback) };
  });
  return [...given, ...patterns.slice(names.length).map(parameter)];
}

function tryToRead(source: string): Pattern[] {
  try {
    return read(source);
  } catch {
    return [];
  }
}

function read(source: string): Pattern[] {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) throw new SyntaxError('it is native or bound code');
  const end = endOfParameters(source);
  if (end === undefined) throw new SyntaxError('its source is not that of a method');
  if (hidesParameters(source.slice(end.position)))
    throw new SyntaxError('it was compiled for a target older than ES2018, which hides its parameters');
  return end.patterns;
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
function endOfParameters(source: string): { position: number; patterns: Pattern[] } | undefined {
  for (let at = source.indexOf(')'); at !== -1; at = source.indexOf(')', at + 1)) {
    const head = `${source.slice(0, at + 1)}{}`;
    // The third is for a method called `static`, of which V8 leaves the name out.
    const patterns = parse(`({${head}})`) ?? parse(`(${head})`) ?? parse(`({static${head}})`);
    if (patterns) return { position: at + 1, patterns };
  }
  return undefined;
}

const SYNTAX: Options = {
  ecmaVersion: 'latest',
  checkPrivateFields: false,
  // Otherwise `import.meta` in a default would need strict mode, which functions outside of classes may not be in.
  allowImportExportEverywhere: true,
};

function parse(text: string): Pattern[] | undefined {
  try {
    const node = parseExpressionAt(text, 0, SYNTAX);
    if (node.type === 'FunctionExpression') return node.params;
    const method = node.type === 'ObjectExpression' ? node.properties[0] : undefined;
    return method?.type === 'Property' && method.value.type === 'FunctionExpression' ? method.value.params : undefined;
  } catch {
    return undefined;
  }
}

function parameter(pattern: Pattern): Parameter {
  switch (pattern.type) {
    case 'Identifier':
      return { kind: 'positional', ...describe(pattern.name) };
    case 'RestElement':
      if (pattern.argument.type !== 'Identifier') break;
      return { kind: 'rest', name: pattern.argument.name };
    case 'ObjectPattern':
      return { kind: 'pattern', keys: pattern.properties.map((property) => key(property)) };
    case 'AssignmentPattern': {
      const { left } = pattern;
      if (left.type === 'Identifier') return { kind: 'positional', ...describe(left.name, pattern) };
      if (left.type !== 'ObjectPattern') break;
      // `({ q } = {})`: whoever gives the whole pattern a default means its keys to be optional.
      return { kind: 'pattern', keys: left.properties.map((property) => ({ ...key(property), required: false })) };
    }
  }
  throw new SyntaxError('it has a parameter without a name');
}

type PatternProperty = Extract<Pattern, { type: 'ObjectPattern' }>['properties'][number];

function key(property: PatternProperty): NamedParameter {
  if (property.type === 'RestElement') throw new SyntaxError('its object pattern has a ...rest, which names no key');
  if (property.computed) throw new SyntaxError('its object pattern has a computed key');
  const name = property.key.type === 'Identifier' ? property.key.name : String(literal(property.key));
  return describe(name, property.value.type === 'AssignmentPattern' ? property.value : undefined);
}

function describe(name: string, pattern?: AssignmentPattern): NamedParameter {
  return { name, type: pattern ? typeOfDefault(pattern.right) : 'any', required: pattern === undefined };
}

function typeOfDefault(written: Expression): ParameterType {
  const expression = lastOf(written);
  if (expression.type === 'ArrayExpression') return expression.elements.length === 0 ? 'list' : 'any';
  const type = typeof literal(expression);
  return type === 'number' || type === 'bigint' || type === 'boolean' || type === 'string' ? type : 'any';
}

/** Coverage tools count a default's use: `(counter[0]++, 1)`. */
function lastOf(expression: Expression): Expression {
  const last = expression.type === 'SequenceExpression' ? expression.expressions.at(-1) : undefined;
  return last ? lastOf(last) : expression;
}

function literal(expression: Expression | { type: 'PrivateIdentifier' }): unknown {
  switch (expression.type) {
    case 'Literal':
      return expression.value;
    case 'TemplateLiteral':
      return expression.expressions.length === 0 ? '' : undefined;
    case 'UnaryExpression':
      return unary(expression.operator, literal(expression.argument));
  }
  return undefined;
}

/** Signed numbers, and `!0` and `!1`, as minifiers write `true` and `false`. */
function unary(operator: string, argument: unknown): unknown {
  if (operator === '!' && typeof argument === 'number') return !argument;
  if (operator === '-' && (typeof argument === 'number' || typeof argument === 'bigint')) return argument;
  if (operator === '+' && typeof argument === 'number') return argument;
  return undefined;
}
