import { cp, mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectOf, run } from '../support/package.js';

const ASK = `
import Koa from 'koa';
async function ask(mount, path = '/page', count = 1) {
  const app = new Koa();
  app.on('error', (error) => console.log('told:', error.message));
  app.use(mount);
  const server = app.listen(0, '127.0.0.1', async () => {
    for (let n = 0; n < count; n += 1) {
      const answer = await fetch('http://127.0.0.1:' + server.address().port + path);
      console.log(answer.status, await answer.text());
    }
    server.closeAllConnections();
    server.close();
  });
}
`;

/** Runs a module of a project that has installed the package, and gives what it printed. */
async function runIn(project: string, file: string): Promise<string> {
  const { code, output, errors } = await run(process.execPath, [file], project);
  return `${output}${code === 0 ? '' : `${/^\w*Error.*$/m.exec(errors)?.[0] ?? errors}\n`}`;
}

describe('startup under torture', function () {
  this.timeout(60_000);

  it('a missing ejs is a clear error at the first page, and no other', async () => {
    const project = await projectOf({
      'index.mjs': `${ASK}
import { Controller, micropie } from 'koa-micropie';
await ask(micropie(class Root extends Controller { page() { return this.render('page'); } plain() { return 'plain'; } }), '/page');
`,
    });
    await unlink(join(project, 'node_modules/ejs'));
    expect(await runIn(project, 'index.mjs')).to.equal(
      "told: render() needs the package ejs: install it with 'npm install ejs'\n500 Internal Server Error\n",
    );
  });

  it('a missing koa is no error of the import, which takes nothing but its types', async () => {
    const project = await projectOf({ 'index.mjs': "await import('koa-micropie'); console.log('loaded');" });
    await unlink(join(project, 'node_modules/koa'));
    expect(await runIn(project, 'index.mjs')).to.equal('loaded\n');
  });

  it('a class of another copy of the package is refused at start, which says why', async () => {
    const project = await projectOf({
      'index.mjs': `
import { micropie } from 'koa-micropie';
import { Controller } from './other/node_modules/koa-micropie/dist/index.js';
micropie(class Root extends Controller { index() { return 'x'; } });
`,
    });
    await copyPackage(project, 'other');
    expect(await runIn(project, 'index.mjs')).to.match(/^TypeError: Two copies of koa-micropie are loaded/);
  });

  it('two copies side by side, each with its own class, serve one app', async () => {
    const project = await projectOf({
      'index.mjs': `${ASK}
import * as one from 'koa-micropie';
import * as two from './other/node_modules/koa-micropie/dist/index.js';
class Plain { plain() { return 'plain'; } }
class Root extends two.Controller { page() { return 'page of ' + this.request.ctx.path; } }
const [a, b] = [one.micropie(Plain), two.micropie(Root)];
await ask((ctx, next) => a(ctx, () => b(ctx, next)));
`,
    });
    await copyPackage(project, 'other');
    expect(await runIn(project, 'index.mjs')).to.equal('200 page of /page\n');
  });

  it('a module and CommonJS get the same package', async () => {
    const project = await projectOf({
      'required.cjs': "module.exports = require('koa-micropie');",
      'index.mjs': `${ASK}
import { micropie } from 'koa-micropie';
import required from './required.cjs';
console.log(required.micropie === micropie);
await ask(micropie(class Root extends required.Controller { page() { return 'page of ' + this.ctx.path; } }));
`,
    });
    expect(await runIn(project, 'index.mjs')).to.equal('true\n200 page of /page\n');
  });

  for (const flag of ['--unhandled-rejections=strict', '--disable-proto=delete', '--disable-proto=throw'])
    it(`serves under ${flag}`, async () => {
      const project = await projectOf({
        'index.mjs': `${ASK}
import { Controller, micropie } from 'koa-micropie';
await ask(micropie(class Root extends Controller { page(a = 'x') { this.session.a = a; return a; } }), '/page?a=b&__proto__=c', 2);
`,
      });
      const { output, errors } = await run(process.execPath, [flag, 'index.mjs'], project);
      expect(output + errors).to.equal('200 b\n200 b\n');
    });
});

/** Installs the package a second time, below a folder of the project. */
async function copyPackage(project: string, folder: string): Promise<void> {
  const modules = join(project, folder, 'node_modules');
  await mkdir(modules, { recursive: true });
  await cp(join(project, 'node_modules/koa-micropie'), join(modules, 'koa-micropie'), { recursive: true });
}
