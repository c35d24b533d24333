import { once } from 'node:events';
import { expect } from 'chai';
import type { Context, Middleware } from 'koa';
import { micropie, reply } from '../../lib/index.js';
import { appOf, errorsOf, withServer } from '../support/app.js';
import { withHttp2 } from '../support/http2.js';
import { withSocket } from '../support/socket.js';

function* chunks() {
  yield 'a';
  yield 'b';
}

class Root {
  keep() {
    return reply(200, chunks(), { 'Keep-Alive': 'timeout=5' });
  }
  text() {
    return reply(200, 'ab', { 'Keep-Alive': 'timeout=5' });
  }
  upgrade(ctx: Context) {
    ctx.set('Upgrade', 'h2c');
    return chunks();
  }
  twice() {
    return reply(200, chunks(), [
      ['ETag', '"a"'],
      ['ETag', '"b"'],
    ]);
  }
  languages(ctx: Context) {
    ctx.set('Content-Language', ['de', 'en']);
    return chunks();
  }
  split(ctx: Context) {
    ctx.set('X-Bad', 'a\nb');
    return chunks();
  }
  behind() {
    return chunks();
  }
  failed(ctx: Context) {
    ctx.set('Keep-Alive', 'timeout=5');
    ctx.throw(404, 'No such thing');
  }
  message(ctx: Context) {
    ctx.status = 201;
    ctx.message = 'Grüße €';
    return chunks();
  }
  messageOfText(ctx: Context) {
    ctx.status = 201;
    ctx.message = 'Grüße €';
    return 'ab';
  }
}

const afterwards: Middleware = async (ctx, next) => {
  await next();
  if (ctx.path === '/behind') ctx.set('Keep-Alive', 'timeout=5');
};

describe('Over HTTP/2, what Node refuses when it writes the head', () => {
  const cases: [path: string, answer: string, dropped: string, kept?: [name: string, value: string]][] = [
    ['keep', '200 ab', 'Keep-Alive'],
    ['text', '200 ab', 'Keep-Alive'],
    ['upgrade', '200 ab', 'Upgrade'],
    ['behind', '200 ab', 'Keep-Alive'],
    ['split', '200 ab', 'X-Bad'],
    ['twice', '200 ab', 'ETag', ['etag', '"a"']],
    ['languages', '200 ab', '', ['content-language', 'de, en']],
    ['failed', '404 404 Not Found: No such thing', 'Keep-Alive'],
  ];
  for (const [path, expected, dropped, kept] of cases)
    it(`is left out and reported, or joined, and the answer is whole: /${path}`, async () => {
      const app = appOf(afterwards, micropie(Root));
      const errors = errorsOf(app);
      const { headers, answer } = await withHttp2(app, (session) => ask(session, `/${path}`));
      expect(answer).to.equal(expected);
      if (kept) expect(headers[kept[0]]).to.equal(kept[1]);
      const reports = errors
        .map(({ message }) => message.split(':')[0])
        .filter((text) => text?.startsWith('The header'));
      expect(reports).to.deep.equal(
        dropped ? [`The header ${JSON.stringify(dropped.toLowerCase())} was left out`] : [],
      );
    });

  async function ask(session: Parameters<Parameters<typeof withHttp2>[1]>[0], path: string) {
    const stream = session.request({ ':path': path }, { signal: AbortSignal.timeout(1500) });
    let text = '';
    stream.on('data', (data) => {
      text += data;
    });
    const [headers] = await once(stream, 'response');
    await once(stream, 'end');
    return { headers, answer: `${headers[':status']} ${text}` };
  }

  it('is no matter of what was fetched: it goes without what is about the connection it came by', async () => {
    const upstream = appOf((ctx) => {
      ctx.set({ 'X-Kept': 'yes', 'X-Hop': 'no', Connection: 'keep-alive, X-Hop', 'Keep-Alive': 'timeout=5' });
      ctx.status = 203;
      ctx.body = new Blob(['from upstream']).stream();
    });
    await withServer(upstream, async (port) => {
      class Front {
        index() {
          return fetch(`http://127.0.0.1:${port}/`);
        }
      }
      const app = appOf(micropie(Front));
      const { headers, answer } = await withHttp2(app, (session) => ask(session, '/'));
      expect(answer).to.equal('203 from upstream');
      expect(headers['x-kept']).to.equal('yes');
      expect(headers).to.not.have.any.keys('x-hop', 'keep-alive');
      const { headers: overHttp1 } = await withServer(app, (front) => fetch(`http://127.0.0.1:${front}/`));
      expect([overHttp1.get('x-kept'), overHttp1.get('x-hop')]).to.deep.equal(['yes', null]);
      expect(overHttp1.get('transfer-encoding')).to.equal('chunked');
    });
  });
});

describe('A message that a status line can not carry', () => {
  for (const path of ['message', 'messageOfText'])
    it(`is left out and reported, and the answer is whole: /${path}`, async () => {
      const app = appOf(micropie(Root));
      const errors = errorsOf(app);
      const answer = await withServer(app, (port) =>
        withSocket(port, (socket) => socket.exchange(`GET /${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)),
      );
      expect([answer.status, answer.body.toString()]).to.deep.equal([201, 'ab']);
      expect(errors.map(({ message }) => message)).to.deep.equal([
        'The message in ctx.message was left out: a status line can not carry it',
      ]);
    });
});
