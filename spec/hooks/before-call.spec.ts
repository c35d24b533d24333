import { expect } from 'chai';
import createError from 'http-errors';
import supertest from 'supertest';
import * as z from 'zod';
import type { Context } from '../../lib/context.js';
import { type HttpMiddleware, micropie, type Request, reply } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { FORM_TYPE, field, formOf } from '../support/form.js';

const Task = z.looseObject({ title: z.string() });

class Root {
  login(user: string, password = 'none') {
    return `${user} with ${password}`;
  }
  search({ q, page = 1 }: { q: string; page?: number }) {
    return `${q} ${page}`;
  }
  create(task: { title: string }) {
    return task;
  }
  update(id: number, { title }: { title: string }) {
    return `${id} becomes ${title}`;
  }
  join(first: string, ...rest: number[]) {
    return [first, ...rest];
  }
  me(ctx: Context, a: string, request: Request) {
    return `${a} ${ctx.path} ${request.method}`;
  }
  mixed({ ctx, a }: { ctx: Context; a: string }) {
    return `${a} ${ctx.path}`;
  }
  async upload(file: { filename: string }) {
    return file.filename;
  }
  slow(name: string) {
    return name;
  }

  static routes = {
    create: { input: Task },
    update: { path: 'POST /tasks/:id', params: [Number], input: Task },
    join: { params: [String, Number] },
    slow: { params: [z.string().refine(async (name) => name !== 'taken')] },
  };
}

/** Asks with a hook that notes the arguments that it sees. */
function watching(hook: (args: Readonly<Record<string, unknown>>) => unknown = () => undefined) {
  const seen: Record<string, unknown>[] = [];
  const after: string[] = [];
  const hooks: HttpMiddleware[] = [
    {
      async beforeCall(_request, args) {
        expect(Object.getPrototypeOf(args)).to.equal(null);
        seen.push({ ...args });
        return hook(args) as undefined;
      },
      afterRequest: () => void after.push('after'),
    },
  ];
  const agent = supertest(appOf(micropie(Root, { middlewares: hooks })).callback());
  return { agent, seen, after };
}

describe('beforeCall(request, args)', () => {
  const login = { user: 'al', password: 'x' };
  const ways: Readonly<Record<string, (agent: ReturnType<typeof supertest>) => supertest.Test>> = {
    path: (agent) => agent.get('/login/al/x'),
    query: (agent) => agent.get('/login?user=al&password=x'),
    form: (agent) => agent.post('/login').type('form').send(login),
    JSON: (agent) => agent.post('/login').send(login),
    multipart: (agent) =>
      agent
        .post('/login')
        .type(FORM_TYPE)
        .send(formOf([field('user', 'al'), field('password', 'x')])),
    'path with a decoy query': (agent) => agent.get('/login/al/x?user=bob&password=y'),
    'query with a decoy body': (agent) => agent.post('/login?user=al&password=x').send({ user: 'bob', password: 'y' }),
  };
  for (const [way, send] of Object.entries(ways)) {
    it(`sees what the handler is given, from ${way}`, async () => {
      const { agent, seen } = watching();
      expect((await send(agent)).text).to.equal('al with x');
      expect(seen).to.deep.equal([login]);
    });

    it(`makes a throttle that holds, from ${way}`, async () => {
      const tries = new Map<unknown, number>();
      const { agent } = watching(({ user }) => {
        tries.set(user, (tries.get(user) ?? 0) + 1);
        return (tries.get(user) ?? 0) > 2 ? reply(429, 'Slow down') : undefined;
      });
      const statuses: number[] = [];
      for (let round = 0; round < 4; round++) statuses.push((await send(agent)).status);
      expect(statuses).to.deep.equal([200, 200, 429, 429]);
    });
  }

  const records: [
    title: string,
    send: (agent: ReturnType<typeof supertest>) => supertest.Test,
    args: object,
    answer: unknown,
  ][] = [
    ['the keys of a pattern, flat', (agent) => agent.get('/search?q=tea'), { q: 'tea' }, 'tea 1'],
    [
      'input under the name of its parameter',
      (agent) => agent.post('/create').send({ title: 'T' }),
      { task: { title: 'T' } },
      { title: 'T' },
    ],
    [
      'the keys of an input that is a pattern',
      (agent) => agent.post('/tasks/7').send({ title: 'T' }),
      { id: 7, title: 'T' },
      '7 becomes T',
    ],
    [
      'no member of a body in the place of a parameter',
      (agent) => agent.post('/tasks/7').send({ title: 'T', id: 1, x: 2 }),
      { id: 7, title: 'T' },
      '7 becomes T',
    ],
    ['a rest as a list', (agent) => agent.get('/join/a/1/2'), { first: 'a', rest: [1, 2] }, ['a', 1, 2]],
    ['an empty rest', (agent) => agent.get('/join/a'), { first: 'a', rest: [] }, ['a']],
    ['nothing that the client does not give', (agent) => agent.get('/me/x'), { a: 'x' }, 'x /me/x GET'],
    ['nothing of it in a pattern', (agent) => agent.get('/mixed?a=x'), { a: 'x' }, 'x /mixed'],
    ['what schemas promised', (agent) => agent.get('/slow/al'), { name: 'al' }, 'al'],
  ];
  for (const [title, send, args, answer] of records)
    it(`sees ${title}`, async () => {
      const { agent, seen } = watching();
      const response = await send(agent);
      expect(response.type === 'application/json' ? response.body : response.text).to.deep.equal(answer);
      expect(seen).to.deep.equal([args]);
    });

  it('sees an uploaded file', async () => {
    const { agent, seen } = watching();
    await agent
      .post('/upload')
      .type(FORM_TYPE)
      .send(formOf([{ name: 'file', content: 'x', filename: 'a.txt' }]))
      .expect(200, 'a.txt');
    expect(seen[0]?.['file']).to.include({ filename: 'a.txt', size: 1 });
  });

  it('does not run where the arguments are not valid', async () => {
    const { agent, seen } = watching();
    for (const path of ['/login', '/join/a/x', '/slow/taken']) await agent.get(path).expect(400);
    expect(seen).to.deep.equal([]);
  });

  it('can not change what the handler is given by the record', async () => {
    const { agent } = watching((args) => void Object.assign(args, { user: 'bob' }));
    await agent.get('/login/al').expect('al with none');
  });

  for (const answer of [
    reply(402, 'Pay', { 'X-Price': '1' }),
    { statusCode: 402, body: 'Pay', headers: { 'X-Price': '1' } },
  ])
    it(`answers like a before hook, without handler and after hooks: ${answer.constructor.name}`, async () => {
      const { agent, after } = watching(() => answer);
      const response = await agent.get('/login/al').expect(402, 'Pay');
      expect([response.headers['x-price'], after]).to.deep.equal(['1', []]);
    });

  it('answers HEAD as well', async () => {
    const { agent, seen } = watching(() => reply(402, 'Pay'));
    await agent.head('/login/al').expect(402).expect('Content-Length', '3');
    expect(seen).to.deep.equal([{ user: 'al' }]);
  });

  it('runs behind all before hooks, in the order of the list, until one answers', async () => {
    const notes: string[] = [];
    const noting = (name: string, answer?: object): HttpMiddleware => ({
      beforeRequest: () => void notes.push(`${name} before`),
      beforeCall: () => {
        notes.push(`${name} call`);
        return answer as undefined;
      },
      onError: () => void notes.push(`${name} error`),
    });
    const hooks = [noting('a'), noting('b', reply(403)), noting('c')];
    await supertest(appOf(micropie(Root, { middlewares: hooks })).callback())
      .get('/login/al')
      .expect(403);
    expect(notes).to.deep.equal(['a before', 'b before', 'c before', 'a call', 'b call']);
  });

  it('that throws is an error like any other', async () => {
    const { agent, after } = watching(() => {
      throw createError(403, 'Not yours');
    });
    await agent.get('/login/al').accept('text/plain').expect(403, '403 Forbidden: Not yours');
    expect(after).to.deep.equal([]);
  });
});
