import { createServer } from 'node:http';
import Koa from 'koa';
import { micropie, redisSessionBackend, serve as start } from '../../../dist/index.js';
import { redisClient } from '../redis.js';
import { Order } from '../schemas.js';
import { chunks, hello, ROUTES, routeName, UPLOAD_LIMIT } from '../work.js';

const serve = (controller, options) => {
  const app = new Koa();
  app.use(micropie(controller, options));
  return createServer(app.callback());
};

class Root {
  greet(name = 'Guest') {
    return hello(name);
  }

  form(name = 'Guest') {
    return hello(name);
  }

  json(name) {
    return { name };
  }

  visits(request) {
    request.session.visits = (request.session.visits ?? 0) + 1;
    return `Visit ${request.session.visits}`;
  }

  stream() {
    return chunks();
  }

  upload(file) {
    return { size: file.size };
  }
}

/** A class with a thousand methods, as someone would have written them out. */
export const withManyMethods = (Base) => {
  const methods = Array.from(
    { length: ROUTES },
    (_, index) => `${routeName(index)}(name = 'Guest') { return hello(name); }`,
  );
  return new Function('hello', 'Base', `return class Many extends Base { ${methods.join('\n')} }`)(hello, Base);
};

/** The same with an explicit path for each. */
const withManyPaths = () => {
  const paths = Array.from({ length: ROUTES }, (_, index) => [routeName(index), `GET /${routeName(index)}/:name`]);
  return Object.assign(withManyMethods(class {}), { routes: Object.fromEntries(paths) });
};

class Orders {
  create(order) {
    return { title: order.title, count: order.count };
  }

  static routes = { create: { path: 'POST /orders', input: Order } };
}

export const works = {
  greet: () => serve(Root),
  routes: () => serve(withManyMethods(class {})),
  form: () => serve(Root),
  json: () => serve(Root),
  session: () => serve(Root),
  stream: () => serve(Root),
  declared: () => serve(withManyPaths()),
  validated: () => serve(Orders),
  redis: async () => serve(Root, { sessionBackend: redisSessionBackend(await redisClient()) }),
  served: async () => {
    const { server } = await start(new Koa().use(micropie(Root)), { port: 0, host: '127.0.0.1' });
    return server;
  },
  upload: () => serve(Root, { uploads: { maxFileSize: UPLOAD_LIMIT } }),
};
