import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { bodyParser } from '@koa/bodyparser';
import multer from '@koa/multer';
import Koa from 'koa';
import session from 'koa-session';
import { redisClient } from '../redis.js';
import { Order } from '../schemas.js';
import { chunks, hello, koaSessionStore, ROUTES, routeName, UPLOAD_LIMIT, uploadPath } from '../work.js';

/** Koa by hand: one middleware that looks at the path. */
const serve = (configure) => {
  const app = new Koa();
  configure(app);
  return createServer(app.callback());
};

const greeting = (ctx, [, , name]) => {
  ctx.body = hello(name === undefined ? undefined : decodeURIComponent(name));
};

const only = (name, handle) => (ctx, next) => {
  const segments = ctx.path.split('/');
  return segments[1] === name ? handle(ctx, segments) : next();
};

const visits = only('visits', (ctx) => {
  ctx.session.visits = (ctx.session.visits ?? 0) + 1;
  ctx.body = `Visit ${ctx.session.visits}`;
});

const manyRoutes = () =>
  serve((app) => {
    const names = new Map(Array.from({ length: ROUTES }, (_, index) => [routeName(index), greeting]));
    app.use((ctx, next) => {
      const segments = ctx.path.split('/');
      const handle = names.get(segments[1]);
      return handle ? handle(ctx, segments) : next();
    });
  });

const redisStore = (client) => ({
  async get(id) {
    const json = await client.get(id);
    return json ? JSON.parse(json) : undefined;
  },
  set: (id, data, maxAge) => client.set(id, JSON.stringify(data), { PX: maxAge }),
  destroy: (id) => client.del(id),
});

export const works = {
  greet: () => serve((app) => app.use(only('greet', greeting))),
  routes: manyRoutes,
  declared: manyRoutes,
  form: () =>
    serve((app) => {
      app.use(bodyParser());
      app.use(
        only('form', (ctx) => {
          ctx.body = hello(ctx.request.body.name);
        }),
      );
    }),
  json: () =>
    serve((app) => {
      app.use(bodyParser());
      app.use(
        only('json', (ctx) => {
          ctx.body = { name: ctx.request.body.name };
        }),
      );
    }),
  session: () =>
    serve((app) => {
      app.use(session({ key: 'session_id', signed: false, store: koaSessionStore() }, app));
      app.use(visits);
    }),
  redis: async () => {
    const store = redisStore(await redisClient());
    return serve((app) => {
      app.use(session({ key: 'session_id', signed: false, store }, app));
      app.use(visits);
    });
  },
  validated: () =>
    serve((app) => {
      app.use(bodyParser());
      app.use(
        only('orders', (ctx) => {
          const { success, data } = Order.safeParse(ctx.request.body);
          if (success) ctx.body = { title: data.title, count: data.count };
          else ctx.status = 400;
        }),
      );
    }),
  stream: () =>
    serve((app) => {
      app.use(
        only('stream', (ctx) => {
          ctx.type = 'text';
          ctx.body = Readable.from(chunks(), { objectMode: false });
        }),
      );
    }),
  upload: () =>
    serve((app) => {
      const storage = multer.diskStorage({
        filename: (_req, _file, done) => done(null, uploadPath().split('/').at(-1)),
      });
      app.use(multer({ storage, limits: { fileSize: UPLOAD_LIMIT } }).single('file'));
      app.use((ctx) => {
        ctx.body = { size: ctx.file.size };
      });
    }),
};
