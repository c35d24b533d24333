import Koa, { type Middleware as KoaMiddleware } from 'koa';
import mount from 'koa-mount';
import type { Micropie, Route } from '../lib/index.js';
import type { Mount } from '../lib/openapi/openapi.js';
import { createApp } from './alongside/index.js';
import { auth } from './auth/index.js';
import { blog } from './blog/index.js';
import { chat } from './chat/index.js';
import { client } from './client/index.js';
import { clusterDemo } from './cluster/index.js';
import { docs } from './docs/index.js';
import { errorPages } from './error-pages.js';
import { events } from './events/index.js';
import { EXAMPLES } from './examples.js';
import { type Examples, explorer } from './explorer/index.js';
import { headers } from './headers/index.js';
import { hello } from './hello/index.js';
import { type Entry, home } from './home/index.js';
import { jsonApi } from './json-api/index.js';
import { live } from './live/index.js';
import { microblog } from './microblog/index.js';
import { middleware } from './middleware/index.js';
import { pastebin } from './pastebin/index.js';
import { requests } from './requests/index.js';
import { sessions } from './sessions/index.js';
import { socketio } from './socketio/index.js';
import { statics } from './static/index.js';
import { streaming } from './streaming/index.js';
import { templates } from './templates/index.js';
import { tools } from './tools/index.js';
import { uploads } from './uploads/index.js';
import { urlShortener } from './url-shortener/index.js';
import { validated } from './validated/index.js';
import { video } from './video/index.js';

/** A demo, ready to be used by the tour's app. */
export interface Demo extends Entry {
  readonly middleware: KoaMiddleware;
  /** What documents are made of. */
  readonly mount: Mount;
  readonly routes: readonly Route[];
  /** Addresses to begin with; the first one is printed. */
  readonly links: readonly string[];
  /** Where its own page is; undefined where it answers programs alone. */
  readonly page: string | undefined;
  readonly examples: Examples;
}

/**
 * Makes the demos, each with a state of its own.
 *
 * @param log - Where the middleware demo writes its log.
 */
export function createDemos(log: (line: string) => void = () => {}): readonly Demo[] {
  const demos = [
    demo(
      'hello',
      hello(),
      'Methods are paths, and arguments come from the path or the query.',
      ['/hello', '/hello/greet/Alice', '/hello/greet?name=Bob', '/hello/add/2/3'],
      false,
    ),
    demo('requests', requests(), 'Queries, forms and JSON become typed arguments.', [
      '/requests',
      '/requests/search?q=pie&page=2&tags=sweet&tags=salty',
      '/requests/echo/some/path?and=query',
    ]),
    demo(
      'json-api',
      jsonApi(),
      'A list of todos with GET, POST, PUT, PATCH and DELETE.',
      ['/json-api/todos', '/json-api/todos/1'],
      false,
    ),
    demo('validated', validated(), 'Orders that zod checks: from a form, which shows what is wrong, and as JSON.', [
      '/validated',
      '/validated/orders?pie=apple&least=2',
    ]),
    demo('blog', blog(), 'Posts, comments and an admin part: controllers nested in a controller.', [
      '/blog',
      '/blog/posts/first',
    ]),
    demo(
      'headers',
      headers(),
      'Headers of the request and the answer, cookies, languages and 304.',
      ['/headers', '/headers/custom', '/headers/cookies', '/headers/language', '/headers/conditional'],
      false,
    ),
    demo('middleware', middleware(log), 'Hooks that log, measure, ask for a password and answer errors.', [
      '/middleware',
      '/middleware/open',
    ]),
    alongside(),
    demo('sessions', sessions(), 'Count visits, log in and out; in memory, or in Redis.', [
      '/sessions',
      '/sessions/visits',
    ]),
    demo('auth', auth(), 'Log in by another site with OAuth 2.0, by a password, or by a token.', ['/auth']),
    demo('uploads', uploads(), 'Send files, list them, get them back, delete them.', ['/uploads', '/uploads/list']),
    demo('streaming', streaming(), 'Text as it comes, and a sound that a player can jump in.', [
      '/streaming',
      '/streaming/chunks/10/100',
      '/streaming/tone.wav',
    ]),
    demo('video', video(), 'A film to jump in, by ranges.', ['/video', '/video/pie.webm']),
    demo('static', statics(), 'Files with ETag, ranges and 304.', ['/static', '/static/files/recipe.txt']),
    demo('events', events(), 'A chat by server-sent events, which goes on where it was interrupted.', ['/events']),
    demo('client', client(), 'A page that calls the methods of a class, typed from end to end.', [
      '/client',
      '/client/api/tasks',
    ]),
    demo('live', live(), 'A count by server-sent events that goes on in the next process.', ['/live']),
    demo('chat', chat(), 'Rooms by WebSockets: who is there, and what was said; with REDIS_URL across processes.', [
      '/chat',
      '/chat/kitchen',
    ]),
    demo('socketio', socketio(), "Socket.IO and the controller's own socket on one server.", [
      '/socketio',
      '/socketio/count',
    ]),
    demo('cluster', clusterDemo(), 'Two workers, restarted without losing a request; it needs a server of its own.', [
      '/cluster',
    ]),
    toolsDemo(),
    demo('templates', templates(), 'EJS pages with includes, and a guest whose name is an attack.', [
      '/templates',
      '/templates/guest/Ada',
    ]),
    demo('pastebin', pastebin(), 'Paste, list and delete texts, which expire: SQLite, and a layout.', ['/pastebin']),
    demo('url-shortener', urlShortener(), 'Short links with counts, by pages with CSRF tokens, and by an API.', [
      '/url-shortener',
    ]),
    demo('microblog', microblog(), 'Register, write, follow: passwords, a guard, time lines; sessions in Redis.', [
      '/microblog',
      '/microblog/register',
    ]),
  ];
  const documentation = docs(demos.map(({ mount }) => mount));
  return [
    ...demos,
    demo('docs', documentation, 'An OpenAPI document of all demos, and a page to try them.', [
      '/docs',
      '/docs/openapi.json',
    ]),
  ];
}

/** The Koa app: every demo below its own prefix, and the home page, which links them. */
export function createTour(demos: readonly Demo[] = createDemos()): Koa {
  const app = new Koa();
  app.use(secured);
  app.use(errorPages((path) => demos.find(({ page }) => page?.split('/')[1] === path.split('/')[1])?.page ?? '/'));
  for (const { middleware } of demos) app.use(middleware);
  app.use(explorer(demos));
  app.use(home(demos));
  return app;
}

/** @param page - Where its own page is: the first link unless said otherwise, `false` for none. */
function demo(name: string, mounted: Micropie, about: string, links: readonly string[], page?: string | false): Demo {
  return { ...described(name, about, links, page), middleware: mounted, mount: mounted, routes: mounted.routes };
}

/** Behind its paths there is a server of tools as well. */
function toolsDemo(): Demo {
  const { api, middleware } = tools();
  const about = 'Methods as tools of language models, by the Model Context Protocol.';
  return { ...demo('tools', api, about, ['/tools', '/tools/tasks', '/tools/tasks/report']), middleware };
}

/** An app of its own, which knows nothing of the tour's paths. */
function alongside(): Demo {
  const { app, tools } = createApp();
  const about = 'An app with a router of its own, and a controller dropped in beside it.';
  const links = ['/alongside', '/alongside/articles/1', '/alongside/celsius/451', '/alongside/whoami'];
  return {
    ...described('alongside', about, links, false),
    middleware: mount('/alongside', app),
    mount: { mount: tools, prefix: '/alongside' },
    routes: tools.routes.map((route) => ({ ...route, path: `/alongside${route.path}` })),
  };
}

function described(
  title: string,
  about: string,
  links: readonly string[],
  page: string | false | undefined = links[0],
) {
  const own = page === false ? undefined : page;
  const actions = [
    ...(own === undefined ? [] : [{ text: 'Open', href: own }]),
    { text: 'Try', href: `/try/${title}` },
    { text: 'Source', href: `/try/${title}/source` },
  ];
  return { title, about, actions, links, page: own, examples: EXAMPLES[title] ?? {} };
}

/** Nothing here comes from elsewhere, and no page holds a script or style in its text. */
async function secured(ctx: Koa.Context, next: Koa.Next): Promise<void> {
  ctx.set('Content-Security-Policy', "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
  ctx.set('X-Content-Type-Options', 'nosniff');
  await next();
}
