import { expect } from 'chai';
import { micropie, type Routes } from '../../lib/index.js';
import { raw } from '../support/raw.js';

describe('static routes: method', () => {
  class Api {
    read() {
      return 'read';
    }
    save() {
      return 'save';
    }
    edit() {
      return 'edit';
    }
    any() {
      return 'any';
    }
    ask() {
      return 'ask';
    }
    static routes = {
      read: 'GET',
      save: 'POST',
      edit: 'PUT,PATCH',
      ask: 'OPTIONS,GET',
    } satisfies Routes<Api>;
  }
  const usual = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

  const table: [line: string, status: number, allow?: string][] = [
    ['GET /read', 200],
    ['HEAD /read', 200],
    ['POST /read', 405, 'GET, HEAD, OPTIONS'],
    ['GET /save', 405, 'POST, OPTIONS'],
    ['HEAD /save', 405, 'POST, OPTIONS'],
    ['POST /save', 200],
    ['DELETE /edit', 405, 'PUT, PATCH, OPTIONS'],
    ['PUT /edit', 200],
    ['PATCH /edit', 200],
    ['OPTIONS /read', 204, 'GET, HEAD, OPTIONS'],
    ['OPTIONS /save', 204, 'POST, OPTIONS'],
    ['OPTIONS /any', 204, usual],
    ['OPTIONS /ask', 200],
    ['PUT /ask', 405, 'OPTIONS, GET, HEAD'],
    ['OPTIONS /nothing', 404],
    ['OPTIONS *', 204, usual],
    ['GET *', 404],
    ['GET /any', 200],
    ['HEAD /any', 200],
    ['DELETE /any', 200],
    ['PROPFIND /any', 200],
    ['TRACE /any', 405, usual],
    ['TRACE /read', 405, 'GET, HEAD, OPTIONS'],
    ['TRACE /nothing', 404],
    ['POST /save/with/more', 200],
  ];
  for (const [line, status, allow] of table)
    it(`answers ${line} with ${status}`, async () => {
      const response = await raw(line, micropie(Api));
      expect({ status: response.status, allow: response.headers['allow'] }).to.deep.equal({ status, allow });
    });

  it('never sees a method that HTTP does not know', async () => {
    expect((await raw('BREW /any', micropie(Api))).status).to.equal(400);
  });

  it('runs no hook for a method that is not allowed, nor for OPTIONS, which no access check may stop', async () => {
    const seen: string[] = [];
    const hook = {
      beforeRequest: () => void seen.push('before'),
      afterRequest: () => void seen.push('after'),
    };
    expect((await raw('GET /save', micropie(Api, { middlewares: [hook] }))).status).to.equal(405);
    expect((await raw('OPTIONS /save', micropie(Api, { middlewares: [hook] }))).status).to.equal(204);
    expect((await raw('GET /any/%zz', micropie(Api, { middlewares: [hook] }))).status).to.equal(400);
    expect(seen).to.deep.equal([]);
  });

  it('does not hear `OPTIONS *` below a prefix', async () => {
    expect((await raw('OPTIONS *', micropie(Api, { prefix: '/api' }))).status).to.equal(404);
  });

  it('holds for subclasses, of which each may declare its own', async () => {
    // @ts-expect-error the compiler lets no subclass change a path
    class Derived extends Api {
      more() {
        return 'more';
      }
      static override routes = { ...Api.routes, save: 'PUT', more: 'GET' };
    }
    class Further extends Derived {}
    class Redeclared extends Api {
      declare static routes: typeof Api.routes;
    }
    Object.defineProperty(Redeclared, 'routes', { value: { read: 'DELETE' } });
    const status = (line: string, controller: object) => raw(line, micropie(controller)).then((it) => it.status);
    expect(await status('POST /save', Further)).to.equal(405);
    expect(await status('PUT /save', Further)).to.equal(200);
    expect(await status('POST /more', Further)).to.equal(405);
    expect(await status('GET /read', Redeclared)).to.equal(405);
    expect(await status('DELETE /read', Redeclared)).to.equal(200);
    expect(await status('GET /save', Redeclared), 'what the base class declares stays').to.equal(405);
  });
});

describe('HEAD', () => {
  class Heads {
    text() {
      return 'some text';
    }
    *stream() {
      started += 1;
      yield 'never';
    }
    fail() {
      throw Object.assign(new Error('Out of tea'), { status: 418, expose: true });
    }
  }
  let started = 0;

  it('has the headers of GET without the body, and never starts a stream', async () => {
    const text = await raw('HEAD /text', micropie(Heads));
    expect(text.status).to.equal(200);
    expect(text.headers['content-length']).to.equal('9');
    expect(text.headers['content-type']).to.equal('text/plain; charset=utf-8');
    expect((await raw('HEAD /stream', micropie(Heads))).status).to.equal(200);
    expect((await raw('HEAD /fail', micropie(Heads))).status).to.equal(418);
    expect((await raw('HEAD /nothing', micropie(Heads))).status).to.equal(404);
    expect(started).to.equal(0);
  });
});
