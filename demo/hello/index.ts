import { type Micropie, micropie } from '../../lib/index.js';

/** A plain class will do: its methods' names are the paths. */
export class Hello {
  /** /hello */
  index() {
    return 'Welcome! Try /hello/greet/Alice';
  }

  /** /hello/greet, /hello/greet/Alice, /hello/greet?name=Alice, or a form or JSON with a name. */
  async greet(name = 'Guest') {
    return `Hello, ${name}!`;
  }

  /** /hello/hello */
  hello() {
    return 'Hello, world!';
  }

  /** /hello/add/2/3: the defaults say that these are numbers, so anything else is a 400. */
  add(x = 0, y = 0) {
    return { sum: x + y };
  }
}

export function hello(): Micropie {
  return micropie(Hello, { prefix: '/hello' });
}
