import { expect } from 'chai';
import type { Middleware } from 'koa';
import type { Context } from '../../lib/context.js';
import { Controller, micropie } from '../../lib/index.js';
import { appOf, client, errorsOf, withServer } from '../support/app.js';

class Root extends Controller<{ user?: string }> {
  start() {
    this.session.user = 'guest';
  }
  me() {
    return this.session.user ?? 'nobody';
  }
  login(ctx: Context, data: unknown) {
    ctx.session?.['regenerate']();
    this.session.user = 'alice';
    return { data };
  }
  bigint() {
    return { id: 1n };
  }
  cyclic() {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    return value;
  }
}

const DEEP = `{"data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;

/** Whether this engine's JSON.stringify runs out of stack on what its JSON.parse takes: V8 of Node 26 does not. */
function isTooDeep(text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === undefined;
  } catch {
    return true;
  }
}

describe('A result that JSON can not carry, of a request that may change something', () => {
  for (const [path, body] of [
    ...(isTooDeep(DEEP) ? [['login', DEEP] as const] : []),
    ['bigint', '{}'],
    ['cyclic', '{}'],
  ] as const)
    it(`is an ordinary error, and leaves the session as it was: /${path}`, async () => {
      const seen: string[] = [];
      const onError = (_request: unknown, error: Error) => void seen.push(error.name);
      const cors: Middleware = (ctx, next) => {
        ctx.set('Access-Control-Allow-Origin', '*');
        return next();
      };
      const app = appOf(cors, micropie(Root, { middlewares: [{ onError }] }));
      const errors = errorsOf(app);
      await withServer(app, async (port) => {
        const origin = `http://127.0.0.1:${port}`;
        const cookie = (await fetch(`${origin}/start`)).headers.getSetCookie()[0]?.split(';')[0] ?? '';
        const headers = { cookie, 'content-type': 'application/json' };
        const answer = await fetch(`${origin}/${path}`, { method: 'POST', headers, body });
        expect([answer.status, answer.headers.get('access-control-allow-origin')]).to.deep.equal([500, '*']);
        expect(await (await fetch(`${origin}/me`, { headers: { cookie } })).text()).to.equal('guest');
      });
      expect(errors.map(({ name }) => name)).to.deep.equal(seen);
      expect(seen).to.have.length(1);
    });
});

describe('A result that is sent as JSON', () => {
  for (const method of ['get', 'post'] as const)
    it(`is the object itself for middleware in front, which may change it: ${method}`, async () => {
      class Task {
        index() {
          return { title: 'write' };
        }
      }
      const inFront: Middleware = async (ctx, next) => {
        await next();
        Object.assign(Object(ctx.body), { took: 5 });
      };
      const { body } = await client(inFront, micropie(Task))[method]('/');
      expect(body).to.deep.equal({ title: 'write', took: 5 });
    });
});
