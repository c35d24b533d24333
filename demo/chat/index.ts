import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, type Micropie, micropie, type Socket } from '../../lib/index.js';
import { html, page } from '../html.js';
import { alone, type Connect, redisBus } from './bus.js';
import { Rooms } from './rooms.js';

const ROOM = /^[\p{L}\d-]{1,30}$/u;

export class Chat extends Controller {
  readonly #rooms: Rooms;

  constructor(connect: Connect) {
    super();
    this.#rooms = new Rooms(connect);
  }

  index(room = 'lobby') {
    return page(`Chat: ${room}`, CHAT, '/chat/chat.js');
  }

  async 'chat.js'() {
    this.ctx.type = 'js';
    return readFile(join(import.meta.dirname, 'chat.js'));
  }

  /** A socket at the address of the page: /chat/den?name=Ada. Who comes back says which message was the last. */
  async ws_index(socket: Socket, room = 'lobby', name = 'Guest', after = 0) {
    if (!ROOM.test(room)) this.ctx.throw(400, 'A room has letters, digits and hyphens');
    const feeding = this.#feed(socket, room, after);
    this.#rooms.enter(room, socket, name.slice(0, 40));
    try {
      for await (const message of socket)
        if (typeof message === 'string' && message !== '')
          this.#rooms.say(room, name.slice(0, 40), message.slice(0, 500));
    } finally {
      this.#rooms.leave(room, socket);
    }
    await feeding;
  }

  async #feed(socket: Socket, room: string, after: number): Promise<void> {
    const { signal } = this.request;
    for await (const { id, data } of this.#rooms.room(room).said.subscribe({ signal, after }))
      if (!(await socket.send({ id, ...data }))) return;
    // Too far behind: the page comes back, and goes on where it was.
    socket.close(1013, 'Too slow');
  }
}

const CHAT = html`
<p>Open this page twice, or <a href="/chat/kitchen">go to the kitchen</a>. <small id="state" role="status">Connecting …</small></p>
<p>Here: <span id="people" aria-live="polite"></span></p>
<ol id="messages" class="messages" aria-live="polite"></ol>
<form id="say" class="inline">
<label>Name <input name="name" value="Guest" required maxlength="40" size="8" autocomplete="nickname"></label>
<label>Message <input name="text" required maxlength="500" autocomplete="off" enterkeyhint="send"></label>
<button>Say</button>
</form>
`;

export function chat(redisUrl = process.env['REDIS_URL']): Micropie {
  return micropie(new Chat(redisUrl ? redisBus(redisUrl) : alone), { prefix: '/chat' });
}
