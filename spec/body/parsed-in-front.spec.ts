import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyParser } from '@koa/bodyparser';
import { expect } from 'chai';
import express from 'express';
import type { Middleware } from 'koa';
import { micropie } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { ask, declare, FORM_TYPE, JSON_TYPE, Root, result } from '../support/bodies.js';
import { post, withSocket } from '../support/socket.js';

describe('ctx.request.body', () => {
  it('is there for code that was written for Koa: strings, and lists of them', async () => {
    const form = await declare('/koa', FORM_TYPE, 'a=1&b=2&b=3&c=');
    expect(JSON.parse(String(form.body))).to.deep.equal({ body: { a: '1', b: ['2', '3'], c: '' } });
    const json = await declare('/koa', JSON_TYPE, '{"a":{"b":[1]}}');
    expect(JSON.parse(String(json.body))).to.deep.equal({ body: { a: { b: [1] } } });
  });

  it('that an app-wide parser made is used', async () => {
    const app = () => appOf(bodyParser(), micropie(Root));
    const json = await ask(app(), post('/json', JSON_TYPE, 7), '{"a":1}');
    expect(result(json)).to.equal('200 {"json":{"a":1},"names":["a"]}');
    const form = await ask(app(), post('/form', FORM_TYPE, 14), 'a=1&b=2&b=3&c=');
    expect(JSON.parse(String(form.body))).to.deep.equal({ a: ['1'], b: ['2', '3'] });
    const name = await ask(app(), post('/greet', FORM_TYPE, 5), 'name=');
    expect(result(name)).to.equal('200 Guest');
  });

  it('of an app-wide parser does not keep a multipart form from being received', async () => {
    const form = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n';
    const type = 'multipart/form-data; boundary=b';
    const response = await ask(appOf(bodyParser(), micropie(Root)), post('/form', type, form.length), form);
    expect(result(response)).to.equal('200 {"a":["1"]}');
  });

  it('that someone set is used as it is, whatever the client sends', async () => {
    const preset: Middleware = (ctx, next) => {
      ctx.request.body = { name: 'Preset' };
      return next();
    };
    for (const type of [JSON_TYPE, FORM_TYPE, 'multipart/form-data; boundary=b', 'text/plain'])
      expect(result(await ask(appOf(preset, micropie(Root)), post('/greet', type, 3), '???'))).to.equal('200 Preset');
  });

  it('may be missing though the body was read: the request goes on without one', async () => {
    const reader: Middleware = async (ctx, next) => {
      for await (const _chunk of ctx.req);
      return next();
    };
    for (const type of [JSON_TYPE, FORM_TYPE, 'multipart/form-data; boundary=b'])
      expect(result(await ask(appOf(reader, micropie(Root)), post('/greet', type, 3), '???'))).to.equal('200 Guest');
  });
});

describe('A Koa app inside an Express app', () => {
  /** Sends a request to an Express app with the given parser in front of the Koa app. */
  async function inExpress(parser: express.RequestHandler, head: string, body: string): Promise<string> {
    const app = express().use(parser, appOf(micropie(Root)).callback());
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      return result(await withSocket(port, (client) => client.exchange(head + body)));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  const greet = (type: string, body: string) => [post('/greet', type, body.length), body] as const;

  it('uses the JSON that express.json() has read', async () => {
    expect(await inExpress(express.json(), ...greet(JSON_TYPE, '{"name":"Alice"}'))).to.equal('200 Alice');
    const koa = await inExpress(express.json(), post('/koa', JSON_TYPE, 7), '{"a":1}');
    expect(koa).to.equal('200 {"body":{"a":1}}');
  });

  it('uses the form that express.urlencoded() has read, by the rules of forms', async () => {
    const parser = express.urlencoded();
    expect(await inExpress(parser, ...greet(FORM_TYPE, 'name=Alice'))).to.equal('200 Alice');
    expect(await inExpress(parser, ...greet(FORM_TYPE, 'name='))).to.equal('200 Guest');
    expect(await inExpress(parser, post('/form', FORM_TYPE, 11), 'a=1&b=2&b=3')).to.equal(
      '200 {"a":["1"],"b":["2","3"]}',
    );
  });

  it('reads for itself what the parser in front has left', async () => {
    expect(await inExpress(express.json(), ...greet(FORM_TYPE, 'name=Alice'))).to.equal('200 Alice');
    // As Express 4 does.
    const empty: express.RequestHandler = (req, _res, next) => {
      req.body = {};
      next();
    };
    for (const [type, body] of [
      [FORM_TYPE, 'name=Alice'],
      [JSON_TYPE, '{"name":"Alice"}'],
    ] as const)
      expect(await inExpress(empty, ...greet(type, body))).to.equal('200 Alice');
  });
});

describe('A parser in front that leaves some types unread', () => {
  it('sets an empty object, which is no body: what it left is read', async () => {
    const forms = bodyParser({ enableTypes: ['form'] });
    const json = await ask(appOf(forms, micropie(Root)), post('/greet', JSON_TYPE, 16), '{"name":"Alice"}');
    expect(result(json)).to.equal('200 Alice');
    const { status } = await ask(appOf(forms, micropie(Root)), post('/needs', 'text/plain', 1), 'x');
    expect(status).to.equal(415);
  });
});
