import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import session from '@fastify/session';
import Fastify from 'fastify';
import { ORDER_SCHEMA } from '../schemas.js';
import { chunks, hello, JsonMap, ROUTES, routeName, UPLOAD_LIMIT, uploadPath } from '../work.js';

const serve = async (configure) => {
  const app = Fastify();
  await configure(app);
  await app.ready();
  return app.server;
};

const greeting = async (request, reply) => reply.type('text/plain; charset=utf-8').send(hello(request.params.name));

const store = () => {
  const sessions = new JsonMap();
  return {
    get: (id, done) => done(null, sessions.get(id)),
    set(id, data, done) {
      sessions.set(id, data);
      done();
    },
    destroy(id, done) {
      sessions.delete(id);
      done();
    },
  };
};

export const works = {
  greet: () => serve((app) => app.get('/greet/:name', greeting)),
  routes: () =>
    serve((app) => {
      for (let index = 0; index < ROUTES; index += 1) app.get(`/${routeName(index)}/:name`, greeting);
    }),
  form: () =>
    serve(async (app) => {
      await app.register(formbody);
      app.post('/form', async (request, reply) => reply.type('text/plain').send(hello(request.body.name)));
    }),
  json: () => serve((app) => app.post('/json', async (request) => ({ name: request.body.name }))),
  validated: () =>
    serve((app) =>
      app.post('/orders', { schema: { body: ORDER_SCHEMA } }, async ({ body }) => ({
        title: body.title,
        count: body.count,
      })),
    ),
  session: () =>
    serve(async (app) => {
      await app.register(cookie);
      await app.register(session, {
        cookieName: 'session_id',
        secret: 'a secret with at least thirty-two characters',
        cookie: { secure: false },
        saveUninitialized: false,
        store: store(),
      });
      app.get('/visits', async (request, reply) => {
        const visits = (request.session.get('visits') ?? 0) + 1;
        request.session.set('visits', visits);
        return reply.type('text/plain').send(`Visit ${visits}`);
      });
    }),
  stream: () =>
    serve((app) =>
      app.get('/stream', async (_request, reply) =>
        reply.type('text/plain').send(Readable.from(chunks(), { objectMode: false })),
      ),
    ),
  upload: () =>
    serve(async (app) => {
      await app.register(multipart, { limits: { fileSize: UPLOAD_LIMIT } });
      app.post('/upload', async (request) => {
        const { file } = await request.file();
        const target = createWriteStream(uploadPath());
        await pipeline(file, target);
        return { size: target.bytesWritten };
      });
    }),
};
