import cors from '@koa/cors';
import { expect } from 'chai';
import { build } from 'esbuild';
import type { Middleware } from 'koa';
import type { Page } from 'playwright-core';
import { Controller, micropie, nested, type Routes, reply, sse, type UploadedFile } from '../../lib/index.js';
import { appOf, errorsOf, withServer } from '../support/app.js';
import { useChromium } from '../support/browser.js';
import { eventually } from '../support/socket.js';

class Tasks {
  show(id: number) {
    return id === 7 ? { id, title: 'ü/€' } : reply(404, { reason: 'none' });
  }
  edit(id: number, { title }: { title: string }) {
    return { id, title };
  }
  static routes = {
    show: { path: 'GET /:id', params: [Number] },
    edit: { path: 'PUT /:id', params: [Number] },
  } satisfies Routes<Tasks>;
}

class Root extends Controller {
  tasks = nested(Tasks);
  readonly transfers: unknown[] = [];
  uploads = 0;
  ended = 0;

  greet(name = 'Guest') {
    return `Hello, ${name}!`;
  }
  any(...values: unknown[]) {
    return values;
  }
  async upload(title: string, file: UploadedFile) {
    this.uploads += 1;
    return { title, name: file.filename, text: file.size < 100 ? await file.text() : '' };
  }
  *events() {
    yield { event: 'tick', data: { n: 1 }, id: 1 };
    yield '2';
  }
  ticks() {
    return sse(this.events());
  }
  async *endless() {
    try {
      for (;;) {
        yield 'x';
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } finally {
      this.ended += 1;
    }
  }
  transfer(to = 'nobody', amount = 0) {
    this.transfers.push([to, amount]);
    return 'done';
  }
}

const PATHS = JSON.stringify({ tasks: { show: 'GET /:id', edit: 'PUT /:id' } });

describe('the client in a browser', function () {
  this.timeout(30_000);
  const browser = useChromium();
  let script: string;
  before(async () => {
    const { outputFiles } = await build({
      entryPoints: ['lib/client/index.ts'],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'micropie',
    });
    script = outputFiles[0]?.text ?? '';
  });

  /** Opens a page of one origin, whose `api` is the client of another. */
  async function visit(use: (page: Page, root: Root, api: string) => Promise<void>, ...front: Middleware[]) {
    const root = new Root();
    const app = appOf(...front, micropie(root));
    errorsOf(app);
    await withServer(app, (port) => {
      const api = `http://127.0.0.1:${port}`;
      const html = `<!doctype html><title>Page</title><script>${script.replaceAll('</script', '<\\/script')}
        var api = micropie.client('${api}', { routes: ${PATHS} });
        async function errorOf(call) { try { await call; } catch (error) { return error; } }
      </script>`;
      const other = appOf((ctx) => {
        ctx.type = 'html';
        ctx.body = html;
      });
      return withServer(other, (port) => browser.visit(`http://localhost:${port}/`, (page) => use(page, root, api)));
    });
  }

  it('calls methods of another origin', () =>
    visit(async (page) => {
      expect(await page.evaluate("api.greet('Älice')")).to.equal('Hello, Älice!');
      const values = [1, 'a', true, null, [{ b: '\ud83d\ude00 ' }]];
      expect(await page.evaluate(`api.any(...${JSON.stringify(values)})`)).to.deep.equal(values);
      expect(await page.evaluate('api.tasks.show(7)')).to.deep.equal({ id: 7, title: 'ü/€' });
      expect(await page.evaluate("api.tasks.edit(7, { title: 'x' })")).to.deep.equal({ id: 7, title: 'x' });
      const upload = "api.upload('', new File(['hello'], 'ü\".txt'))";
      expect(await page.evaluate(upload)).to.deep.include({ title: '', text: 'hello' });
    }, cors()));

  it('iterates text and events', () =>
    visit(async (page) => {
      const collect =
        '(async () => { const all = []; for await (const one of api.ticks()) all.push(one); return all; })()';
      expect(await page.evaluate(collect)).to.deep.equal([
        { data: { n: 1 }, event: 'tick', id: '1' },
        { data: '2', event: 'message', id: '1' },
      ]);
    }, cors()));

  it('rejects with what was answered', () =>
    visit(
      async (page) => {
        const told = '.then(({ name, status, body }) => ({ name, status, body }))';
        const error = await page.evaluate(`errorOf(api.tasks.show(8))${told}`);
        expect(error).to.deep.equal({ name: 'CallError', status: 404, body: { reason: 'none' } });
        expect(await page.evaluate(`errorOf(api.tasks.edit(7))${told}`)).to.deep.include({ status: 400 });
      },
      cors({ keepHeadersOnError: true }),
    ));

  it('aborts calls, streams and uploads', () =>
    visit(
      async (page, root) => {
        const begin = 'controller = new AbortController(); own = api({ signal: controller.signal });';
        const stream = `(async () => { ${begin} for await (const _ of own.endless()) controller.abort(); })()`;
        expect(await page.evaluate(`errorOf(${stream}).then(({ name }) => name)`)).to.equal('AbortError');
        await eventually(() => root.ended === 1, 'the generator has ended');
        await page.evaluate(`${begin} big = new Blob([new Uint8Array(9 * 1024 * 1024)]);
        failed = errorOf(own.upload('x', big)); setTimeout(() => controller.abort(), 1)`);
        expect(await page.evaluate('failed.then(({ name }) => name)')).to.equal('AbortError');
        expect(await page.evaluate("api.upload('x', new Blob(['y']))")).to.deep.include({ text: 'y' });
        expect(root.uploads).to.equal(1);
      },
      slowly,
      cors(),
    ));

  it('can not be forged: neither a form of another site, nor its script makes a call', () =>
    visit(async (page, root, api) => {
      const call = { headers: { 'content-type': 'application/json', 'micropie-call': '1' }, method: 'POST' };
      const attempt = { ...call, body: '{"0":"thief","1":1000}' };
      for (const mode of ['cors', 'no-cors'])
        await page.evaluate(`errorOf(fetch('${api}/transfer', ${JSON.stringify({ ...attempt, mode })}))`);
      for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']) {
        await page.evaluate(`document.body.innerHTML = '<form method="post" action="${api}/transfer" enctype="${type}">'
          + '<input name="0" value="thief"><input name="1" value="1000"><input name="micropie-call" value="1">'
          + '<input name=\\'{"0":"thief","1":1000,"x":"\\' value=\\'"}\\'><input name="json" value=\\'{"0":"thief"}\\'></form>'`);
        await Promise.all([page.waitForURL(`${api}/**`), page.evaluate('document.forms[0].submit()')]);
        await page.goBack();
      }
      // What a form may send is bound by names alone; the page's scripts reached nothing (without their header, the defaults).
      expect(JSON.stringify(root.transfers)).to.not.include('thief');
      expect(root.transfers).to.have.length.within(3, 4);
    }));
});

/** So that an upload is under way for a while. */
const slowly: Middleware = async (ctx, next) => {
  if (ctx.path === '/upload') await new Promise((resolve) => setTimeout(resolve, 50));
  await next();
};
