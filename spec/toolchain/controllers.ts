import path from 'node:path';

const word = 'computed';

/** Methods of all kinds that a compiler for ES2015 need not touch. */
export class Plain {
  #visits = 0;

  greet(name = 'Guest') {
    return `Hello, ${name}!`;
  }

  visit(times = 1) {
    this.#visits += times;
    return this.#double(`${this.#visits}`);
  }

  defaults(
    size = 10,
    step = -1.5,
    big = 5n,
    on = true,
    off = false,
    text = "it's a) bracket",
    template = `t)`,
    list = [],
    // A comment with a ) in it.
    pattern = /[)(]/,
    nested = { one: [')', '('] },
    call = (value = ')') => value,
  ) {
    return [size, step, `${big}`, on, off, text, template, list, pattern.source, nested.one, call()];
  }

  *count(from = 1, to = 3) {
    for (let number = from; number <= to; number++) yield `${number};`;
  }

  'robots.txt'(agent = 'any') {
    return `User-agent: ${agent}`;
  }

  [word](value: string) {
    return `computed ${value}`;
  }

  join(...rest: string[]) {
    return path.posix.join('/', ...rest);
  }

  #double(text: string) {
    return text + text;
  }
}

/** Parameters that are as short as a minifier's, or end in a number. */
export class Short {
  add(x: string, y: string) {
    return `${Number(x) + Number(y)}`;
  }

  line(x1: string, y1: string, x2: string, y2: string) {
    return `${x1},${y1} ${x2},${y2}`;
  }

  decode(base64: string) {
    return `${base64}!`;
  }
}

/** A letter that minifiers use first, beside a name that none would leave. */
export class Lettered {
  emit(e: string, target: string) {
    return `${e} at ${target}`;
  }
}

export class Awaiting {
  async greet(name = 'Guest', times = 1) {
    await null;
    return name.repeat(times);
  }
}

export class Streaming {
  async *ticks(from = 1, to = 3) {
    for (let number = from; number <= to; number++) yield `${number};`;
  }
}

/** The parameter hides the module of its name. */
export class Shadowing {
  open(path = 'none') {
    return `path ${path}`;
  }
}

export class Patterns {
  search({ query, path = 'none', page = 1 }: { query: string; path?: string; page?: number }) {
    return [query, path, page];
  }
}

export class Declared {
  open(path: string, times = 1) {
    return path.repeat(times);
  }

  async greet(name: string, greeting: string) {
    return `${greeting}, ${name}!`;
  }

  async *ticks(from: string, to: string) {
    for (let number = Number(from); number <= Number(to); number++) yield `${number};`;
  }

  static routes = {
    open: { params: ['path', 'times'] },
    greet: { params: ['name', 'greeting'] },
    ticks: { params: ['from', 'to'] },
  };
}

/** What TypeScript says of a parameter, in the words of `kindOf`. */
type Said<T> = T extends (infer I)[] ? `${Kind<I>}[]` : Kind<T>;
type Kind<T> = T extends number
  ? 'number'
  : T extends bigint
    ? 'bigint'
    : T extends boolean
      ? 'boolean'
      : T extends string
        ? 'string'
        : 'undefined';

function kindOf(value: unknown): string {
  return Array.isArray(value) ? `${typeof value[0]}[]` : typeof value;
}

/** Tells what arrived, and what TypeScript says: it lets no other word through. */
function arrived<T>(value: T, said: Said<T>): string {
  return `${kindOf(value)} is ${said}`;
}

/** A schema that tells its type, as libraries make it. */
function schemaOf(type: string) {
  const validate = (value: unknown) => (typeof value === type ? { value } : { issues: [{ message: `not a ${type}` }] });
  const tell = () => ({ type });
  return { '~standard': { version: 1, vendor: 'own', validate, jsonSchema: { input: tell, output: tell } } };
}

const OPTIONS = {
  '~standard': {
    version: 1,
    vendor: 'own',
    validate: (value: unknown) => ({ value }),
    jsonSchema: {
      input: () => ({ type: 'object', properties: { page: { type: 'number' }, open: { type: 'boolean' } } }),
      output: () => ({}),
    },
  },
};

/** Every way to say a type; asked by position, since some tools rename. */
export class Typed {
  defaults(count = 1, big = 5n, on = true, off = false, text = 'x') {
    return [arrived(count, 'number'), arrived(big, 'bigint'), arrived(on, 'boolean'), arrived(off, 'boolean')]
      .concat(arrived(text, 'string'))
      .join();
  }

  lists(list: string[] = []) {
    return list.length > 0 ? arrived(list, 'string[]') : '';
  }

  // biome-ignore lint/style/useTemplate: a sum of texts is a default of its own kind.
  calculated(time = 60 * 60, half = -0.5, sum = 'a' + 1, power = 5n * 5n, shift = 1 << 4, template = `t${1}`) {
    return [arrived(time, 'number'), arrived(half, 'number'), arrived(sum, 'string'), arrived(power, 'bigint')]
      .concat([arrived(shift, 'number'), arrived(template, 'string')])
      .join();
  }

  declared(count: number, big: bigint, on: boolean, text: string) {
    return [arrived(count, 'number'), arrived(big, 'bigint'), arrived(on, 'boolean'), arrived(text, 'string')].join();
  }

  declaredLists(counts: number[], bigs: bigint[], flags: boolean[], texts: string[]) {
    return [arrived(counts, 'number[]'), arrived(bigs, 'bigint[]'), arrived(flags, 'boolean[]')]
      .concat(arrived(texts, 'string[]'))
      .join();
  }

  checked(count: number, on: boolean, text: string) {
    return [arrived(count, 'number'), arrived(on, 'boolean'), arrived(text, 'string')].join();
  }

  filtered({ page, open }: { page: number; open: boolean }) {
    return [arrived(page, 'number'), arrived(open, 'boolean')].join();
  }

  rest(first: string, ...others: number[]) {
    return [arrived(first, 'string'), arrived(others, 'number[]')].join();
  }

  cured(size = PAGE_SIZE, ids: number[] = NONE) {
    return [arrived(size, 'number'), ids.length > 0 ? arrived(ids, 'number[]') : ''].join();
  }

  static routes = {
    declared: { params: [Number, BigInt, Boolean, String] },
    declaredLists: { params: [[Number], [BigInt], [Boolean], [String]] },
    checked: { params: [schemaOf('number'), schemaOf('boolean'), schemaOf('string')] },
    filtered: { input: OPTIONS },
    rest: { params: [String, Number] },
    cured: { params: [Number, [Number]] },
  };
}

const PAGE_SIZE = Number('20');
const INLINED = 20;
const NONE: number[] = [];

/** Defaults that hide their types, so that text would arrive. */
export class Hidden {
  named(size = PAGE_SIZE) {
    return arrived(size, 'number');
  }
}

/** A tool may write the number itself in its place. */
export class Inlined {
  named(size = INLINED) {
    return arrived(size, 'number');
  }
}

export class HiddenInPattern {
  named({ size = PAGE_SIZE }) {
    return arrived(size, 'number');
  }
}

export class HiddenCall {
  named(at = Date.now()) {
    return arrived(at, 'number');
  }
}

export class HiddenList {
  named(ids = [0]) {
    return arrived(ids, 'number[]');
  }
}
