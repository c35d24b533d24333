import { createKeyv } from '@keyv/redis';
import { Controller, keyvSessionBackend, type Micropie, micropie, type Routes, reply } from '../../lib/index.js';
import { html, page } from '../html.js';

interface Visitor {
  visits?: number;
  user?: string;
}

export class Sessions extends Controller<Visitor> {
  static routes = {
    login: 'POST',
    logout: 'POST',
    // Only the session may say who the user is: /sessions/me?user=admin changes nothing.
    me: { session: ['user'] },
  } satisfies Routes<Sessions>;

  index() {
    const { user, visits = 0 } = this.session;
    return page(
      'Sessions',
      html`<p>You have counted ${visits} <a href="/sessions/visits">visits</a>.</p>${form(user)}`,
    );
  }

  visits() {
    this.session.visits = (this.session.visits ?? 0) + 1;
    return `Visit ${this.session.visits}`;
  }

  /** A real one would ask for a password. */
  async login(name = 'Guest') {
    this.session.user = name;
    // From now on under a new identifier: whoever knew the old one is not logged in by it.
    await this.ctx.session.regenerate();
    return this.redirect('/sessions');
  }

  /** Deletes the session and its cookie. */
  logout() {
    this.request.session = null;
    return this.redirect('/sessions');
  }

  me(user = '') {
    return user === '' ? reply(401, { error: 'Nobody is logged in' }) : { user };
  }
}

function form(user: string | undefined) {
  if (user === undefined)
    return html`<form action="/sessions/login" method="post">
<label>Name <input name="name" required autocomplete="username"></label>
<button>Log in</button>
</form>`;
  return html`<p>You are <strong>${user}</strong>, and <a href="/sessions/me">/sessions/me</a> knows it.</p>
<form action="/sessions/logout" method="post"><button>Log out</button></form>`;
}

/** Sessions are kept in memory, or in Redis where REDIS_URL is set: then several processes share them. */
export function sessions(redisUrl = process.env.REDIS_URL): Micropie {
  if (!redisUrl) return micropie(Sessions, { prefix: '/sessions' });
  return micropie(Sessions, {
    prefix: '/sessions',
    sessionBackend: keyvSessionBackend(createKeyv(redisUrl)),
    // The other demos on the app keep theirs in memory.
    session: { cookie: 'shared_session' },
  });
}
