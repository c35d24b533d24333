import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, channel, type Micropie, micropie, type Routes, reply, sse } from '../../lib/index.js';
import { html, page } from '../html.js';

interface Message {
  readonly name: string;
  readonly text: string;
}

export class Events extends Controller {
  static routes = {
    say: 'POST',
    stream: 'GET',
  } satisfies Routes<Events>;

  readonly #messages = channel<Message>({ keep: 100 });

  index() {
    return page('Events', CHAT, '/events/chat.js');
  }

  async 'chat.js'() {
    this.ctx.type = 'js';
    return readFile(join(import.meta.dirname, 'chat.js'));
  }

  /** Everybody who listens to the stream sees it. */
  say(text = '', name = 'Guest') {
    if (text === '') return reply(422, 'Say something.');
    this.#messages.publish({ name: name.slice(0, 40), text: text.slice(0, 500) });
    return undefined;
  }

  /** A browser that comes back says what it saw last, and gets the rest; a newcomer gets all that is kept. */
  stream() {
    const { headers, signal } = this.request;
    return sse(this.#messages.subscribe({ signal, after: headers['last-event-id'] ?? 0 }));
  }
}

const CHAT = html`
<p>Open this page twice. <small id="state">Connecting …</small></p>
<ol id="messages" class="messages" aria-live="polite"></ol>
<form id="say" action="/events/say" method="post" class="inline">
<label>Name <input name="name" value="Guest" maxlength="40" size="8"></label>
<label>Message <input name="text" required maxlength="500" autocomplete="off"></label>
<button>Say</button>
</form>
`;

export function events(): Micropie {
  return micropie(Events, { prefix: '/events' });
}
