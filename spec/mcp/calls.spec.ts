import { expect } from 'chai';
import createError from 'http-errors';
import type { Context } from 'koa';
import { z } from 'zod';
import { Controller, currentRequest, micropie, type Request, type Routes, reply, sse } from '../../lib/index.js';
import { errorsOf } from '../support/app.js';
import { eventually } from '../support/socket.js';
import { REVISIONS, textOf, told, toolApp, withClient, withTools } from './clients.js';

const Task = z.object({ id: z.number(), title: z.string() });
const Change = z.object({ title: z.string().min(2), at: z.coerce.date().optional() });
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

class Root extends Controller {
  ended = 0;

  show(id: number) {
    if (id === 9) throw createError(404, 'There is no such task');
    if (id === 8) return null;
    return { id, title: 'Rest', secret: 'x' };
  }
  change(id: number, change: z.output<typeof Change>) {
    return { id, ...change };
  }
  create(change: z.output<typeof Change>) {
    return `${change.title} ${change.at?.getFullYear()}`;
  }
  named({ q, page = 1 }: { q: string; page?: number }) {
    return { q, page };
  }
  sum(...terms: number[]) {
    return terms.reduce((sum, term) => sum + term, 0);
  }
  path(ctx: Context, request: Request) {
    return {
      json: request.json(),
      body: ctx.request.body,
      path: request.pathParams,
      method: request.method,
      route: request.route?.name,
    };
  }
  answer(kind: string) {
    return ANSWERS[kind]?.(this.ctx);
  }
  async *count(to = 3) {
    try {
      for (let n = 1; n <= to; n++) yield `${n}\n`;
    } finally {
      this.ended += 1;
    }
  }
  async *endless() {
    try {
      for (;;) yield 'é'.repeat(50_000);
    } finally {
      this.ended += 1;
    }
  }
  events() {
    return sse(['a', { event: 'b', data: { c: 1 } }]);
  }
  async who(name: string) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    this.ctx.status = name === 'odd' ? 201 : 200;
    const { request } = this;
    await new Promise(setImmediate);
    return [name, request.json(), currentRequest().json(), this.ctx.status].map((one) => JSON.stringify(one)).join();
  }
  text() {
    return 'Just text';
  }

  static routes = {
    show: { path: 'GET /tasks/:id', params: [Number], tool: true, summary: 'Shows', returns: Task },
    change: { path: 'PUT /tasks/:id', params: [Number], input: Change, tool: true, summary: 'Changes' },
    create: { path: 'POST /tasks', input: Change, tool: true, summary: 'Creates' },
    named: { tool: true, summary: 'Named' },
    sum: { tool: true, summary: 'Adds' },
    path: { tool: true, summary: 'Path' },
    answer: { tool: true, summary: 'Answers' },
    count: { tool: true, summary: 'Counts' },
    endless: { tool: true, summary: 'Never ends' },
    events: { tool: true, summary: 'Events' },
    who: { tool: true, summary: 'Who' },
    text: { tool: true, summary: 'Text', returns: z.string() },
  } satisfies Routes<Root>;
}

const ANSWERS: Readonly<Record<string, (ctx: Context) => unknown>> = {
  nothing: () => undefined,
  list: () => [1, 'a', null],
  number: () => 7,
  bytes: () => Buffer.from('grün'),
  blob: () => new Blob(['blob']),
  response: () => new Response('of fetch', { headers: { 'X-Secret': 'x' } }),
  image: (ctx) => {
    ctx.type = 'png';
    return PNG;
  },
  binary: () => Buffer.from([0xff, 0xfe]),
  html: () => '<p>Hello</p>',
  byHand: (ctx) => {
    ctx.body = 'By hand';
  },
  header: () => reply(201, 'Made', { 'Content-Type': 'text/plain', 'Set-Cookie': 'a=1' }),
  missing: () => reply(404, 'There is none'),
  bare: () => reply(409),
  moved: (ctx) => ctx.redirect('/elsewhere'),
  busy: () => reply(503, 'Come back later'),
  teapot: (ctx) => ctx.throw(418, 'Short and stout'),
  hidden: () => {
    throw createError(403, 'the reason', { expose: false });
  },
};

for (const [revision, options] of Object.entries(REVISIONS))
  describe(`mcp: a call by ${revision}`, () => {
    const run = (name: string, args?: Record<string, unknown>) =>
      withTools(Root, (client) => client.callTool({ name, ...(args && { arguments: args }) }), options);

    const table: [title: string, name: string, args: Record<string, unknown> | undefined, result: string][] = [
      ['gives a path its name', 'show', { id: 7 }, 'ok {"id":7,"title":"Rest"}'],
      ['takes an input beside it', 'change', { id: 7, change: { title: 'New' } }, 'ok {"id":7,"title":"New"}'],
      ['takes an input alone', 'create', { title: 'New', at: '2026-01-02' }, 'ok New 2026'],
      ['takes the keys of a pattern', 'named', { q: 'pie' }, 'ok {"q":"pie","page":1}'],
      ['takes a list for a rest parameter', 'sum', { terms: [1, 2, 3] }, 'ok 6'],
      ['takes no list for it', 'sum', undefined, 'ok 0'],
      ['ignores names that are nobody’s', 'named', { q: 'a', z: 1, toString: 2 }, 'ok {"q":"a","page":1}'],
      ['tells a missing argument', 'show', {}, "error 400 Bad Request: Missing required parameter 'id'"],
      [
        'tells all that is wrong',
        'change',
        { id: 'x', change: { title: 'N' } },
        "error 400 Bad Request: Parameter 'id' must be a number; title: Too small: expected string to have >=2 characters",
      ],
      [
        'tells a missing input',
        'create',
        undefined,
        'error 400 Bad Request: title: Invalid input: expected string, received undefined',
      ],
      ['binds nothing inherited', 'answer', {}, "error 400 Bad Request: Missing required parameter 'kind'"],
      ['refuses too many', 'sum', { terms: Array(1001).fill(1) }, 'error 400 Bad Request: More than 1000 arguments'],
      ['tells what was thrown', 'show', { id: 9 }, 'error 404 Not Found: There is no such task'],
      ['has no result where clients demand one', 'show', { id: 8 }, 'error There is no result'],
      ['of nothing is an empty text', 'answer', { kind: 'nothing' }, 'ok '],
      ['of a list is JSON', 'answer', { kind: 'list' }, 'ok [1,"a",null]'],
      ['of a number is JSON', 'answer', { kind: 'number' }, 'ok 7'],
      ['of bytes is text', 'answer', { kind: 'bytes' }, 'ok grün'],
      ['of a Blob is text', 'answer', { kind: 'blob' }, 'ok blob'],
      ['of a Response is its text', 'answer', { kind: 'response' }, 'ok of fetch'],
      ['of HTML is its text', 'answer', { kind: 'html' }, 'ok <p>Hello</p>'],
      ['of a body set by hand is that', 'answer', { kind: 'byHand' }, 'ok By hand'],
      ['of a reply is its body', 'answer', { kind: 'header' }, 'ok Made'],
      ['of a reply of 4xx is an error', 'answer', { kind: 'missing' }, 'error 404 Not Found: There is none'],
      ['of a reply of a status alone is that', 'answer', { kind: 'bare' }, 'error 409 Conflict'],
      ['of a redirect tells the place', 'answer', { kind: 'moved' }, 'ok 302 Found: /elsewhere'],
      [
        'of a reply of 5xx is what it says',
        'answer',
        { kind: 'busy' },
        'error 503 Service Unavailable: Come back later',
      ],
      ['tells ctx.throw', 'answer', { kind: 'teapot' }, "error 418 I'm a Teapot: Short and stout"],
      ['tells nothing that is not exposed', 'answer', { kind: 'hidden' }, 'error Forbidden'],
      ['of a generator is all of it', 'count', { to: 4 }, 'ok 1\n2\n3\n4\n'],
      ['of events is all of them', 'events', {}, 'ok :\n\ndata: a\n\nevent: b\ndata: {"c":1}\n\n'],
    ];
    for (const [title, name, args, result] of table)
      it(title, async () => expect(told(await run(name, args))).to.equal(result));

    it('has data where `returns` is declared, and nowhere else', async () => {
      expect(await run('show', { id: 7 })).to.have.deep.property('structuredContent', { id: 7, title: 'Rest' });
      // The older revision has objects alone.
      const text = revision === 'those before' ? { result: 'Just text' } : 'Just text';
      expect(await run('text')).to.have.deep.property('structuredContent', text);
      expect(await run('named', { q: 'a' })).not.to.have.property('structuredContent');
    });

    it('has an image as such', async () => {
      const { content } = await run('answer', { kind: 'image' });
      expect(content).to.deep.equal([{ type: 'image', data: PNG.toString('base64'), mimeType: 'image/png' }]);
    });

    it('shows the handler a request with the arguments as its body', async () => {
      const args = { a: [1], b: null };
      expect(JSON.parse(textOf(await run('path', args)))).to.deep.equal({
        json: args,
        body: args,
        path: [],
        method: 'POST',
        route: 'path',
      });
    });

    it('of a tool that is not there is an error of the protocol', async () => {
      const errorOf = (name: string) => run(name).catch(String);
      for (const name of ['unknown', 'hidden', 'constructor', '__proto__', '_x'])
        expect(await errorOf(name)).to.match(/There is no such tool/);
    });

    it('joins a stream up to a MiB, between two characters, and ends its generator', async () => {
      const root = new Root();
      const text = textOf(
        await withTools(root, (client) => client.callTool({ name: 'endless', arguments: {} }), options),
      );
      expect(text).to.match(/^é+\n\[cut off after 1048576 bytes\]$/);
      expect(text.indexOf('\n')).to.equal(1024 ** 2 / 2);
      await eventually(() => root.ended === 1, 'its end');
    });

    it('is answered beside 49 others, each with a request and a status of its own', () =>
      withTools(
        Root,
        async (client) => {
          const names = Array.from({ length: 50 }, (_, index) => (index % 5 === 0 ? 'odd' : `n${index}`));
          const results = await Promise.all(names.map((name) => client.callTool({ name: 'who', arguments: { name } })));
          const expected = names.map((name) => {
            const own = JSON.stringify({ name });
            return `ok ${JSON.stringify(name)},${own},${own},${name === 'odd' ? 201 : 200}`;
          });
          expect(results.map(told)).to.deep.equal(expected);
        },
        options,
      ));
  });

describe('mcp: a call that fails', () => {
  class Failing {
    thrown() {
      throw new Error('a secret');
    }
    async rejected() {
      throw undefined;
    }
    refused() {
      return { id: 'no number' };
    }
    cyclic() {
      const one: Record<string, unknown> = {};
      one['self'] = one;
      return one;
    }
    async *broken() {
      yield 'a';
      throw new Error('in the middle');
    }
    *early() {
      yield* [];
      throw new Error('before the first chunk');
    }
    binary() {
      return Buffer.from([0xff, 0xfe]);
    }
    *object() {
      yield {};
    }
    static routes = Object.fromEntries(
      ['thrown', 'rejected', 'refused', 'cyclic', 'broken', 'early', 'binary', 'object'].map((name) => [
        name,
        { tool: true, summary: name, ...(name === 'refused' && { returns: { 201: Task, 200: Task } }) },
      ]),
    );
  }

  const table: [name: string, message: RegExp][] = [
    ['thrown', /^a secret$/],
    ['rejected', /Not an error was thrown: undefined/],
    ['refused', /^Failing\.refused returned what its declared returns refuses/],
    ['cyclic', /circular/],
    ['broken', /^in the middle$/],
    ['early', /^before the first chunk$/],
    ['binary', /text, an image or a sound, not application\/octet-stream/],
    ['object', /its generator yielded object/],
  ];
  for (const [name, message] of table)
    for (const [revision, options] of Object.entries(REVISIONS))
      it(`says no more than that, and tells the app once: ${name}, ${revision}`, async () => {
        const app = toolApp(micropie<object>(new Failing()));
        const errors = errorsOf(app);
        const result = await withClient(app, (client) => client.callTool({ name, arguments: {} }), options);
        expect(told(result)).to.equal('error Internal error');
        expect(errors.map((error) => error.message)).to.have.length(1);
        expect(errors[0]?.message).to.match(message);
      });
});
