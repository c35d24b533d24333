import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, type Micropie, micropie } from '../../lib/index.js';
import { html, page } from '../html.js';

/** What the home page tells of a demo. */
export interface Entry {
  readonly title: string;
  readonly about: string;
  readonly source: string;
  readonly links: readonly string[];
}

class Home extends Controller {
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    super();
    this.#entries = entries;
  }

  index() {
    return page(
      'A class behind URLs',
      html`<p class="lead">Method names are paths, what a request carries becomes arguments, and what a method returns is the answer.
Each demo below is one small controller to read, try and copy.</p>
<ul class="cards">${this.#entries.map(card)}</ul>`,
    );
  }

  // A name in quotes may be any path segment.
  'style.css'() {
    return this.#file('style.css');
  }

  'icon.svg'() {
    return this.#file('icon.svg');
  }

  #file(name: string) {
    this.ctx.type = name;
    return readFile(join(import.meta.dirname, name));
  }
}

function card({ title, about, source, links }: Entry) {
  return html`<li>
<h2>${title}</h2>
<p>${about}</p>
<p><small><code>${source}</code></small></p>
<nav aria-label="${title}">${links.map((link) => html`<a href="${link}">${link}</a>`)}</nav>
</li>`;
}

export function home(entries: readonly Entry[]): Micropie {
  return micropie(new Home(entries), { session: false });
}
