import { Controller, type Micropie, micropie, reply } from '../../lib/index.js';

const ARTICLE = 'This text has not changed for years.';
const ETAG = '"article-1"';

export class Headers extends Controller {
  /** The headers of the request, by their names in lower case. */
  index() {
    return this.request.headers;
  }

  /** Headers of your own, as a record. */
  custom() {
    return reply(200, 'Look at my headers.', { 'X-Flavour': 'apple', 'Cache-Control': 'no-store' });
  }

  /** As a list of pairs a name may come twice. */
  cookies() {
    return reply(200, 'Two cookies were set.', [
      ['Set-Cookie', 'theme=dark; Path=/headers; SameSite=Lax'],
      ['Set-Cookie', 'size=large; Path=/headers; SameSite=Lax; HttpOnly'],
    ]);
  }

  /** The client's languages decide. */
  language() {
    const language = this.ctx.acceptsLanguages('en', 'de', 'fr') || 'en';
    const greeting = { en: 'Good day', de: 'Guten Tag', fr: 'Bonjour' }[language];
    return reply(200, greeting, { 'Content-Language': language, Vary: 'Accept-Language' });
  }

  /** A client that has the text already gets 304 without it. Whatever Koa's context can do is at hand. */
  conditional() {
    this.ctx.status = 200;
    this.ctx.etag = ETAG;
    return this.ctx.fresh ? reply(304) : ARTICLE;
  }
}

export function headers(): Micropie {
  return micropie(Headers, { prefix: '/headers' });
}
