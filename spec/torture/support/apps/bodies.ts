import { bodyParser } from '@koa/bodyparser';
import Koa from 'koa';
import { micropie, type Request } from '../../../../lib/index.js';
import { http2Commands } from '../http2.js';
import type { TortureApp, Witness } from '../witness.js';

/** Handlers that tell of the body which they were given; what they get twice, they hold against each other. */
export default function create(witness: Witness): TortureApp {
  class Root {
    body(request: Request) {
      witness.ran('body');
      return { json: request.json(), fields: request.bodyParams };
    }

    size(a = '') {
      witness.ran('size');
      return a.length;
    }

    needs(a: string) {
      witness.ran('needs');
      return a;
    }

    depth(request: Request) {
      witness.ran('depth');
      let depth = 0;
      for (let value = request.json(); Array.isArray(value) && depth < 1e6; [value] = value) depth += 1;
      return depth;
    }

    slow(a = 'none') {
      witness.ran('slow');
      return a;
    }
  }

  witness.watch(Root.prototype);
  const app = new Koa();
  app.use(async (ctx, next) => {
    if (ctx.path.startsWith('/preset')) ctx.request.body = { a: 'preset' };
    if (ctx.path.startsWith('/consumed')) for await (const _chunk of ctx.req);
    if (ctx.path.startsWith('/parsed')) return bodyParser()(ctx, next);
    return next();
  });
  for (const prefix of ['/preset', '/consumed', '/parsed']) app.use(micropie(Root, { prefix }));
  app.use(micropie(Root));
  return {
    app,
    commands: http2Commands(app),
    server: { requestTimeout: 400, headersTimeout: 300, connectionsCheckingInterval: 50 },
  };
}
