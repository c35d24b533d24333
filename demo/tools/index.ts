import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, Next } from 'koa';
import { Controller, HttpMiddleware, type Micropie, micropie, nested, type Request, reply } from '../../lib/index.js';
import { mcp } from '../../lib/mcp/mcp.js';
import { html, page } from '../html.js';
import { Tasks } from './tasks.js';

class Tools extends Controller {
  readonly tasks = nested(Tasks);

  index() {
    const { protocol, host } = this.ctx;
    const address = `${protocol}://${host}/tools/mcp`;
    return page(
      'Tools',
      html`
<p>The methods of a class as tools of a language model. Give this address to a client of the Model Context Protocol:</p>
<pre>${address}</pre>
<p>In Claude Code, for example:</p>
<pre>claude mcp add --transport http tasks ${address}</pre>
<p>Then ask it: <q>What is to be done?</q> The same methods over HTTP: <a href="/tools/tasks">/tools/tasks</a>,
<a href="/tools/tasks/report">/tools/tasks/report</a>.</p>
`,
    );
  }
}

/** Asks for a key: of those who call tools, and of those who use the paths. */
class KeyCheck extends HttpMiddleware {
  readonly #key: Buffer;

  constructor(key: string) {
    super();
    this.#key = digest(`Bearer ${key}`);
  }

  override beforeRequest({ headers }: Request) {
    if (timingSafeEqual(digest(headers.authorization ?? ''), this.#key)) return undefined;
    return reply(401, 'A key, please', { 'WWW-Authenticate': 'Bearer' });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** @param key - What clients must send as `Authorization: Bearer ...`; nothing where not given. */
export function tools(key = process.env['TOOLS_KEY']) {
  const api: Micropie = micropie(Tools, { prefix: '/tools', middlewares: key ? [new KeyCheck(key)] : [] });
  const server = mcp(api, { name: 'tasks', version: '1.0.0', path: '/tools/mcp' });
  return { api, middleware: (ctx: Context, next: Next) => server(ctx, () => api(ctx, next)) };
}
