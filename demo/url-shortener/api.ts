import * as z from 'zod';
import { Controller, type Routes, reply } from '../../lib/index.js';
import { type Link, type Links, NewLink } from './links.js';

/** What programs see of a link. */
const ShownLink = z.object({
  code: z.string(),
  // Not z.url(): the host is what the client says, who must not cause failures of the server.
  short: z.string(),
  url: z.url(),
  expires: z.iso.datetime(),
  clicks: z.int(),
});

/** The same links for programs. It knows no session, so that no other site's form can misuse one. */
export class Api extends Controller {
  static routes = {
    create: { path: 'POST /links', input: NewLink, returns: { 201: ShownLink }, summary: 'Shortens an address' },
    show: { path: 'GET /links/:code', returns: ShownLink, summary: 'Shows a link and its clicks' },
  } satisfies Routes<Api>;

  readonly #links: Links;

  constructor(links: Links) {
    super();
    this.#links = links;
  }

  create(link: NewLink) {
    const made = this.#links.add(link);
    return reply(201, this.#shown(made), { Location: `/url-shortener/api/links/${made.code}` });
  }

  show(code: string) {
    return this.#shown(this.#links.find(code));
  }

  #shown({ code, url, expires, clicks }: Link): z.output<typeof ShownLink> {
    const { protocol, host } = this.ctx;
    const short = `${protocol}://${host}/url-shortener/${code}`;
    return { code, short, url, expires: expires.toISOString(), clicks };
  }
}
