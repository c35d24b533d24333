import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, type Micropie, micropie, type Routes, type SseEvent, sse } from '../../lib/index.js';
import { workerName } from '../cluster/worker-name.js';
import { html, page } from '../html.js';

// Both in milliseconds.
const PAUSE = 200;
const RETRY = 100;

export class Live extends Controller {
  static routes = {
    index: 'GET',
    count: 'GET',
    'count.js': 'GET',
  } satisfies Routes<Live>;

  index() {
    return page('Live', CONTENT, '/live/count.js');
  }

  /** The client says where it was, so that any process can go on from there. */
  count() {
    const { headers, signal } = this.request;
    return sse(countFrom(Number(headers['last-event-id']) || 0, signal));
  }

  async 'count.js'() {
    this.ctx.type = 'js';
    return readFile(join(import.meta.dirname, 'count.js'));
  }
}

async function* countFrom(last: number, signal: AbortSignal): AsyncGenerator<SseEvent> {
  for (let id = last + 1; ; id++) {
    yield { id, data: { number: id, from: workerName() }, retry: RETRY };
    await sleep(PAUSE, undefined, { signal });
  }
}

const CONTENT = html`
<p>The number is <output id="number">not here yet</output>, from <strong id="from">nobody</strong>.
Missed: <strong id="missed">0</strong>. Connected anew: <strong id="reconnected">0</strong>.</p>
<noscript><p>A browser needs JavaScript for this page. <code>curl -N</code> needs none.</p></noscript>
<p id="state" aria-live="polite"></p>
<form action="/cluster/restart" method="post" target="_blank"><button>Restart the workers</button></form>`;

export function live(): Micropie {
  return micropie(Live, { prefix: '/live', session: false });
}
