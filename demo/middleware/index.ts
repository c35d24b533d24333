import { type Micropie, micropie } from '../../lib/index.js';
import { html, page } from '../html.js';
import { AccessCheck, JsonErrors, Logging, Timing } from './hooks.js';

export class Middleware {
  index() {
    return page(
      'Middleware',
      html`<p>Four hooks stand around every method here: they log, measure the time, check who comes in, and turn errors into JSON.</p>
<ul>
<li><a href="/middleware/open">/middleware/open</a> is for everybody; see its <code>Server-Timing</code> header</li>
<li><a href="/middleware/secret">/middleware/secret</a> asks for a password: <code>demo</code>, <code>pie</code></li>
<li><a href="/middleware/square/x">/middleware/square/x</a> is a 400 as JSON; <a href="/middleware/square/7">7</a> fares better</li>
<li><a href="/middleware/broken">/middleware/broken</a> throws an error</li>
</ul>`,
    );
  }

  open() {
    return 'Come in.';
  }

  secret() {
    return 'You know the password.';
  }

  square(x = 0) {
    return { square: x * x };
  }

  broken() {
    throw new Error('The oven is cold');
  }
}

export function middleware(log: (line: string) => void): Micropie {
  return micropie(Middleware, {
    prefix: '/middleware',
    middlewares: [new Logging(log), new Timing(), new AccessCheck(['secret'], 'demo', 'pie'), new JsonErrors()],
  });
}
