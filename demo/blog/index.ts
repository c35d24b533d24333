import createError from 'http-errors';
import {
  Controller,
  HttpMiddleware,
  type Micropie,
  micropie,
  nested,
  type Request,
  type Routes,
  reply,
} from '../../lib/index.js';
import { html, page } from '../html.js';
import { Articles } from './articles.js';
import { adminPage, articlePage, listPage, pathOf } from './pages.js';

interface Visitor {
  author?: string;
}

/** GET /blog/posts/first, POST /blog/posts/first/comments. */
class Posts extends Controller {
  static routes = {
    show: 'GET /:slug',
    // From a form or JSON alone: a link must not be able to write.
    comment: { path: 'POST /:slug/comments', from: 'body' },
  } satisfies Routes<Posts>;

  readonly #articles: Articles;

  constructor(articles: Articles) {
    super();
    this.#articles = articles;
  }

  show(slug: string) {
    return articlePage(this.#articles.find(slug));
  }

  comment(slug: string, text: string, name = 'Guest') {
    this.#articles.find(slug).comments.push({ name, text });
    return this.redirect(pathOf(slug));
  }
}

/** POST /blog/admin/posts, POST /blog/admin/posts/first/remove: an HTML form knows no DELETE. */
class AdminPosts extends Controller {
  static routes = {
    publish: { path: 'POST /', from: 'body' },
    remove: 'POST /:slug/remove',
  } satisfies Routes<AdminPosts>;

  readonly #articles: Articles;

  constructor(articles: Articles) {
    super();
    this.#articles = articles;
  }

  publish(title = '', text = '') {
    if (title === '' || text === '') throw createError(422, 'A post needs a title and a text');
    return this.redirect(pathOf(this.#articles.publish(title, text).slug));
  }

  remove(slug: string) {
    this.#articles.remove(slug);
    return this.redirect('/blog/admin');
  }
}

/** POST /blog/admin/comments/first/0/remove. */
class AdminComments extends Controller {
  static routes = {
    remove: { path: 'POST /:slug/:position/remove', params: ['slug', ['position', Number]] },
  } satisfies Routes<AdminComments>;

  readonly #articles: Articles;

  constructor(articles: Articles) {
    super();
    this.#articles = articles;
  }

  remove(slug: string, position: number) {
    const { comments } = this.#articles.find(slug);
    if (!comments[position]) throw createError(404, 'There is no such comment');
    comments.splice(position, 1);
    return this.redirect('/blog/admin');
  }
}

/** All below /blog/admin: a class of classes. */
class Admin {
  readonly posts;
  readonly comments;
  readonly #articles: Articles;

  constructor(articles: Articles) {
    this.#articles = articles;
    this.posts = nested(AdminPosts, articles);
    this.comments = nested(AdminComments, articles);
  }

  index() {
    return adminPage(this.#articles.all());
  }
}

export class Blog extends Controller<Visitor> {
  static routes = {
    index: 'GET',
    login: { path: 'POST', from: 'body' },
    logout: 'POST',
  } satisfies Routes<Blog>;

  readonly #articles = new Articles();
  readonly posts = nested(Posts, this.#articles);
  readonly admin = nested(Admin, this.#articles);

  constructor() {
    super();
    this.#articles.publish('First', 'Three classes, one blog.');
  }

  index() {
    return listPage(this.#articles.all(), this.session.author);
  }

  /** A real one would ask for a password. */
  async login(name = 'Guest') {
    this.session.author = name;
    await this.ctx.session.regenerate();
    return this.redirect('/blog');
  }

  logout() {
    this.request.session = null;
    return this.redirect('/blog');
  }
}

/** Guards whatever is nested in `admin`, also what is written there later. */
class AuthorsOnly extends HttpMiddleware {
  override beforeRequest({ route, session }: Request) {
    if (!route?.name.startsWith('admin.') || session['author'] !== undefined) return undefined;
    return reply(401, page('Who are you?', html`<p><a href="/blog">Log in</a> first.</p>`));
  }
}

export function blog(): Micropie {
  return micropie(Blog, { prefix: '/blog', middlewares: [new AuthorsOnly()] });
}
