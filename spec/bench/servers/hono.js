import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { stream } from 'hono/streaming';
import { validator } from 'hono/validator';
import { Order } from '../schemas.js';
import { chunks, hello, ROUTES, routeName } from '../work.js';

const serve = (configure) => {
  const app = new Hono();
  configure(app);
  return createAdaptorServer({ fetch: app.fetch });
};

const greeting = (context) => context.text(hello(context.req.param('name')));

// Hono has no sessions of its own, and reads uploads into memory.
export const works = {
  greet: () => serve((app) => app.get('/greet/:name', greeting)),
  routes: () =>
    serve((app) => {
      for (let index = 0; index < ROUTES; index += 1) app.get(`/${routeName(index)}/:name`, greeting);
    }),
  form: () =>
    serve((app) => app.post('/form', async (context) => context.text(hello((await context.req.parseBody()).name)))),
  json: () =>
    serve((app) => app.post('/json', async (context) => context.json({ name: (await context.req.json()).name }))),
  validated: () =>
    serve((app) =>
      app.post(
        '/orders',
        validator('json', (value, context) => {
          const { success, data } = Order.safeParse(value);
          return success ? data : context.text('Bad Request', 400);
        }),
        (context) => {
          const { title, count } = context.req.valid('json');
          return context.json({ title, count });
        },
      ),
    ),
  stream: () =>
    serve((app) =>
      app.get('/stream', (context) =>
        stream(context, async (output) => {
          for (const chunk of chunks()) await output.write(chunk);
        }),
      ),
    ),
};
