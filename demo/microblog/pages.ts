import { type Html, html, page } from '../html.js';
import type { Person, Post } from './network.js';

/** A time line, and above it where one may go. */
export interface Timeline {
  readonly title: string;
  /** Where it is. */
  readonly path: string;
  /** Who looks at it; undefined for a stranger. */
  readonly me: Person | undefined;
  readonly posts: readonly Post[];
  /** What stands above the posts. */
  readonly above?: Html | undefined;
}

export function timelinePage({ title, path, me, posts, above }: Timeline): string {
  return page(
    title,
    html`${tabs(path, me)}
${above}
${posts.length === 0 ? html`<p>Nothing was written here yet.</p>` : html`<ul class="posts">${posts.map(post)}</ul>`}`,
  );
}

export const WRITE = html`<form action="/microblog/posts" method="post">
<label>What is new? <textarea name="text" required maxlength="280" rows="3"></textarea></label>
<button>Post</button>
</form>`;

/** The button that follows somebody, or no more. */
export function followButton(name: string, isFollowed: boolean): Html {
  const verb = isFollowed ? 'unfollow' : 'follow';
  return html`<form class="bare" action="${pathOf(name)}/${verb}" method="post">
<button${isFollowed ? html` class="quiet"` : ''}>${isFollowed ? 'Unfollow' : 'Follow'} ${name}</button>
</form>`;
}

export function loginPage(name = '', messages: readonly string[] = []): string {
  return page(
    'Log in',
    html`${tabs('/microblog/login')}
${problems(messages)}
<form action="/microblog/login" method="post">
<label>Name <input name="name" value="${name}" required maxlength="20" autocomplete="username" autocapitalize="none"></label>
<label>Password <input name="password" type="password" required maxlength="200" autocomplete="current-password"></label>
<button>Log in</button>
</form>`,
  );
}

export function registerPage(name = '', messages: readonly string[] = []): string {
  return page(
    'Register',
    html`${tabs('/microblog/register')}
${problems(messages)}
<form action="/microblog/register" method="post">
<div class="field">
<label for="name">Name</label>
<input id="name" name="name" value="${name}" required minlength="2" maxlength="20" pattern="\\w+" aria-describedby="name-hint" autocomplete="username" autocapitalize="none">
<small id="name-hint">2 to 20 letters, digits and underscores</small>
</div>
<div class="field">
<label for="password">Password</label>
<input id="password" name="password" type="password" required minlength="8" maxlength="200" aria-describedby="password-hint" autocomplete="new-password">
<small id="password-hint">At least 8 characters</small>
</div>
<button>Register</button>
</form>`,
  );
}

export function pathOf(name: string): string {
  return `/microblog/people/${encodeURIComponent(name)}`;
}

function tabs(current: string, me?: Person): Html {
  const links = me
    ? [
        ['/microblog', 'Home'],
        ['/microblog/public', 'Everybody'],
        [pathOf(me.name), me.name],
      ]
    : [
        ['/microblog', 'Everybody'],
        ['/microblog/login', 'Log in'],
        ['/microblog/register', 'Register'],
      ];
  return html`<nav class="tabs" aria-label="Microblog">
${links.map(([path, text]) => html`<a href="${path}"${path === current ? html` aria-current="page"` : ''}>${text}</a>`)}
${me && html`<form action="/microblog/logout" method="post"><button class="quiet">Log out</button></form>`}
</nav>`;
}

function post({ author, text, at }: Post): Html {
  return html`<li>
<a href="${pathOf(author.name)}"><strong>${author.name}</strong></a>
<p>${text}</p>
<small><time datetime="${at.toISOString()}">${at.toISOString().slice(0, 16).replace('T', ' ')} UTC</time></small>
</li>`;
}

function problems(messages: readonly string[]): Html | undefined {
  if (messages.length === 0) return undefined;
  return html`<div class="problems" role="alert">${messages.map((message) => html`<p>${message}</p>`)}</div>`;
}
