import { type Html, html, page } from '../html.js';
import { LIFETIME, LIFETIMES, type Link } from './links.js';

/** The form, and the links that the visitor made. */
export function startPage(token: string, links: readonly Link[], origin: string): string {
  const secret = html`<input type="hidden" name="_csrf" value="${token}">`;
  return page(
    'URL shortener',
    html`<form action="/url-shortener/create" method="post">
${secret}
<label>Address <input name="url" type="url" required maxlength="2000" placeholder="https://example.org/a/long/way" autocomplete="off"></label>
<label>Kept for <select name="lifetime">${LIFETIMES.map(option)}</select></label>
<button>Shorten</button>
</form>
<h2>Your links</h2>
${links.length === 0 ? html`<p>You have none yet.</p>` : html`<ul class="posts">${links.map((link) => item(link, secret, origin))}</ul>`}
<h2>For programs</h2>
<pre><code>curl --json '{"url":"https://example.org"}' \\
  ${origin}/url-shortener/api/links</code></pre>`,
  );
}

function option([seconds, name]: (typeof LIFETIMES)[number]): Html {
  return html`<option value="${seconds}"${seconds === LIFETIME ? html` selected` : ''}>${name}</option>`;
}

function item({ code, url, expires, clicks }: Link, secret: Html, origin: string): Html {
  return html`<li>
<a href="/url-shortener/${code}">${origin}/url-shortener/${code}</a>
<p>${url}</p>
<p><small>${clicks} ${clicks === 1 ? 'click' : 'clicks'}, until ${expires.toISOString().slice(0, 16).replace('T', ' ')} UTC</small></p>
<form class="bare" action="/url-shortener/remove/${code}" method="post">${secret}<button class="quiet">Delete ${code}</button></form>
</li>`;
}
