import createError from 'http-errors';
import { Controller, type Micropie, micropie, nested, type Routes } from '../../lib/index.js';
import { Api } from './api.js';
import { CsrfCheck, PageErrors, Throttle, tokenFor, type Visitor } from './hooks.js';
import { Links, NewLink } from './links.js';
import { startPage } from './pages.js';

const MOST = 20;

export class UrlShortener extends Controller<Visitor> {
  static routes = {
    index: 'GET',
    create: { path: 'POST', input: NewLink },
    // Whose links may be deleted is the session's to say.
    remove: { path: 'POST', session: ['codes'] },
  } satisfies Routes<UrlShortener>;

  readonly api;
  readonly #links: Links;

  constructor(links: Links) {
    super();
    this.#links = links;
    this.api = nested(Api, links);
  }

  /** The form; and where a link leads, since `index` answers every name that is no method's. */
  async index(code = '') {
    if (code !== '') return this.#follow(code);
    const links = this.#links.some(this.session.codes ?? []);
    const { protocol, host } = this.ctx;
    return startPage(await tokenFor(this.session), links, `${protocol}://${host}`);
  }

  create(link: NewLink) {
    const { code } = this.#links.add(link);
    this.session.codes = [code, ...(this.session.codes ?? [])].slice(0, MOST);
    return this.redirect('/url-shortener', 303);
  }

  remove(code: string, codes: string[] = []) {
    if (!codes.includes(code)) throw createError(403, 'Only who made this link may delete it');
    this.#links.remove(code);
    this.session.codes = codes.filter((other) => other !== code);
    return this.redirect('/url-shortener', 303);
  }

  /** A browser must ask each time, or nobody would count. Programs that only look, by HEAD, do not count. */
  #follow(code: string) {
    const link = this.#links.find(code);
    if (this.request.method === 'GET') link.clicks += 1;
    return this.redirect(link.url, 302, { 'Cache-Control': 'no-store' });
  }
}

/**
 * @param links - Where links are kept.
 * @param perMinute - How many of them an address may make in a minute.
 */
export function urlShortener(links = new Links(), perMinute = 20): Micropie {
  return micropie(new UrlShortener(links), {
    prefix: '/url-shortener',
    // Unknown paths below the prefix get an error page, too.
    fallthrough: false,
    session: { cookie: 'shortener_session' },
    middlewares: [new PageErrors('/url-shortener'), new Throttle(perMinute), new CsrfCheck()],
  });
}
