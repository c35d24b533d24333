import { Controller, type Routes } from '../../lib/index.js';
import { html, page } from '../html.js';

interface Visitor {
  name?: string;
  visits?: number;
}

interface Entry {
  readonly name: string;
  readonly text: string;
}

/** A controller that knows nothing of Express. */
export class Guestbook extends Controller<Visitor> {
  static routes = {
    index: 'GET',
    entries: 'GET',
    sign: { path: 'POST', from: 'body' },
    forget: 'POST',
  } satisfies Routes<Guestbook>;

  readonly #entries: Entry[] = [];

  index() {
    this.session.visits = (this.session.visits ?? 0) + 1;
    const { visits, name = '' } = this.session;
    return page(
      'Guest book',
      html`<p>This is your visit ${visits}. <a href="/">The site around it</a> is Express.</p>
<ul>${this.#entries.map(({ name, text }) => html`<li><strong>${name}</strong>: ${text}</li>`)}</ul>
<form action="/guests/sign" method="post">
<label>Name <input name="name" value="${name}" required maxlength="40" autocomplete="name"></label>
<label>Text <input name="text" required maxlength="200" autocomplete="off"></label>
<button>Sign</button>
</form>
${name && html`<form action="/guests/forget" method="post"><button>Forget me</button></form>`}`,
    );
  }

  entries() {
    return this.#entries;
  }

  sign(name: string, text: string) {
    this.session.name = name;
    this.#entries.push({ name: name.slice(0, 40), text: text.slice(0, 200) });
    return this.redirect('/guests', 303);
  }

  forget() {
    this.session = null;
    return this.redirect('/guests', 303);
  }
}
