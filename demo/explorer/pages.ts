import { type Html, html, page } from '../html.js';
import { curlOf, type RequestField, requestOf } from './request.js';
import type { Sendable } from './requests.js';
import { handlerSource, highlight, type SourceFile } from './source.js';

const SCRIPT = '/try/explorer.js';
const STYLE = '/try/explorer.css';

/** What the pages tell of a demo. */
export interface Described {
  readonly title: string;
  readonly about: string;
  /** Where its own page is, if it has one. */
  readonly page: string | undefined;
  readonly requests: readonly Sendable[];
  readonly files: readonly SourceFile[];
}

export function requestsPage(demo: Described, origin: string): string {
  const { title, about, page: own, requests } = demo;
  return page(
    title,
    html`<p class="lead">${about}</p>
<p class="actions">${own && html`<a href="${own}">Open its page</a>`} <a href="/try/${title}/source">All of its source</a></p>
${requests.map((request) => requestSection(request, demo, origin))}
<p><small>A script in a browser sees neither <code>Set-Cookie</code> nor what came before a redirect; <code>curl -i</code> shows both.</small></p>
${ANSWER}`,
    SCRIPT,
    STYLE,
  );
}

export function sourcePage({ title, files }: Described): string {
  return page(
    `Source of ${title}`,
    html`<p class="actions"><a href="/try/${title}">Its requests and answers</a></p>
${files.map((file) => html`<h2 id="${file.name}"><code>demo/${title}/${file.name}</code></h2>${codeBox(file, file.name)}`)}`,
    undefined,
    STYLE,
  );
}

function requestSection(request: Sendable, { title, files }: Described, origin: string): Html {
  const { route, methods, path } = request;
  const source = route === undefined ? undefined : handlerSource(files, route);
  return html`<section class="request">
<h2><span class="method">${methods.join(' · ')}</span> <code>${path}</code></h2>
<div class="columns">
<div>
${formOf(request)}
${examplesOf(request)}
${curlBox(request, origin)}
<div class="answer"></div>
</div>
${source && sourceBox(title, source.file, source.text)}
</div>
</section>`;
}

/** Without JavaScript it is an ordinary form, as far as such a form can make the request. */
function formOf({ methods, path, fields }: Sendable): Html {
  const [method] = methods;
  const isPost = method !== 'GET';
  const isFile = fields.some(({ type }) => type === 'file');
  const needsScript = !['GET', 'POST'].includes(method) || fields.some(({ type }) => type === 'json');
  const { address } = requestOf({ method: 'POST', path, isJson: false, fields });
  return html`<form action="${address}" method="${isPost ? 'post' : 'get'}" data-path="${path}" ${isFile && MULTIPART}>
${fields.map((field) => fieldOf(field, path))}
<div class="controls">
${methods.length > 1 ? choice('Method', DATA_METHOD, methods) : html`<input type="hidden" data-method value="${method}">`}
${canBeJson(methods, path, fields) && choice('Send as', DATA_AS, ['form', 'JSON'])}
<button${needsScript ? DISABLED : undefined}>Send<span class="hidden"> ${method} ${path}</span></button>
</div>
${needsScript && NO_SCRIPT}
</form>`;
}

function fieldOf({ name, type, value }: RequestField, path: string): Html {
  const isInPath = new RegExp(`[:*]${name}(?!\\w)`).test(path) && name !== '';
  const attributes = html`data-name="${name}" data-type="${type}" ${!isInPath && name !== '' && html`name="${name}"`}`;
  if (type === 'json') return html`<label>Body <textarea rows="12" ${attributes}>${value}</textarea></label>`;
  if (type === 'boolean')
    return html`<label><input type="checkbox" value="true" ${attributes}${value === 'true' ? CHECKED : undefined}> ${name}</label>`;
  const input =
    type === 'file'
      ? html`<input type="file" multiple ${attributes}>`
      : html`<input value="${value}" ${attributes} ${type === 'number' && NUMERIC} autocomplete="off">`;
  return html`<label>${name} ${input}</label>`;
}

function choice(label: string, attribute: Html, values: readonly string[]): Html {
  return html`<label>${label} <select ${attribute}>${values.map((value) => html`<option>${value}</option>`)}</select></label>`;
}

function canBeJson(methods: readonly string[], path: string, fields: readonly RequestField[]): boolean {
  const inBody = fields.filter(({ name }) => !new RegExp(`[:*]${name}(?!\\w)`).test(path));
  return (
    methods.some((method) => method !== 'GET' && method !== 'DELETE') &&
    inBody.length > 0 &&
    inBody.every(({ type }) => type !== 'file' && type !== 'json')
  );
}

function examplesOf({ links, methods, path, fields }: Sendable): Html | undefined {
  const { address } = requestOf({ method: methods[0], path, isJson: false, fields });
  const others = links.filter((link) => link !== address);
  if (others.length === 0) return undefined;
  return html`<ul class="examples" aria-label="Examples">
${others.map((link) => html`<li><a href="${link}" data-example>${link}</a></li>`)}
</ul>`;
}

function curlBox({ methods, path, fields }: Sendable, origin: string): Html {
  const command = curlOf(requestOf({ method: methods[0], path, isJson: false, fields: filled(fields) }), origin);
  return html`<div class="curl"><pre><code>${command}</code></pre>
<button type="button" class="quiet" hidden>Copy<span class="hidden"> the curl line for ${path}</span></button></div>`;
}

/** A box that is not checked is not sent. */
function filled(fields: Sendable['fields']): Sendable['fields'] {
  return fields.filter(({ type, value }) => type !== 'boolean' || value === 'true');
}

function sourceBox(title: string, file: string, text: string): Html {
  return html`<figure>
${codeBox({ name: file, text }, 'The method that answers')}
<figcaption><a href="/try/${title}/source#${file}"><code>demo/${title}/${file}</code></a></figcaption>
</figure>`;
}

/** The keyboard can move in it where it is wider than the page. */
function codeBox(file: SourceFile, label: string): Html {
  return html`<pre class="source" tabindex="0" role="group" aria-label="${label}">${highlight(file)}</pre>`;
}

/** What the script fills in. */
const ANSWER = html`<template id="answer">
<h3>Sent</h3>
<pre data-part="sent"></pre>
<h3>Came back</h3>
<p role="status" data-part="status">Under way …</p>
<p class="actions"><button type="button" class="quiet" data-part="stop">Stop</button> <a data-part="page" hidden>Open this page</a></p>
<pre data-part="headers"></pre>
<pre data-part="body" tabindex="0" role="group" aria-label="Body"></pre>
</template>`;
const DATA_METHOD = html`data-method`;
const DATA_AS = html`data-as`;
const MULTIPART = html`enctype="multipart/form-data"`;
const NUMERIC = html`inputmode="numeric"`;
const CHECKED = html` checked`;
const DISABLED = html` disabled`;
const NO_SCRIPT = html`<noscript><p>A form can not send this without JavaScript; <code>curl</code> can.</p></noscript>`;
