import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import express from 'express';
import session from 'express-session';
import multer from 'multer';
import { chunks, hello, JsonMap, ROUTES, routeName, UPLOAD_LIMIT, uploadPath } from '../work.js';

const serve = (configure) => {
  const app = express();
  configure(app);
  return createServer(app);
};

const greeting = (req, res) => res.type('text').send(hello(req.params.name));

class Store extends session.Store {
  sessions = new JsonMap();

  get(id, done) {
    done(null, this.sessions.get(id));
  }

  set(id, data, done) {
    this.sessions.set(id, data);
    done(null);
  }

  destroy(id, done) {
    this.sessions.delete(id);
    done(null);
  }
}

export const works = {
  greet: () => serve((app) => app.get('/greet/:name', greeting)),
  routes: () =>
    serve((app) => {
      for (let index = 0; index < ROUTES; index += 1) app.get(`/${routeName(index)}/:name`, greeting);
    }),
  form: () =>
    serve((app) => app.post('/form', express.urlencoded(), (req, res) => res.type('text').send(hello(req.body.name)))),
  json: () => serve((app) => app.post('/json', express.json(), (req, res) => res.json({ name: req.body.name }))),
  session: () =>
    serve((app) => {
      app.use(
        session({ name: 'session_id', secret: 'bench', resave: false, saveUninitialized: false, store: new Store() }),
      );
      app.get('/visits', (req, res) => {
        req.session.visits = (req.session.visits ?? 0) + 1;
        res.type('text').send(`Visit ${req.session.visits}`);
      });
    }),
  stream: () =>
    serve((app) =>
      app.get('/stream', (_req, res) => {
        res.type('text');
        Readable.from(chunks(), { objectMode: false }).pipe(res);
      }),
    ),
  upload: () =>
    serve((app) => {
      const storage = multer.diskStorage({
        filename: (_req, _file, done) => done(null, uploadPath().split('/').at(-1)),
      });
      app.post('/upload', multer({ storage, limits: { fileSize: UPLOAD_LIMIT } }).single('file'), (req, res) =>
        res.json({ size: req.file.size }),
      );
    }),
};
