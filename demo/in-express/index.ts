import { join } from 'node:path';
import express, { type Express, type RequestHandler } from 'express';
import Koa from 'koa';
import { micropie } from '../../lib/index.js';
import { html, page } from '../html.js';
import { expressSession } from './express-session.js';
import { Guestbook } from './guestbook.js';

const HOME = join(import.meta.dirname, '../home');

/**
 * An Express site as there are many, with a body parser, routes and a 404 of its own, and the controller among them.
 *
 * @param sessions - The site's own, such as those of express-session; without them the controller keeps its own.
 */
export function createSite(sessions?: RequestHandler): { site: Express; app: Koa } {
  const app = new Koa();
  if (sessions) app.use(expressSession);
  app.use(micropie(Guestbook, { prefix: '/guests' }));

  const site = express();
  site.use(express.json(), express.urlencoded());
  if (sessions) site.use(sessions);
  site.get('/', (request, response) => {
    const { name } = Reflect.get(request, 'session') ?? {};
    const welcome = name && html`<p>Welcome back, ${name}.</p>`;
    const text = html`${welcome}<p>It has a <a href="/guests">guest book</a>, which is a controller.</p>`;
    response.send(page('An Express site', text));
  });
  site.get(['/style.css', '/icon.svg'], (request, response) => response.sendFile(request.path, { root: HOME }));

  // The line that was added. Unlike use(), all() leaves the address as it is, so that the prefix is in it.
  site.all('/guests{/*path}', app.callback());

  site.use((_request, response) => {
    response.status(404).send('Express knows no such page');
  });
  return { site, app };
}
