import createError from 'http-errors';
import { createClient } from 'redis';
import {
  Controller,
  type Micropie,
  micropie,
  type Routes,
  redisSessionBackend,
  type SessionBackend,
} from '../../lib/index.js';
import { ErrorPages } from '../error-pages.js';
import { FormAgain, LoginLimit, LoginRequired, OwnForms, type Visitor } from './hooks.js';
import { Network, NewAccount, NewPost, type Person } from './network.js';
import { followButton, loginPage, pathOf, registerPage, timelinePage, WRITE } from './pages.js';

export class Microblog extends Controller<Visitor> {
  // Only the session may say who I am, whatever a client sends under this name.
  static routes = {
    index: { path: 'GET /', session: ['me'] },
    everyone: { path: 'GET /public', session: ['me'] },
    person: { path: 'GET /people/:name', session: ['me'] },
    follow: { path: 'POST /people/:name/follow', session: ['me'] },
    unfollow: { path: 'POST /people/:name/unfollow', session: ['me'] },
    write: { path: 'POST /posts', input: NewPost, session: ['me'] },
    registration: 'GET /register',
    register: { path: 'POST /register', input: NewAccount },
    entrance: 'GET /login',
    // A password in an address would end up in logs and histories.
    login: { path: 'POST /login', from: 'body', params: [String, String] },
    logout: 'POST',
  } satisfies Routes<Microblog>;

  readonly #network: Network;

  constructor(network: Network) {
    super();
    this.#network = network;
  }

  /** What I and those whom I follow wrote; what everybody wrote, for a stranger. */
  index(me = '') {
    const person = this.#network.find(me);
    if (!person) return this.everyone();
    const posts = this.#network.timeline(new Set([person, ...person.follows]));
    return timelinePage({ title: 'Home', path: '/microblog', me: person, posts, above: WRITE });
  }

  everyone(me = '') {
    const person = this.#network.find(me);
    const path = person ? '/microblog/public' : '/microblog';
    return timelinePage({ title: 'Everybody', path, me: person, posts: this.#network.timeline() });
  }

  person(name: string, me = '') {
    const person = this.#network.named(name);
    const viewer = this.#network.find(me);
    const canFollow = viewer && viewer !== person;
    return timelinePage({
      title: person.name,
      path: pathOf(person.name),
      me: viewer,
      posts: this.#network.timeline(new Set([person])),
      above: canFollow ? followButton(person.name, viewer.follows.has(person)) : undefined,
    });
  }

  follow(name: string, me: string) {
    const person = this.#network.named(name);
    this.#me(me).follows.add(person);
    return this.redirect(pathOf(person.name), 303);
  }

  unfollow(name: string, me: string) {
    const person = this.#network.named(name);
    this.#me(me).follows.delete(person);
    return this.redirect(pathOf(person.name), 303);
  }

  write(post: NewPost, me: string) {
    this.#network.write(this.#me(me), post);
    return this.redirect('/microblog', 303);
  }

  registration() {
    return registerPage();
  }

  async register(account: NewAccount) {
    return this.#enter(await this.#network.register(account));
  }

  entrance() {
    return loginPage();
  }

  async login(name: string, password: string) {
    const person = await this.#network.recognize(name, password);
    if (!person) throw createError(401, 'Wrong name or password');
    return this.#enter(person);
  }

  logout() {
    this.session = null;
    return this.redirect('/microblog', 303);
  }

  /** From now on under a new identifier: whoever planted the old one is not logged in by it. */
  async #enter({ id }: Person) {
    await this.ctx.session.regenerate();
    this.session.me = id;
    return this.redirect('/microblog', 303);
  }

  /** The guard has let nobody else in. */
  #me(id: string): Person {
    return this.#network.find(id) ?? this.ctx.throw(401, 'Log in first');
  }
}

/** @param sessionBackend - Where sessions are kept: in Redis where REDIS_URL is set, else in memory. */
export function microblog(sessionBackend = backendOf(process.env['REDIS_URL'])): Micropie {
  const network = new Network();
  return micropie(new Microblog(network), {
    prefix: '/microblog',
    // Unknown paths below the prefix get an error page, too.
    fallthrough: false,
    session: { cookie: 'microblog_session' },
    ...(sessionBackend && { sessionBackend }),
    middlewares: [
      new FormAgain(),
      new ErrorPages('/microblog'),
      new OwnForms(),
      new LoginLimit(),
      new LoginRequired(network),
    ],
  });
}

function backendOf(redisUrl: string | undefined): SessionBackend | undefined {
  return redisUrl ? redisSessionBackend(createClient({ url: redisUrl })) : undefined;
}
