import type { Middleware } from 'koa';

const ran = new WeakMap<object, string[]>();

/** Notes that a handler runs for a request. */
export function note({ req }: { readonly req: object }, name: string): void {
  ran.get(req)?.push(name);
}

/**
 * Has each response tell in `X-Ran` which handlers ran for it, in `X-Case` the header of that name of its request,
 * and in `X-Serial` which request it was: also on answers from which Koa removes all headers, those to errors.
 */
export function tell(): Middleware {
  let serial = 0;
  return (ctx, next) => {
    const { req, res } = ctx;
    const names: string[] = [];
    ran.set(req, names);
    serial += 1;
    const own = serial;
    const writeHead = res.writeHead.bind(res);
    res.writeHead = (statusCode: number) => {
      res.setHeader('X-Case', String(req.headers['x-case']));
      res.setHeader('X-Ran', names.join(' '));
      res.setHeader('X-Serial', own);
      return writeHead(statusCode);
    };
    return next();
  };
}
