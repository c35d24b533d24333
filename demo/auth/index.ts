import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, type Micropie, micropie, type Request, type Routes, reply } from '../../lib/index.js';
import { page } from '../html.js';
import { BasicAuth, BearerAuth, type Known, type Token } from './guards.js';
import { type Attempt, Provider, type Registration, refusalOf, type User } from './oauth.js';
import { callbackOf, failure, overview } from './pages.js';

interface Visitor {
  user?: User;
  attempt?: Attempt;
}

// Real ones are random and come from a database, which holds their digests.
const TOKENS: readonly Token[] = [
  { token: 'reader', user: 'a reader', scopes: ['read'] },
  { token: 'baker', user: 'a baker', scopes: ['read', 'bake'] },
];

const loginRequired = {
  beforeRequest({ session }: Request<Visitor>) {
    return session.user ? undefined : reply(401, { error: 'Log in first' });
  },
};

const loginFailed = {
  onError(_request: Request, error: Error) {
    const reason = refusalOf(error);
    return reason === undefined ? undefined : reply(400, page('Not logged in', failure(reason)));
  },
};

export class Auth extends Controller<Visitor, Known> {
  static routes = {
    index: 'GET',
    'auth.js': 'GET',
    login: 'GET',
    callback: { path: 'GET', middlewares: [loginFailed] },
    logout: 'POST',
    me: { path: 'GET', session: ['user'], middlewares: [loginRequired] },
    basic: { path: 'GET', middlewares: [new BasicAuth({ demo: 'pie' })] },
    pies: { path: 'GET', middlewares: [new BearerAuth(TOKENS, 'read')] },
    bake: { path: 'POST', middlewares: [new BearerAuth(TOKENS, 'bake')] },
  } satisfies Routes<Auth>;

  readonly #provider: Provider | undefined;
  #pies: readonly string[] = ['apple', 'cherry'];

  constructor(registration?: Registration) {
    super();
    this.#provider = registration && new Provider(registration);
  }

  index() {
    const { user } = this.session;
    return page('Who are you?', overview(this.#origin, this.#provider !== undefined, user), '/auth/auth.js');
  }

  'auth.js'() {
    this.ctx.type = 'js';
    return readFile(join(import.meta.dirname, 'auth.js'));
  }

  /** Off to the provider. The session remembers what only its answer to this visitor can know. */
  async login() {
    const provider = this.#required();
    const attempt = provider.begin();
    this.session.attempt = attempt;
    return this.redirect(await provider.address(this.#callback(), attempt));
  }

  /** Back from the provider, with a code in the address. An attempt is good for one answer. */
  async callback() {
    const { attempt } = this.session;
    delete this.session.attempt;
    if (!attempt) return reply(400, page('Not logged in', failure('No log-in was begun here')));
    const user = await this.#required().finish(this.ctx.URL, attempt);
    // A new identifier: whoever knew the old one is not logged in by it.
    await this.ctx.session.regenerate();
    this.session.user = user;
    return this.redirect('/auth', 303);
  }

  logout() {
    this.session = null;
    return this.redirect('/auth', 303);
  }

  me(user: User) {
    return user;
  }

  basic() {
    return `You are ${this.ctx.state.user}, and know the password.`;
  }

  pies() {
    return { user: this.ctx.state.user, pies: this.#pies };
  }

  bake(pie = 'plum') {
    this.#pies = [...this.#pies, pie.slice(0, 40)].slice(-10);
    return reply(201, { user: this.ctx.state.user, pies: this.#pies });
  }

  /** The provider knows this address, and sends nobody elsewhere, whatever `Host` a client sends. */
  #callback(): string {
    return callbackOf(this.#origin);
  }

  /** Not of `ctx.URL`, which is empty where the client sends no proper host. */
  get #origin(): string {
    return `${this.ctx.protocol}://${this.ctx.host}`;
  }

  #required(): Provider {
    return this.#provider ?? this.ctx.throw(404, 'No provider is set up: set AUTH_ISSUER');
  }
}

/** The registration that the environment names, if it names any. */
export function registered(
  { AUTH_ISSUER, AUTH_CLIENT_ID, AUTH_CLIENT_SECRET } = process.env,
): Registration | undefined {
  if (!AUTH_ISSUER) return undefined;
  if (!AUTH_CLIENT_ID || !AUTH_CLIENT_SECRET)
    throw new Error('AUTH_ISSUER needs AUTH_CLIENT_ID and AUTH_CLIENT_SECRET');
  return { issuer: AUTH_ISSUER, clientId: AUTH_CLIENT_ID, clientSecret: AUTH_CLIENT_SECRET };
}

export function auth(registration = registered()): Micropie {
  return micropie(new Auth(registration), { prefix: '/auth' });
}
