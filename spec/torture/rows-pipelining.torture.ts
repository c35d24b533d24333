import { expect } from 'chai';
import { FORM_TYPE, file, formOf } from '../support/form.js';
import { eventually, post } from '../support/socket.js';
import { get, tortured } from './support/torture.js';

interface Exchange {
  readonly request: Uint8Array;
  readonly answer: string;
  readonly handler?: string;
}

const bytes = (text: string) => Buffer.from(text);

/** A request of each kind, with what it is answered. */
function exchange(n: number): Exchange {
  const upload = formOf([file('file', `upload ${n}`)]);
  const json = `{"name":"n${n}"}`;
  const kinds: Exchange[] = [
    { request: bytes(get(`/hello/n${n}`)), answer: `200 Hello, n${n}!`, handler: 'hello' },
    { request: bytes(get(`/later/${n}`)), answer: `200 later ${n}`, handler: 'later' },
    { request: bytes(get(`/nowhere/${n}`)), answer: '404 Not Found' },
    { request: bytes(get(`/fails/${n}`)), answer: '500 Internal Server Error', handler: 'fails' },
    { request: bytes(get(`/count/${n}`)), answer: `200 ${n}.0 ${n}.1 ${n}.2 `, handler: 'count' },
    {
      request: Buffer.concat([bytes(post('/upload', FORM_TYPE, upload.length)), upload]),
      answer: `200 upload ${n}`,
      handler: 'upload',
    },
    {
      request: bytes(post('/hello', 'application/json', json.length) + json),
      answer: `200 Hello, n${n}!`,
      handler: 'hello',
    },
    {
      request: bytes(`${post('/hello', 'application/json', 3)}{x}`),
      answer: '400 {"title":"Bad Request","status":400,"detail":"Bad JSON"}',
    },
    { request: bytes(get(`/visit/${n}`)), answer: `200 visit ${n}`, handler: 'visit' },
    { request: bytes(get('/%zz')), answer: '400 400 Bad Request: Bad path' },
    { request: bytes(get('/sum/1/x')), answer: "400 400 Bad Request: Parameter 'y' must be a number" },
  ];
  return kinds[n % kinds.length] ?? { request: bytes(get('/nowhere')), answer: '404 Not Found' };
}

describe('pipelining under torture', () => {
  const server = tortured('load');
  const exchanges = Array.from({ length: 100 }, (_, n) => exchange(n));
  const all = Buffer.concat(exchanges.map(({ request }) => request));
  const handlers = exchanges.flatMap(({ handler }) => (handler ? [handler] : []));
  const errors = handlers.filter((handler) => handler === 'fails').length;

  for (const [
    how,
    size,
  ] of [['at once', all.length], ['in pieces of 7 bytes', 7], ['in pieces of 1,000 bytes', 1000]] as const) // biome-ignore format: a row each
    it(`100 requests of every kind, sent ${how}, are answered in order`, () =>
      server().trial({ handlers, errors }, async (client) => {
        client.socket.setNoDelay(true);
        for (let at = 0; at < all.length; at += size) await client.send(all.subarray(at, at + size));
        for (const [n, { answer }] of exchanges.entries()) {
          const { status, body } = await client.response();
          expect(`${status} ${body}`, `answer ${n}`).to.equal(answer);
        }
      }));

  it('20 connections at once, 100 requests on each, are answered in order', async () => {
    const before = await server().begin();
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = await server().connect();
        await client.send(all);
        for (const { answer } of exchanges) {
          const { status, body } = await client.response();
          expect(`${status} ${body}`).to.equal(answer);
        }
        client.socket.destroy();
      }),
    );
    const times = <T>(list: T[]) => Array.from({ length: 20 }, () => list).flat();
    await server().ledger({ handlers: times(handlers), errors: errors * 20 }, before);
  });

  const upload = formOf([file('file', 'content')]);
  const QUEUED: Record<string, string> = {
    upload: post('/upload', FORM_TYPE, upload.length) + upload,
    count: get('/count/1'),
    endless: get('/endless'),
    waits: get('/waits'),
    hello: get('/hello'),
    visit: get('/visit'),
  };
  for (const [handler, request] of Object.entries(QUEUED))
    for (const how of ['reset', 'destroy'] as const)
      it(`what waits behind another answer ends with the connection: ${handler}, by a ${how}`, () =>
        server().trial({ handlers: ['waits', handler, handler], connection: 'either' }, async (client) => {
          await client.send(get('/waits') + request + request);
          await eventually(async () => (await server().report()).handlers.length === 3, 'all of them run');
          if (how === 'reset') client.reset();
          else client.socket.destroy();
        }));
});
