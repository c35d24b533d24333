import { type Html, html } from '../html.js';
import type { User } from './oauth.js';

/** The address that is to be registered at the provider. */
export function callbackOf(origin: string): string {
  return `${origin}/auth/callback`;
}

export function overview(origin: string, hasProvider: boolean, user: User | undefined): Html {
  return html`
<h2>By another site: OAuth 2.0</h2>
${user ? welcome(user) : hasProvider ? LOGIN : setUp(callbackOf(origin))}
<h2>By name and password: HTTP Basic</h2>
<p><a href="/auth/basic">/auth/basic</a> has your browser ask. The name is <code>demo</code>, the password <code>pie</code>.</p>
<h2>By a token: Bearer</h2>
<p>The token <code>reader</code> may read, <code>baker</code> may also bake, and any other is refused.</p>
<form id="bearer" action="/auth/pies">
<label>Token <input name="token" value="reader" autocomplete="off" autocapitalize="none" spellcheck="false"></label>
<div class="actions">
<button name="ask" value="GET /auth/pies">Read the list</button>
<button name="ask" value="POST /auth/bake">Bake a plum pie</button>
</div>
<pre aria-live="polite"><code id="answer">Nothing was asked yet.</code></pre>
</form>
<noscript><pre><code>curl -i -H 'Authorization: Bearer reader' ${origin}/auth/pies</code></pre></noscript>`;
}

/** What a visitor sees whose log-in failed. */
export function failure(reason: string): Html {
  return html`<p class="problem" role="alert">${reason}.</p><p class="actions"><a href="/auth">Back, to try again</a></p>`;
}

const LOGIN = html`<p>Nobody is logged in.</p><p class="actions"><a href="/auth/login">Log in with the provider</a></p>`;

function welcome({ name }: User): Html {
  return html`<p>You are <strong>${name}</strong>, and <a href="/auth/me">/auth/me</a> knows it.</p>
<form action="/auth/logout" method="post"><button>Log out</button></form>`;
}

function setUp(callback: string): Html {
  return html`<p>No provider is set up. Register this application at one that speaks OpenID Connect, with the address
<code>${callback}</code>, and start anew with</p>
<pre><code>AUTH_ISSUER=https://…
AUTH_CLIENT_ID=…
AUTH_CLIENT_SECRET=…</code></pre>`;
}
