import { expect } from 'chai';
import { Controller, type HeadersLike, micropie } from '../../lib/index.js';
import { appOf, client, errorsOf, withServer } from '../support/app.js';
import { REFUSED_TARGETS } from '../support/cases.js';
import { withSocket } from '../support/socket.js';

/** A controller that redirects to the given target. */
function redirecting(target: string, ...more: [status?: 301 | 302 | 303 | 307 | 308, headers?: HeadersLike]) {
  class Root extends Controller {
    index() {
      return this.redirect(target, ...more);
    }
  }
  return micropie(Root);
}

describe('this.redirect(location)', () => {
  const table: [location: string, sent: string][] = [
    ['/', '/'],
    ['/greet', '/greet'],
    ['greet', 'greet'],
    ['../up', '../up'],
    ['', ''],
    ['?page=2', '?page=2'],
    ['#top', '#top'],
    ['/a?next=/b&c=d#e', '/a?next=/b&c=d#e'],
    ['/grüße', '/gr%C3%BC%C3%9Fe'],
    ['/日本/😀', '/%E6%97%A5%E6%9C%AC/%F0%9F%98%80'],
    ['/a b"<>', '/a%20b%22%3C%3E'],
    ['/gr%C3%BC%C3%9Fe', '/gr%C3%BC%C3%9Fe'],
    ['/100%', '/100%'],
    ['/%2F%2f', '/%2F%2f'],
    ["/a;b=c,d:e@f!g$h&i'j(k)*l+m~n._-", "/a;b=c,d:e@f!g$h&i'j(k)*l+m~n._-"],
    ['/a?q=x y"z', '/a?q=x y"z'],
    ['/a?q=%C3%BC', '/a?q=%C3%BC'],
    ['/a?q=€', '/a?q=%E2%82%AC'],
    ['/a?q=//evil.example', '/a?q=//evil.example'],
    ['/a?q=C:\\dir#\\x', '/a?q=C:%5Cdir#%5Cx'],
    ['https://example.com?q=\\\\evil.example', 'https://example.com?q=%5C%5Cevil.example'],
    ['#\\', '#%5C'],
    ['/a//b', '/a//b'],
    ['http://example.com', 'http://example.com'],
    ['https://example.com/grün?q=1', 'https://example.com/gr%C3%BCn?q=1'],
    ['HTTPS://EXAMPLE.COM/A', 'HTTPS://EXAMPLE.COM/A'],
    ['http://[::1]:8080/a', 'http://[::1]:8080/a'],
    ['https://example.com?q=ü€', 'https://example.com?q=%C3%BC%E2%82%AC'],
  ];
  for (const [location, sent] of table)
    it(`sends 302, no body and ${JSON.stringify(sent)} for ${JSON.stringify(location)}`, async () => {
      const answer = await withServer(appOf(redirecting(location)), (port) =>
        withSocket(port, (socket) => socket.exchange('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
      );
      expect([answer.status, answer.body.length]).to.deep.equal([302, 0]);
      expect(answer.headers['location']).to.equal(sent);
    });

  for (const location of REFUSED_TARGETS)
    it(`refuses ${JSON.stringify(location)}, and tells the client nothing of it`, async () => {
      const app = appOf(redirecting(location));
      const errors = errorsOf(app);
      await withServer(app, async (port) => {
        const answer = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' });
        expect([answer.status, answer.headers.get('location')]).to.deep.equal([500, null]);
        expect(await answer.text()).to.equal('Internal Server Error');
      });
      expect(errors.map(String)).to.deep.equal([
        'TypeError: redirect: the target must be a path, or an address that begins with http:// or https://',
      ]);
    });

  it('refuses what is no text', () => {
    class Root extends Controller {}
    for (const target of [undefined, null, 5, {}, new URL('http://example.com')])
      expect(() => Reflect.apply(new Root().redirect, undefined, [target])).to.throw(TypeError, 'redirect:');
  });

  for (const status of [301, 302, 303, 307, 308] as const)
    it(`sends ${status} where it is given`, async () => {
      const answer = await client(redirecting('/in', status)).get('/');
      expect([answer.status, answer.headers['location'], answer.text]).to.deep.equal([status, '/in', '']);
    });

  it('refuses any other status, and headers in its place', () => {
    class Root extends Controller {}
    for (const status of [200, 300, 304, 305, 306, 309, 404, '302', null, { 'X-A': 'x' }])
      expect(() => Reflect.apply(new Root().redirect, undefined, ['/in', status])).to.throw(
        TypeError,
        /^redirect: the status must be 301, 302, 303, 307 or 308, not /,
      );
  });

  it('sends further headers, cookies too', async () => {
    const answer = await client(redirecting('/in', 302, { 'Set-Cookie': ['a=1', 'b=2'], 'X-A': 'x' })).get('/');
    expect(answer.headers).to.deep.include({ location: '/in', 'set-cookie': ['a=1', 'b=2'], 'x-a': 'x' });
  });
});
