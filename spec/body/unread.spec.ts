import { expect } from 'chai';
import type { Middleware } from 'koa';
import { micropie } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { ask, declare, JSON_TYPE, Root, result } from '../support/bodies.js';
import { post } from '../support/socket.js';

describe('Bodies left unread', () => {
  it('with `body: false` the handler finds them whole', async () => {
    const app = () => appOf(micropie(Root, { body: false }));
    expect(result(await ask(app(), post('/raw', JSON_TYPE, 8), 'not json'))).to.equal('200 not json');
    expect(result(await ask(app(), post('/koa', JSON_TYPE, 8), 'not json'))).to.equal('200 {"body":"nothing"}');
    const type = 'multipart/form-data; boundary=b';
    expect(result(await ask(app(), post('/greet', type, 7), '--b--\r\n'))).to.equal('200 Guest');
  });

  it("so do methods declared with `body: 'stream'`", async () => {
    expect(result(await declare('/raw', JSON_TYPE, 'not json'))).to.equal('200 not json');
  });

  it('are not read where no route matches, so that others can', async () => {
    const other: Middleware = async (ctx) => {
      const chunks: Buffer[] = [];
      for await (const chunk of ctx.req) chunks.push(chunk);
      ctx.body = `other ${Buffer.concat(chunks)}`;
    };
    const app = appOf(micropie(Root), other);
    expect(result(await ask(app, post('/elsewhere', JSON_TYPE, 8), 'not json'))).to.equal('200 other not json');
  });
});
