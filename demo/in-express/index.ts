import { join } from 'node:path';
import express, { type Express } from 'express';
import Koa from 'koa';
import { micropie } from '../../lib/index.js';
import { html, page } from '../html.js';
import { Guestbook } from './guestbook.js';

const HOME = join(import.meta.dirname, '../home');

/** An Express site as there are many, with a body parser, routes and a 404 of its own, and the controller among them. */
export function createSite(): { site: Express; app: Koa } {
  const app = new Koa();
  app.use(micropie(Guestbook, { prefix: '/guests' }));

  const site = express();
  site.use(express.json(), express.urlencoded());
  site.get('/', (_request, response) => {
    response.send(
      page('An Express site', html`<p>It has a <a href="/guests">guest book</a>, which is a controller.</p>`),
    );
  });
  site.get(['/style.css', '/icon.svg'], (request, response) => response.sendFile(request.path, { root: HOME }));

  // The line that was added. Unlike use(), all() leaves the address as it is, so that the prefix is in it.
  site.all('/guests{/*path}', app.callback());

  site.use((_request, response) => {
    response.status(404).send('Express knows no such page');
  });
  return { site, app };
}
