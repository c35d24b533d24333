import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { type } from 'arktype';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import supertest from 'supertest';
import * as z from 'zod';
import type { Context } from '../../lib/context.js';
import { type HttpMiddleware, micropie, reply, type StandardSchema } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { eventually } from '../support/socket.js';

const Task = z.object({ title: z.string() });
const Problem = z.object({ code: z.number() });
const slow = z.object({ title: z.string().transform(async (title) => title.toUpperCase()) });
const broken: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'own',
    validate: () => {
      throw new Error('The schema itself is broken');
    },
  },
};
const byStatus = { 200: Task, 201: z.array(Task), 404: Problem };

interface Asking {
  readonly returns: unknown;
  /** What the handler returns. */
  readonly result: (ctx: Context) => unknown;
  readonly hooks?: HttpMiddleware[];
}

async function ask({ returns, result, hooks = [] }: Asking, ...front: Middleware[]) {
  class Root {
    index(ctx: Context) {
      return result(ctx);
    }
    static routes = { index: { returns } };
  }
  const app = appOf(...front, micropie(Root, { middlewares: hooks }));
  const errors = errorsOf(app);
  const response = await supertest(app.callback()).get('/').accept('text/plain');
  return { response, errors };
}

/** A handler that sets members of the context. */
function setting(members: object, result?: unknown) {
  return (ctx: Context) => {
    Object.assign(ctx, members);
    return result;
  };
}

const secret = { title: 'Tea', password: 'the-secret' };

describe('`returns`', () => {
  const rows: [title: string, returns: unknown, result: (ctx: Context) => unknown, status: number, body: unknown][] = [
    ['filters a result', Task, () => secret, 200, { title: 'Tea' }],
    ['filters a promised result', Task, async () => secret, 200, { title: 'Tea' }],
    ['filters each item of a list', z.array(Task), () => [secret, secret], 200, [{ title: 'Tea' }, { title: 'Tea' }]],
    ['filters a reply', Task, () => reply(201, secret), 201, { title: 'Tea' }],
    ['filters what is in ctx.body', Task, setting({ body: secret }), 200, { title: 'Tea' }],
    ['waits for an async schema', slow, () => secret, 200, { title: 'TEA' }],
    ['lets null be', Task, () => null, 204, {}],
    ['lets undefined be', Task, () => undefined, 204, {}],
    ['lets a reply without a body be', Task, () => reply(202), 202, {}],
    ['lets a redirect be', Task, () => reply(302, { far: 1 }, { Location: '/' }), 302, { far: 1 }],
    ['lets a reply of an error be', Task, () => reply(404, secret), 404, secret],
    ['goes by the status: 200', byStatus, () => secret, 200, { title: 'Tea' }],
    ['goes by the status: 201', byStatus, () => reply(201, [secret]), 201, [{ title: 'Tea' }]],
    ['goes by the status: 404', byStatus, () => reply(404, { code: 7, more: 1 }), 404, { code: 7 }],
    ['goes by the status that is set', byStatus, setting({ status: 201 }, [secret]), 201, [{ title: 'Tea' }]],
    ['goes by the status: an undeclared one of an error', byStatus, () => reply(410, secret), 410, secret],
    ['goes by the status: null', byStatus, () => null, 204, {}],
  ];
  for (const [title, returns, result, status, body] of rows)
    it(title, async () => {
      const { response, errors } = await ask({ returns, result });
      expect([response.status, response.body, errors]).to.deep.equal([status, body, []]);
    });

  const refusals: [title: string, returns: unknown, result: (ctx: Context) => unknown, message: RegExp | string][] = [
    [
      'another type',
      Task,
      () => 'the-secret',
      'Root.index returned what its declared returns refuses: Invalid input: expected object, received string',
    ],
    [
      'a wrong member',
      z.array(Task),
      () => [{ title: 5, password: 'the-secret' }],
      'Root.index returned what its declared returns refuses: 0: title: Invalid input: expected string, received number',
    ],
    ['a wrong reply', Task, () => reply(201, 'the-secret', { 'X-Secret': 'the-secret' }), /expected object/],
    ['what is in ctx.body', Task, setting({ body: 'the-secret' }), /expected object/],
    ['a reply of a declared error', byStatus, () => reply(404, 'the-secret'), /expected object/],
    [
      'a success of an undeclared status',
      byStatus,
      () => reply(202, 'the-secret'),
      'Root.index answers with 202, for which its returns declares no schema; add one to the declaration',
    ],
    ['what an async schema refuses', slow, () => 'the-secret', /expected object/],
    ['what a broken schema throws at', broken, () => 'the-secret', 'The schema itself is broken'],
  ];
  for (const [title, returns, result, message] of refusals) {
    it(`refuses ${title} with 500, told once, and sends nothing of it`, async () => {
      const after: unknown[] = [];
      const hooks = [{ afterRequest: () => void after.push('after') }];
      const { response, errors } = await ask({ returns, result, hooks });
      expect([response.status, response.text]).to.deep.equal([500, 'Internal Server Error']);
      expect(JSON.stringify(response.headers)).to.not.include('the-secret');
      expect(errors).to.have.lengthOf(1);
      if (typeof message === 'string') expect(errors[0]?.message).to.equal(message);
      else expect(errors[0]?.message).to.match(message);
      expect(after).to.deep.equal([]);
    });

    it(`sends nothing of it where the app's own middleware swallows the error: ${title}`, async () => {
      const own: Middleware = (_ctx, next) => next().catch(() => {});
      const { response } = await ask({ returns, result }, own);
      expect(response.text).to.not.include('the-secret');
      expect(response.status).to.be.at.least(400);
    });
  }

  it('comes before the after hooks, which may change what it left', async () => {
    const seen: unknown[] = [];
    const hook: HttpMiddleware = {
      afterRequest(_request, _status, body) {
        seen.push(body);
        return { body: { changed: true } };
      },
    };
    const { response } = await ask({ returns: Task, result: () => secret, hooks: [hook] });
    expect([seen, response.body]).to.deep.equal([[{ title: 'Tea' }], { changed: true }]);
  });

  it('leaves the answers of hooks alone', async () => {
    for (const hook of [{ beforeRequest: () => reply(200, secret) }, { beforeCall: () => reply(200, secret) }]) {
      const { response } = await ask({ returns: Task, result: () => secret, hooks: [hook] });
      expect(response.body).to.deep.equal(secret);
    }
  });

  it('closes a stream that it refuses', async () => {
    const closed: string[] = [];
    const streams: Readonly<Record<string, () => unknown>> = {
      'a Node stream': () => createReadStream(import.meta.filename).on('close', () => closed.push('a Node stream')),
      'a missing file': () => createReadStream('/nowhere').on('close', () => closed.push('a missing file')),
      'a reply of one': () =>
        reply(
          200,
          Readable.from(['x']).on('close', () => closed.push('a reply of one')),
        ),
      'a web stream': () => new ReadableStream({ cancel: () => void closed.push('a web stream') }),
      'a Response': () => new Response(new ReadableStream({ cancel: () => void closed.push('a Response') })),
      'an iterator': () => ({
        [Symbol.iterator]: () => [].values(),
        next: () => ({ done: true, value: 0 }),
        return: () => closed.push('an iterator'),
      }),
    };
    for (const schema of [Task, z.string().transform(async (text) => text)])
      for (const [title, result] of Object.entries(streams)) {
        const { response, errors } = await ask({ returns: schema, result });
        expect([response.status, errors.length], title).to.deep.equal([500, 1]);
        await eventually(() => closed.includes(title), `${title} was closed`);
        closed.length = 0;
      }
  });

  it('never starts a generator that it refuses', async () => {
    let started = false;
    async function* generate() {
      started = true;
      yield 'x';
    }
    const { response } = await ask({ returns: z.array(Task), result: generate });
    expect([response.status, started]).to.deep.equal([500, false]);
  });

  it('takes a schema of a function', async () => {
    const { response } = await ask({ returns: type({ '+': 'delete', title: 'string' }), result: () => secret });
    expect(response.body).to.deep.equal({ title: 'Tea' });
  });
});
