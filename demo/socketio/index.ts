import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, type Micropie, micropie, type Routes, type Socket } from '../../lib/index.js';
import { html, page } from '../html.js';
import { type Tally, tally } from './tally.js';

export class SocketIoDemo extends Controller {
  static routes = { index: 'GET', count: 'GET', 'socketio.js': 'GET' } satisfies Routes<SocketIoDemo>;

  readonly #tally: Tally;

  constructor(tally: Tally) {
    super();
    this.#tally = tally;
  }

  index() {
    return page('Beside Socket.IO', CONTENT, '/socketio/socketio.js');
  }

  'socketio.js'() {
    this.ctx.type = 'js';
    return readFile(join(import.meta.dirname, 'socketio.js'));
  }

  /** A third way to the same number. */
  count() {
    return { count: this.#tally.count };
  }

  /** The controller's own socket, on the server that Socket.IO listens to as well: each message adds one. */
  async ws_count(socket: Socket) {
    const telling = this.#tell(socket);
    for await (const _message of socket) this.#tally.add();
    await telling;
  }

  async #tell(socket: Socket): Promise<void> {
    await socket.send(String(this.#tally.count));
    for await (const { data } of this.#tally.changes.subscribe({ signal: this.request.signal }))
      if (!(await socket.send(String(data)))) return;
  }
}

const CONTENT = html`
<p>One server, one number, two libraries. Open this page twice, and press any of the buttons.</p>
<h2>Socket.IO</h2>
<form id="io">
<p>The number is <output>…</output>. <small role="status">Connecting …</small></p>
<button>Add one by Socket.IO</button>
</form>
<h2>The controller's own socket</h2>
<form id="ws">
<p>The number is <output>…</output>. <small role="status">Connecting …</small></p>
<button>Add one by the socket</button>
</form>
<p><a href="/socketio/count">/socketio/count</a> tells it by HTTP.</p>`;

/** @param shared - The number, which the Socket.IO server of `attachSocketIo` must have as well. */
export function socketio(shared = tally): Micropie {
  return micropie(new SocketIoDemo(shared), { prefix: '/socketio', session: false });
}
