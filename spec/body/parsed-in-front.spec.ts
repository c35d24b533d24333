import { bodyParser } from '@koa/bodyparser';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { micropie } from '../../lib/index.js';
import { appOf } from '../support/app.js';
import { ask, declare, FORM_TYPE, JSON_TYPE, Root, result } from '../support/bodies.js';
import { post } from '../support/socket.js';

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
