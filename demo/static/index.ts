import { join } from 'node:path';
import send from '@fastify/send';
import { Controller, type Micropie, micropie, type Routes, reply } from '../../lib/index.js';
import { html, page } from '../html.js';

/** The folder whose files are served. Nothing else may lie in it, links to other places included. */
export const PUBLIC = join(import.meta.dirname, 'public');

export class StaticFiles extends Controller {
  static routes = { index: 'GET', files: 'GET' } satisfies Routes<StaticFiles>;

  index() {
    return page('Files', content(this.ctx.URL.origin));
  }

  /** The segments come decoded, and `send` wants an address, which it holds to the folder. */
  async files(...path: string[]) {
    const address = path.map(encodeURIComponent).join('/');
    const { type, statusCode, headers, stream } = await send(this.ctx.req, address, { root: PUBLIC });
    if (type === 'directory') return this.ctx.throw(404, 'A folder is not shown');
    return reply(statusCode, stream, headers);
  }
}

function content(origin: string) {
  return html`
<p>Files of a folder, with a type, an <code>ETag</code>, ranges and 304.</p>
<ul class="rows">
<li><a href="/static/files/recipe.txt">recipe.txt</a> as text</li>
<li><a href="/static/files/pie.svg">pie.svg</a> as an image</li>
<li><a href="/static/files/letters/a%20letter.html">letters/a letter.html</a> as a page in a folder</li>
</ul>
<p><img src="/static/files/pie.svg" alt="A pie with one piece cut out" width="120" height="120"></p>
<h2>Try it</h2>
<pre><code>curl -i ${origin}/static/files/recipe.txt
curl -i -r 0-5 ${origin}/static/files/recipe.txt
curl -i --path-as-is ${origin}/static/files/../index.ts</code></pre>
<p>The first shows the <code>ETag</code>, the second gets six bytes and 206, the third nothing: it would leave the folder.</p>`;
}

export function statics(): Micropie {
  return micropie(StaticFiles, { prefix: '/static', session: false });
}
