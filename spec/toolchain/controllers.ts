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
