import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { bodyParser } from '@koa/bodyparser';
import multer from '@koa/multer';
import Router from '@koa/router';
import Koa from 'koa';
import session from 'koa-session';
import { chunks, hello, koaSessionStore, ROUTES, routeName, UPLOAD_LIMIT, uploadPath } from '../work.js';

const serve = (configure) => {
  const app = new Koa();
  const router = new Router();
  configure(router, app);
  app.use(router.routes()).use(router.allowedMethods());
  return createServer(app.callback());
};

const greeting = (ctx) => {
  ctx.body = hello(ctx.params.name);
};

export const works = {
  greet: () => serve((router) => router.get('/greet/:name', greeting)),
  routes: () =>
    serve((router) => {
      for (let index = 0; index < ROUTES; index += 1) router.get(`/${routeName(index)}/:name`, greeting);
    }),
  form: () =>
    serve((router) =>
      router.post('/form', bodyParser(), (ctx) => {
        ctx.body = hello(ctx.request.body.name);
      }),
    ),
  json: () =>
    serve((router) =>
      router.post('/json', bodyParser(), (ctx) => {
        ctx.body = { name: ctx.request.body.name };
      }),
    ),
  session: () =>
    serve((router, app) => {
      app.use(session({ key: 'session_id', signed: false, store: koaSessionStore() }, app));
      router.get('/visits', (ctx) => {
        ctx.session.visits = (ctx.session.visits ?? 0) + 1;
        ctx.body = `Visit ${ctx.session.visits}`;
      });
    }),
  stream: () =>
    serve((router) =>
      router.get('/stream', (ctx) => {
        ctx.type = 'text';
        ctx.body = Readable.from(chunks(), { objectMode: false });
      }),
    ),
  upload: () =>
    serve((router) => {
      const storage = multer.diskStorage({
        filename: (_req, _file, done) => done(null, uploadPath().split('/').at(-1)),
      });
      const upload = multer({ storage, limits: { fileSize: UPLOAD_LIMIT } });
      router.post('/upload', upload.single('file'), (ctx) => {
        ctx.body = { size: ctx.file.size };
      });
    }),
};
