import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import createError from 'http-errors';
import { Controller, type Micropie, micropie, type Routes } from '../../lib/index.js';
import { ErrorPages } from '../error-pages.js';
import { LIFETIMES, MAX_TEXT, NewPaste, Pastes } from './pastes.js';

interface Visitor {
  /** Whose the visitor's pastes are. */
  owner?: string;
}

export class Pastebin extends Controller<Visitor> {
  static routes = {
    index: 'GET /',
    create: { path: 'POST /', input: NewPaste },
    show: 'GET /:id',
    raw: 'GET /:id/raw',
    // Only the session may say whose it is: a form that sends an owner changes nothing.
    remove: { path: 'POST /:id/delete', session: ['owner'] },
  } satisfies Routes<Pastebin>;

  readonly #pastes: Pastes;

  constructor(pastes: Pastes) {
    super();
    this.#pastes = pastes;
  }

  index() {
    const lifetimes = Object.keys(LIFETIMES);
    return this.render('index', { title: 'Pastebin', pastes: this.#pastes.latest(), lifetimes, maxText: MAX_TEXT });
  }

  create(paste: NewPaste) {
    this.session.owner ??= randomUUID();
    const id = this.#pastes.add(paste, this.session.owner);
    return this.redirect(`/pastebin/${id}`, 303);
  }

  show(id: string) {
    const { owner, ...paste } = this.#pastes.find(id);
    return this.render('paste', { ...paste, isMine: owner === this.session.owner });
  }

  /** Without the type, a text that begins with `<` would be a page. */
  raw(id: string) {
    this.ctx.type = 'text';
    return this.#pastes.find(id).text;
  }

  remove(id: string, owner = '') {
    if (this.#pastes.find(id).owner !== owner) throw createError(403, 'Only who pasted this may delete it');
    this.#pastes.remove(id);
    return this.redirect('/pastebin', 303);
  }
}

export function pastebin(pastes = new Pastes()): Micropie {
  return micropie(new Pastebin(pastes), {
    prefix: '/pastebin',
    views: join(import.meta.dirname, 'views'),
    layout: 'layout',
    // Unknown paths below the prefix get the error page, too.
    fallthrough: false,
    // A form writes a character as up to nine.
    body: { formLimit: 9 * MAX_TEXT + 10_000 },
    // As long as the longest paste, so that whoever made it can delete it.
    session: { cookie: 'pastebin_session', timeout: LIFETIMES['1 week'] / 1000, persistent: true },
    middlewares: [new ErrorPages('/pastebin')],
  });
}
