import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, type Micropie, micropie } from '../../lib/index.js';
import { html, page } from '../html.js';

/** What the home page tells of a demo. */
export interface Entry {
  readonly title: string;
  readonly about: string;
  /** Where its card leads; its title leads to the first. */
  readonly actions: readonly Action[];
}

interface Action {
  readonly text: string;
  readonly href: string;
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

function card({ title, about, actions }: Entry) {
  return html`<li>
<h2><a href="${actions[0]?.href}">${title}</a></h2>
<p>${about}</p>
<p class="actions">${actions.map(({ text, href }) => html`<a href="${href}">${text}<span class="hidden"> ${title}</span></a> `)}</p>
</li>`;
}

export function home(entries: readonly Entry[]): Micropie {
  return micropie(new Home(entries), { session: false });
}
