import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, type Micropie, micropie, type Routes, reply, type SseEvent, sse } from '../../lib/index.js';
import { html, page } from '../html.js';

interface Message {
  readonly id: number;
  readonly name: string;
  readonly text: string;
}

const KEPT = 100;

export class Events extends Controller {
  static routes = {
    say: 'POST',
    stream: 'GET',
  } satisfies Routes<Events>;

  readonly #messages: Message[] = [];
  readonly #bell = new EventEmitter().setMaxListeners(0);
  // Higher than any of a run before, or who comes back after a restart would miss the new ones.
  #lastId = Date.now();

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
    this.#lastId += 1;
    this.#messages.push({ id: this.#lastId, name: name.slice(0, 40), text: text.slice(0, 500) });
    if (this.#messages.length > KEPT) this.#messages.shift();
    this.#bell.emit('message');
    return undefined;
  }

  /** A browser that comes back says what it saw last, and gets the rest. */
  stream() {
    const { headers, signal } = this.request;
    return sse(this.#messagesAfter(Number(headers['last-event-id']) || 0, signal));
  }

  async *#messagesAfter(id: number, signal: AbortSignal): AsyncGenerator<SseEvent> {
    let last = id;
    while (true) {
      const message = this.#messages.find((one) => one.id > last);
      if (message) {
        last = message.id;
        yield { id: message.id, data: message };
      } else await once(this.#bell, 'message', { signal });
    }
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
