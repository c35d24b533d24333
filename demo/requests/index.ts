import { Controller, type Micropie, micropie, type Routes, reply } from '../../lib/index.js';
import { html, page } from '../html.js';

interface Search {
  q?: string;
  page?: number;
  tags?: string[];
}

export class Requests extends Controller {
  static routes = {
    contact: 'POST',
    order: 'POST',
  } satisfies Routes<Requests>;

  index() {
    return page('Requests', forms(this.ctx.URL.origin));
  }

  /** Named arguments from the query. The defaults state the types: `page` is a number, `tags` a list. */
  search({ q = '', page = 1, tags = [] }: Search) {
    return { q, page, tags };
  }

  /** Fields of a form, urlencoded or multipart. A field left blank takes its default. */
  contact(name = '', message = '', newsletter = false) {
    if (name === '') return reply(422, page('Who are you?', html`<p><a href="/requests">Back to the forms</a></p>`));
    return page(
      'Thank you',
      html`<p>${name}, we got your message:</p>
<blockquote>${message || 'nothing'}</blockquote>
<p>You ${newsletter ? 'will' : 'will not'} get the newsletter. <a href="/requests">Back to the forms</a></p>`,
    );
  }

  /** Members of a JSON object; they keep their types. `item` has no default, so that an order without it is a 400. */
  order(item: unknown, quantity = 1, gift = false) {
    if (typeof item !== 'string') return reply(422, { error: 'item must be text' });
    return { item, quantity, gift };
  }

  /** The whole request, as hooks and handlers see it. */
  echo() {
    const { method, pathParams, queryParams, bodyParams } = this.request;
    return { method, pathParams, queryParams, bodyParams, json: this.request.json() };
  }
}

function forms(origin: string) {
  return html`
<p>Whatever a request carries becomes arguments: path segments, the query, a form's fields, JSON.</p>
<h2>A query</h2>
<form action="/requests/search">
<label>Search for <input name="q" value="pie"></label>
<label>Page <input name="page" type="number" value="2"></label>
<fieldset><legend>Tags</legend>
<label><input type="checkbox" name="tags" value="sweet" checked> sweet</label>
<label><input type="checkbox" name="tags" value="salty" checked> salty</label>
</fieldset>
<button>Search</button>
</form>
<h2>A form</h2>
<form action="/requests/contact" method="post">
<label>Name <input name="name" required autocomplete="name"></label>
<label>Message <textarea name="message" rows="3"></textarea></label>
<label><input type="checkbox" name="newsletter"> Send me the newsletter</label>
<button>Send</button>
</form>
<h2>JSON</h2>
<pre><code>curl -H 'Content-Type: application/json' -d '{"item":"pie","quantity":2}' ${origin}/requests/order</code></pre>
`;
}

export function requests(): Micropie {
  return micropie(Requests, { prefix: '/requests' });
}
