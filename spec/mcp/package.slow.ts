import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { folderOf } from '../support/package.js';

/** Runs a script that serves a tool, and asks for a path and a tool, in a process of its own. */
async function run(prelude: string): Promise<string[]> {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { register } from 'node:module';
    ${prelude}
    const { default: Koa } = await import('koa');
    const { micropie } = await import(${at('../../lib/index.ts')});
    const { mcp } = await import(${at('../../lib/mcp/mcp.ts')});
    class Root {
      greet() { return 'Hello'; }
      static routes = { greet: { tool: true, summary: 'Greets' } };
    }
    const controller = micropie(Root);
    const app = new Koa().on('error', (error) => console.log(error.message));
    app.use(controller).use(mcp(controller, { name: 'a', version: '1' }));
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'greet' } };
    const post = {
      method: 'POST',
      headers: { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' },
      body: JSON.stringify(message),
    };
    const server = app.listen(0, '127.0.0.1', async () => {
      for (const [path, init] of [['/greet', {}], ['/mcp', post]]) {
        const answer = await fetch('http://127.0.0.1:' + server.address().port + path, init);
        console.log(answer.status, (await answer.text()).replaceAll('\\n', ' '));
      }
      process.exit();
    });
  `;
  const args = ['--import', 'tsx/esm', '--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout.trim().split('\n');
}

/** Has each import of the package that is asked for go through a function. */
async function hook(resolve: string): Promise<string> {
  const source = `export const resolve = async (name, context, next) => { ${resolve} return next(name, context); };`;
  const file = join(await folderOf({ 'hook.mjs': source }), 'hook.mjs');
  return `register(${JSON.stringify(pathToFileURL(file).href)});`;
}

describe('mcp: the package of the protocol', function () {
  this.timeout(30_000);

  it('is loaded at the first POST', async () => {
    const tell = "if (name.startsWith('@modelcontextprotocol')) (await import('node:fs')).writeSync(1, name + '\\n');";
    const lines = await run(await hook(tell));
    expect(lines.slice(0, 2)).to.deep.equal(['200 Hello', '@modelcontextprotocol/server']);
    expect(lines.at(-1)).to.match(/^200 event: message data: .*"text":"Hello"/);
  });

  it('is asked for where it is not installed, and everything else works', async () => {
    const hide = "if (name.startsWith('@modelcontextprotocol')) throw new Error('Cannot find package');";
    expect(await run(await hook(hide))).to.deep.equal([
      '200 Hello',
      'mcp() needs the package @modelcontextprotocol/server: install it with npm install @modelcontextprotocol/server',
      '500 {"title":"Internal Server Error","status":500}',
    ]);
  });
});
