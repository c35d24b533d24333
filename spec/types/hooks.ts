import Router from '@koa/router';
import Koa from 'koa';
import mount from 'koa-mount';
import {
  type Context,
  type HeaderPairs,
  type HookResponse,
  HttpMiddleware,
  InMemorySessionBackend,
  type MicropieOptions,
  micropie,
  type Request,
  type Route,
  reply,
} from '../../lib/index.js';
import { typed } from './assert.js';

class Root {
  index() {}
}

class Extending extends HttpMiddleware {
  override beforeRequest(request: Request) {
    return request.session['user'] ? undefined : { statusCode: 401, body: 'Unauthorized' };
  }
  override async afterRequest(_request: Request, statusCode: number, responseBody: unknown, headers: HeaderPairs) {
    headers.push(['X-Status', String(statusCode)]);
    return { body: responseBody };
  }
  override onError(_request: Request, error: Error) {
    return reply(500, error.message);
  }
}

class Implementing implements HttpMiddleware {
  async beforeRequest(request: Request): Promise<HookResponse | undefined> {
    return request.method === 'GET' ? undefined : { statusCode: 405 };
  }
}

/** Its session is that of the controllers that it stands before. */
class OfSession implements HttpMiddleware {
  beforeRequest(request: Request<{ visits?: number }>) {
    typed<number | undefined>()(request.session.visits);
  }
}

micropie(Root, {
  middlewares: [
    new Extending(),
    new Implementing(),
    new OfSession(),
    {
      beforeRequest(request) {
        typed<Request>()(request);
        return null;
      },
      async afterRequest(request, statusCode, responseBody, extraHeaders) {
        typed<Request>()(request);
        typed<number>()(statusCode);
        typed<unknown>()(responseBody);
        typed<HeaderPairs>()(extraHeaders);
        return { headers: { 'X-One': '1' } };
      },
      onError(request, error) {
        typed<Request>()(request);
        typed<Error>()(error);
      },
    },
  ],
});
micropie(Root).middlewares.push({ beforeRequest: () => reply(403) });

export class WrongArgument extends HttpMiddleware {
  // @ts-expect-error it gets the request
  override beforeRequest(_request: string) {}
}
export class WrongResult implements HttpMiddleware {
  // @ts-expect-error an answer has a status
  beforeRequest() {
    return { body: 'Unauthorized' };
  }
}
export class WrongName extends HttpMiddleware {
  // @ts-expect-error there is no such hook
  override beforeRequests() {}
}
// @ts-expect-error a hook has one of the three methods
micropie(Root, { middlewares: [{ before() {} }] });
// @ts-expect-error Koa's middleware is no hook
micropie(Root, { middlewares: [async (_ctx: Context, next: Koa.Next) => next()] });
// @ts-expect-error hooks are instances
micropie(Root, { middlewares: [Extending] });
// @ts-expect-error an after hook replaces a status by a number
micropie(Root, { middlewares: [{ afterRequest: () => ({ statusCode: '200' }) }] });

const OPTIONS = {
  prefix: '/api',
  middlewares: [],
  fallthrough: false,
  strict: true,
  sessionBackend: new InMemorySessionBackend(),
  session: { cookie: 'id', timeout: 60, secure: true, sameSite: 'strict', domain: 'example.org' },
  body: { jsonLimit: 1, formLimit: 1 },
  uploads: { maxFiles: 1, maxFileSize: 1, maxFields: 1, maxFieldSize: 1, maxParts: 1, dir: 'uploads' },
  views: 'views',
} as const satisfies MicropieOptions;
micropie(Root, OPTIONS);
micropie(Root, { session: false, body: false, uploads: false });
// @ts-expect-error there is no such option
micropie(Root, { prefx: '/api' });
// @ts-expect-error a prefix is text
micropie(Root, { prefix: 1 });
// @ts-expect-error one of three
micropie(Root, { session: { sameSite: 'Lax' } });
// @ts-expect-error there is no such limit
micropie(Root, { uploads: { maxFile: 1 } });
// @ts-expect-error uploads are on where not given
micropie(Root, { uploads: true });
// @ts-expect-error a backend loads and saves
micropie(Root, { sessionBackend: { load: async () => ({}) } });

const mounted = micropie(Root);
typed<readonly Route[]>()(mounted.routes);
typed<HttpMiddleware[]>()(mounted.middlewares);
// @ts-expect-error the routes are decided
mounted.routes.push({});
// @ts-expect-error the list itself stays
mounted.middlewares = [];
new Koa().use(mounted);
new Koa<{ user: string }, { db: object }>().use(mounted);
new Koa().use(mount('/api', mounted));
new Router().use(mounted);
new Router().use('/api', mounted);
