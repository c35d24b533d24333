import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import send from '@fastify/send';
import { Controller, type Micropie, micropie, type Routes, reply } from '../../lib/index.js';
import { html, page } from '../html.js';

export class Video extends Controller {
  static routes = { index: 'GET', 'pie.webm': 'GET', 'video.js': 'GET' } satisfies Routes<Video>;

  index() {
    return page('A film to jump in', FILM, '/video/video.js');
  }

  /** A player asks for the part that it needs: 206, or 416 where there is none, 304 where it has the film. */
  async 'pie.webm'() {
    const { statusCode, stream, headers } = await send(this.ctx.req, 'pie.webm', { root: import.meta.dirname });
    return reply(statusCode, stream, headers);
  }

  'video.js'() {
    this.ctx.type = 'js';
    return readFile(join(import.meta.dirname, 'video.js'));
  }
}

const FILM = html`
<p>A pie is eaten in twelve seconds. Jump in it: the player asks for the bytes that it needs, and gets 206.</p>
<video src="/video/pie.webm" controls muted playsinline preload="metadata" width="320" height="180"
aria-label="A pie that is eaten, clockwise, in twelve seconds; it has no sound"></video>
<form id="jump">
<fieldset>
<legend>Jump to</legend>
<button name="to" value="0">the beginning</button>
<button name="to" value="6">half of it</button>
<button name="to" value="11">the last piece</button>
</fieldset>
<p>The film is at second <output id="time">0.0</output>.</p>
</form>
<p class="actions"><a href="/video/pie.webm">The film alone</a></p>`;

export function video(): Micropie {
  return micropie(Video, { prefix: '/video', session: false });
}
