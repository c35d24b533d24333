import Router from '@koa/router';
import Koa from 'koa';
import { Controller, type Micropie, micropie } from '../../lib/index.js';

const ARTICLES = ['Dough', 'Filling', 'Crust'];

/** What is new: the paths that the app's router does not know. */
export class Tools extends Controller {
  /** /celsius/451 */
  celsius(fahrenheit = 32) {
    return { celsius: Math.round((fahrenheit - 32) / 1.8) };
  }

  /** Koa's context is the one that the app's own middleware sees. */
  whoami() {
    return { user: this.ctx.state.user, path: this.ctx.path };
  }
}

/** An app as there are many: a middleware that knows the user, and a router. */
export function createApp(): { app: Koa; tools: Micropie } {
  const app = new Koa();
  app.use(async (ctx, next) => {
    ctx.state.user = 'Ada';
    await next();
  });

  const router = new Router();
  router.get('/', (ctx) => {
    ctx.body = { articles: '/articles', tools: ['/celsius/451', '/whoami'] };
  });
  router.get('/articles', (ctx) => {
    ctx.body = ARTICLES;
  });
  router.get('/articles/:number', (ctx) => {
    ctx.body = ARTICLES[Number(ctx.params.number)];
  });
  app.use(router.routes());
  app.use(router.allowedMethods());

  // The line that was added.
  const tools = micropie(Tools);
  app.use(tools);

  app.use((ctx) => {
    ctx.throw(404, 'Neither the router nor the tools know this path');
  });
  return { app, tools };
}
