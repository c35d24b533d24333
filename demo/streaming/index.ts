import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Controller, type Micropie, micropie, type Routes, reply } from '../../lib/index.js';
import { html, page } from '../html.js';
import { tempFolder } from '../temp.js';
import { parseRange } from './range.js';
import { makeWav } from './tone.js';

interface Sound {
  readonly path: string;
  readonly size: number;
}

export class Streaming extends Controller {
  static routes = { 'tone.wav': 'GET' } satisfies Routes<Streaming>;

  #sound: Promise<Sound> | undefined;

  index() {
    return page('Streaming', content(this.ctx.URL.origin));
  }

  /** What a generator yields is sent as it comes. When the client leaves, the pause ends and so does all of it. */
  async *chunks(count = 10, pause = 300) {
    const { signal } = this.request;
    for (let number = 1; number <= Math.min(count, 100); number++) {
      yield `Chunk ${number}\n`;
      await setTimeout(Math.min(pause, 1000), undefined, { signal });
    }
  }

  /** Players ask for parts of a file in order to jump in it. */
  async 'tone.wav'() {
    const { path, size } = await this.#tone();
    const range = parseRange(this.request.headers.range, size);
    const headers = { 'Content-Type': 'audio/wav', 'Accept-Ranges': 'bytes' };
    if (range === undefined) return reply(200, createReadStream(path), { ...headers, 'Content-Length': size });
    if (range === 'unsatisfiable') return reply(416, '', { ...headers, 'Content-Range': `bytes */${size}` });
    const { start, end } = range;
    return reply(206, createReadStream(path, { start, end }), {
      ...headers,
      'Content-Length': end - start + 1,
      'Content-Range': `bytes ${start}-${end}/${size}`,
    });
  }

  /** Made when it is first asked for. */
  #tone(): Promise<Sound> {
    this.#sound ??= writeTone();
    return this.#sound;
  }
}

async function writeTone(): Promise<Sound> {
  const wav = makeWav();
  const path = join(tempFolder(), 'tone.wav');
  await writeFile(path, wav);
  return { path, size: wav.length };
}

function content(origin: string) {
  return html`
<h2>Text</h2>
<p><a href="/streaming/chunks">/streaming/chunks</a> sends ten lines, three each second.
<a href="/streaming/chunks/50/100">/streaming/chunks/50/100</a> sends fifty, faster.</p>
<h2>Sound, with ranges</h2>
<p>A scale as a WAV file. Jump in it: the player asks for the part that it needs and gets 206.</p>
<audio controls preload="metadata" src="/streaming/tone.wav"></audio>
<pre><code>curl -i -r 0-43 --output - ${origin}/streaming/tone.wav</code></pre>
`;
}

export function streaming(): Micropie {
  return micropie(Streaming, { prefix: '/streaming' });
}
