import { html, page } from '../html.js';
import type { Article } from './articles.js';

export function listPage(articles: readonly Article[], author: string | undefined): string {
  return page(
    'Blog',
    html`<ul>${articles.map(({ slug, title }) => html`<li><a href="${pathOf(slug)}">${title}</a></li>`)}</ul>
${author === undefined ? LOGIN : html`<p>You are <strong>${author}</strong>. <a href="/blog/admin">Write and tidy up</a></p>`}`,
  );
}

export function articlePage({ slug, title, text, comments }: Article): string {
  return page(
    title,
    html`<p>${text}</p>
<h2>Comments</h2>
${comments.map((comment) => html`<blockquote>${comment.text}<br><small>${comment.name}</small></blockquote>`)}
<form action="${pathOf(slug)}/comments" method="post">
<label>Name <input name="name" value="Guest"></label>
<label>Comment <textarea name="text" required></textarea></label>
<button>Send</button>
</form>
<p><a href="/blog">All posts</a></p>`,
  );
}

export function adminPage(articles: readonly Article[]): string {
  return page(
    'Admin',
    html`<form action="/blog/admin/posts" method="post">
<label>Title <input name="title" required></label>
<label>Text <textarea name="text" required></textarea></label>
<button>Publish</button>
</form>
<ul class="rows">${articles.map(
      ({
        slug,
        title,
        comments,
      }) => html`<li>${title} ${button(`/blog/admin/posts/${encodeURIComponent(slug)}/remove`, title)}</li>
${comments.map(({ text }, at) => html`<li>${text} ${button(`/blog/admin/comments/${encodeURIComponent(slug)}/${at}/remove`, text)}</li>`)}`,
    )}</ul>
<form action="/blog/logout" method="post"><button>Log out</button></form>`,
  );
}

export function pathOf(slug: string): string {
  return `/blog/posts/${encodeURIComponent(slug)}`;
}

function button(action: string, what: string) {
  return html`<form action="${action}" method="post"><button class="quiet" aria-label="Remove ${what}">Remove</button></form>`;
}

const LOGIN = html`<form action="/blog/login" method="post">
<label>Author <input name="name" required autocomplete="username"></label>
<button>Log in</button>
</form>`;
