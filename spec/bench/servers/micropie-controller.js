import { createServer } from 'node:http';
import Koa from 'koa';
import { Controller, micropie } from '../../../dist/index.js';
import { chunks, hello } from '../work.js';
import { withManyMethods } from './micropie.js';

const serve = (controller) => () => {
  const app = new Koa();
  app.use(micropie(controller));
  return createServer(app.callback());
};

class Root extends Controller {
  greet(name = 'Guest') {
    return hello(name);
  }

  form(name = 'Guest') {
    return hello(name);
  }

  json(name) {
    return { name };
  }

  visits() {
    this.session.visits = (this.session.visits ?? 0) + 1;
    return `Visit ${this.session.visits}`;
  }

  *stream() {
    yield* chunks();
  }
}

export const works = {
  greet: serve(Root),
  routes: () => serve(withManyMethods(Controller))(),
  form: serve(Root),
  json: serve(Root),
  session: serve(Root),
  stream: serve(Root),
};
