import { join } from 'node:path';
import { build } from 'esbuild';
import { type Micropie, micropie, nested, type Routes } from '../../lib/index.js';
import { html, page } from '../html.js';
import { Api } from './tasks.js';

export class Client {
  static routes = { 'page.js': 'GET' } satisfies Routes<Client>;

  readonly api = nested(Api);
  readonly #script = bundle();

  index() {
    return page('Client', TASKS, '/client/page.js');
  }

  async 'page.js'() {
    return new Response(await this.#script, { headers: { 'Content-Type': 'text/javascript; charset=utf-8' } });
  }
}

/** A browser gets the page's own code and the client, and nothing of the classes, which are only types there. */
async function bundle(): Promise<string> {
  const entry = join(import.meta.dirname, 'page.ts');
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

const TASKS = html`
<p>This page calls the methods of a class. <small id="state" role="status">Loading …</small></p>
<ul id="tasks" class="rows"></ul>
<form id="add" class="inline">
<label>Task <input name="title" maxlength="200" autocomplete="off"></label>
<button>Add</button>
</form>
<p><label>Or a text file, one task a line: <input type="file" name="file" accept="text/plain"></label></p>
<p><button id="report">Report</button></p>
<pre id="lines"></pre>
`;

export function client(): Micropie {
  return micropie(Client, { prefix: '/client' });
}
