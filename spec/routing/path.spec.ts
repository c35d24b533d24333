import { expect } from 'chai';
import { Controller, micropie } from '../../lib/index.js';
import { client } from '../support/app.js';
import { raw } from '../support/raw.js';
import { classOf } from '../support/source.js';

/** Tells which of its methods ran, and with what. */
class Root {
  index(page = 1) {
    return `index ${page}`;
  }
  hello() {
    return 'hello';
  }
  show(a = 'none', b = 'none') {
    return `show [${a}] [${b}]`;
  }
}

describe('a path', () => {
  const get = (path: string, options = {}) =>
    raw(`GET ${path}`, micropie(Root, options)).then(({ status, body }) => `${status} ${body}`);

  it('names its method exactly', async () => {
    expect(await get('/hello')).to.equal('200 hello');
    for (const path of ['/Hello', '/HELLO', '/hello.', '/hello%20', '/hello;x=1', '/hello%3b', '/hell', '/helloo'])
      expect(await get(path), path).to.equal('404 Not Found');
  });

  it('is `index` when it is empty, with the name written out or not', async () => {
    expect(await get('/')).to.equal('200 index 1');
    expect(await get('/?page=2')).to.equal('200 index 2');
    expect(await get('/index')).to.equal('200 index 1');
    expect(await get('/index/2')).to.equal('200 index 2');
  });

  it('is decoded once, after it was split', async () => {
    expect(await get('/show/a%2Fb')).to.equal('200 show [a/b] [none]');
    expect(await get('/show/%2e%2e%2fetc')).to.equal('200 show [../etc] [none]');
    expect(await get('/show/%2568ello/%25')).to.equal('200 show [%68ello] [%]');
    expect(await get('/show/a+b/%C3%A9')).to.equal('200 show [a+b] [é]');
    expect(await get('/%2568ello')).to.equal('404 Not Found');
    // Guards in front compare the path as it was sent: encoded, it is not the method's name.
    expect(await get('/%68ello')).to.equal('404 Not Found');
    expect(await get('/show%2Fa')).to.equal('404 Not Found');
    expect(await get('/show/../hello')).to.equal('200 show [..] [hello]');
  });

  for (const path of ['/%zz', '/%', '/%2', '/%E0%A4%A', '/%c0%ae', '/show/%zz', '/show/a/b/%ff', '/%ff/hello'])
    it(`${path} is malformed: 400`, async () => {
      expect(await get(path)).to.equal('400 400 Bad Request: Bad path');
    });

  for (const path of ['/%00', '/%0a', '/show/a%0Db', '/show/%7F', '/show/%1f', '/show/a/b/%00'])
    it(`${path} holds a control character: 400`, async () => {
      expect(await get(path)).to.equal('400 400 Bad Request: Bad path');
    });

  it('may end with one slash', async () => {
    expect(await get('/hello/')).to.equal('200 hello');
    expect(await get('/show/a/')).to.equal('200 show [a] [none]');
    expect(await get('/show/a//')).to.equal('200 show [a] []');
    expect(await get('/show//')).to.equal('200 show [] [none]');
  });

  it('is no other when it begins with several slashes', async () => {
    for (const path of ['//hello', '///', '///hello', '//evil.example/hello'])
      expect(await get(path), path).to.equal('404 Not Found');
  });

  it('hands segments beyond the parameters on in pathParams', async () => {
    class Beyond extends Controller {
      hello(a = '') {
        return [a, ...this.request.pathParams];
      }
    }
    const { body } = await client(micropie(Beyond)).get('/hello/x/y/z');
    expect(body).to.deep.equal(['x', 'x', 'y', 'z']);
  });

  describe('that names no method', () => {
    it('is `index` where it fits: not too long, and convertible', async () => {
      expect(await get('/7')).to.equal('200 index 7');
      expect(await get('/7/')).to.equal('200 index 7');
      for (const path of ['/seven', '/7/8', '/0x7']) expect(await get(path), path).to.equal('404 Not Found');
    });

    const fits: [index: string, path: string, expected: string][] = [
      ['index() {}', '/x', 'next'],
      ['index(a) {}', '/x', '["x"]'],
      ['index(a) {}', '/x/y', 'next'],
      ['index(a, b = 1) {}', '/x/2', '["x",2]'],
      ['index(a, b = 1) {}', '/x/y', 'next'],
      ['index(...rest) {}', '/x/y/z', '["x","y","z"]'],
      ['index(...rest) {}', '/', '[]'],
      ['index(a = 1, ...rest) {}', '/2/y', '[2,"y"]'],
      ['index(a = 1, ...rest) {}', '/x/y', 'next'],
      ['index(a = true) {}', '/no', '[false]'],
      ['index(a = true) {}', '/nope', 'next'],
      ['index({ a }) {}', '/x', 'next'],
      ['index(ctx, a) {}', '/x/y', 'next'],
      ['index(request, a) {}', '/x/y', 'next'],
      ['index(a) {}', '/constructor', '["constructor"]'],
      ['index(a) {}', '/__proto__', 'next'],
      ['index(a) {} _hidden() {}', '/_hidden', 'next'],
      ['index(...all) {}', '/ws_chat/x', 'next'],
      ['index(a) {} other() {}', '/other', '[]'],
      ['index(a) {}', '/%zz', '400'],
      ['index(a, b) {}', '/x/%zz', '400'],
      ['index(a) {}', '/x/%zz', 'next'],
    ];
    for (const [methods, path, expected] of fits)
      it(`${path} on ${methods} is ${expected}`, async () => {
        const { status, text } = await client(micropie(classOf(echoing(methods))), (ctx) => {
          ctx.body = 'next';
        }).get(path);
        expect(status === 200 ? text : String(status)).to.equal(expected);
      });
  });

  it('on the wire may be a whole address', async () => {
    expect(await get('http://elsewhere.example/hello')).to.equal('200 hello');
  });
});

/** Makes methods return the arguments that they name. */
function echoing(methods: string): string {
  return methods.replaceAll('{}', '{ return [...arguments].filter((it) => typeof it !== "object"); }');
}
