import 'reflect-metadata';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import Koa from 'koa';
import { Body, Controller, Ctx, Get, Param, Post, useKoaServer } from 'routing-controllers';
import { chunks, hello, ROUTES, routeName } from '../work.js';

/** Decorators without their syntax, which plain JavaScript does not have. */
function controller(routes) {
  class Root {}
  for (const [name, { verb, path, parameters = [], run }] of Object.entries(routes)) {
    Root.prototype[name] = run;
    for (const [index, decorate] of parameters.entries()) decorate(Root.prototype, name, index);
    Reflect.defineMetadata(
      'design:paramtypes',
      parameters.map(() => Object),
      Root.prototype,
      name,
    );
    verb(path)(Root.prototype, name, Object.getOwnPropertyDescriptor(Root.prototype, name));
  }
  Controller()(Root);
  return Root;
}

const serve = (routes) => {
  const app = new Koa();
  useKoaServer(app, { controllers: [controller(routes)], classTransformer: false, validation: false });
  return createServer(app.callback());
};

const greeting = (path) => ({ verb: Get, path, parameters: [Param('name')], run: (name) => hello(name) });

export const works = {
  greet: () => serve({ greet: greeting('/greet/:name') }),
  routes: () =>
    serve(
      Object.fromEntries(
        Array.from({ length: ROUTES }, (_, index) => [routeName(index), greeting(`/${routeName(index)}/:name`)]),
      ),
    ),
  form: () => serve({ form: { verb: Post, path: '/form', parameters: [Body()], run: ({ name }) => hello(name) } }),
  json: () => serve({ json: { verb: Post, path: '/json', parameters: [Body()], run: ({ name }) => ({ name }) } }),
  stream: () =>
    serve({
      stream: {
        verb: Get,
        path: '/stream',
        parameters: [Ctx()],
        run: (ctx) => {
          ctx.type = 'text';
          return Readable.from(chunks(), { objectMode: false });
        },
      },
    }),
};
