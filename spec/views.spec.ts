import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import supertest from 'supertest';
import { Controller, micropie } from '../lib/index.js';
import { appOf, errorsOf } from './support/app.js';

const SECRET = 'what lies outside of the folder';

const TEMPLATES = {
  'hello.ejs': 'Hello, <%= name %>!',
  'raw.ejs': '<%= html %>|<%- html %>',
  'page.html': '<h1><%= title %></h1>',
  'sub/inner.ejs': 'inner <%= name %>',
  'sub/up.ejs': "<%- await include('../hello') %>",
  'sub/deep/up.ejs': "<%- await include('../../hello', { name: 'Deep' }) %>",
  'including.ejs': "[<%- await include('hello') %>][<%- await include('sub/inner', { name: 'other' }) %>]",
  'async.ejs': '<% const late = await promise; %><%= late %>, <%= await (async () => 2)() %>',
  'list.ejs': "<% for (const item of items) { -%><%- await include('hello', { name: item }) %>\n<% } -%>",
  'any.ejs': '<%- await include(path) %>',
  'missing-data.ejs': '<%= nowhere %>',
  'broken.ejs': '<% if ( %>',
  'locals.ejs': '<%= locals.name ?? "none" %>',
  'settings.ejs':
    "<%= typeof settings %>|<%= locals['view options'] %>|<%= locals.client %>|<%= outputFunctionName %>|<%= escapeFunction %>|<%= name %>",
};

let base: string;
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'views-'));
  await Promise.all(
    Object.entries(TEMPLATES).map(async ([name, text]) => {
      await mkdir(dirname(join(base, 'views', name)), { recursive: true });
      await writeFile(join(base, 'views', name), text);
    }),
  );
  await Promise.all([
    writeFile(join(base, 'secret.ejs'), SECRET),
    mkdir(join(base, 'views-beside')).then(() => writeFile(join(base, 'views-beside/secret.ejs'), SECRET)),
    symlink(join(base, 'secret.ejs'), join(base, 'views/link.ejs')),
    symlink(base, join(base, 'views/linked')),
    symlink('hello.ejs', join(base, 'views/alias.ejs')),
  ]);
});
after(() => rm(base, { recursive: true }));

/** Renders a template over HTTP. */
async function render(name: unknown, data?: unknown) {
  class Root extends Controller {
    index() {
      return Reflect.apply(this.render, this, data === undefined ? [name] : [name, data]);
    }
  }
  const app = appOf(micropie(Root, { views: join(base, 'views') }));
  const errors = errorsOf(app);
  const { status, text } = await supertest(app.callback()).get('/').buffer(true);
  return { status, text, message: errors[0]?.message ?? '', count: errors.length };
}

describe('this.render(name, data)', () => {
  const table: [title: string, name: string, data: Record<string, unknown> | undefined, text: string][] = [
    ['fills in the data', 'hello', { name: 'Ann' }, 'Hello, Ann!'],
    ['takes the name with its ending', 'hello.ejs', { name: 'Ann' }, 'Hello, Ann!'],
    ['takes another ending', 'page.html', { title: 'T' }, '<h1>T</h1>'],
    ['finds templates in folders below', 'sub/inner', { name: 'Ann' }, 'inner Ann'],
    ['takes a path that stays inside', 'sub/../hello', { name: 'Ann' }, 'Hello, Ann!'],
    ['follows links that stay inside', 'alias', { name: 'Ann' }, 'Hello, Ann!'],
    ['escapes, unless told otherwise', 'raw', { html: `<b a="'">&` }, `&lt;b a=&#34;&#39;&#34;&gt;&amp;|<b a="'">&`],
    ['includes other templates', 'including', { name: 'Ann' }, '[Hello, Ann!][inner other]'],
    ['includes from where the template lies', 'sub/up', { name: 'Ann' }, 'Hello, Ann!'],
    ['includes from folders below', 'sub/deep/up', {}, 'Hello, Deep!'],
    ['waits in templates', 'async', { promise: Promise.resolve(1) }, '1, 2'],
    ['includes in loops', 'list', { items: ['a', '<b>'] }, 'Hello, a!\nHello, &lt;b&gt;!\n'],
    ['needs no data', 'locals', undefined, 'none'],
  ];
  for (const [title, name, data, text] of table)
    it(title, async () => {
      const answer = await render(name, data);
      expect([answer.status, answer.text, answer.message]).to.deep.equal([200, text, '']);
    });

  it('is HTML by the string rule', async () => {
    class Root extends Controller {
      index() {
        return this.render('page.html', { title: 'T' });
      }
    }
    const app = appOf(micropie(Root, { views: join(base, 'views') }));
    expect((await supertest(app.callback()).get('/')).headers['content-type']).to.equal('text/html; charset=utf-8');
  });

  it('renders side by side without mixing data', async () => {
    class Root extends Controller {
      index(name: string) {
        const promise = new Promise((resolve) => setTimeout(resolve, Math.random() * 5, name));
        return this.render('async', { promise });
      }
    }
    const agent = supertest(appOf(micropie(Root, { views: join(base, 'views') })).callback());
    const names = Array.from({ length: 30 }, (_, n) => `n${n}`);
    const answers = await Promise.all(names.map((name) => agent.get(`/${name}`)));
    expect(answers.map(({ text }) => text)).to.deep.equal(names.map((name) => `${name}, 2`));
  });

  for (const [title, name] of [
    ['data that are missing', 'missing-data'],
    ['a syntax error', 'broken'],
    ['a template that is missing', 'nowhere'],
    ['a folder', 'sub'],
  ] as const)
    it(`fails with 500 for ${title}, and tells the client nothing of it`, async () => {
      const answer = await render(name, {});
      expect([answer.status, answer.text, answer.count]).to.deep.equal([500, 'Internal Server Error', 1]);
      expect(answer.message).to.include(name === 'missing-data' ? 'nowhere' : name);
    });

  it('works from anywhere below the handler, and is an error outside of a request', async () => {
    class Root extends Controller {}
    expect(() => new Root().render('hello')).to.throw(Error, 'There is no current request here');
  });
});

describe('Names of templates', () => {
  const outside = [
    '../secret',
    '../secret.ejs',
    'sub/../../secret',
    './../views/../secret.ejs',
    '../views-beside/secret',
    'link',
    'link.ejs',
    'linked/secret',
    'hello\0',
    'hello.ejs\0.html',
    '\0',
    '',
    '.',
    '..',
    '/',
    '/etc/passwd',
    '....//secret',
    'sub/../../../../../../../../etc/passwd',
  ];
  for (const name of outside) {
    it(`can not leave the folder: ${JSON.stringify(name)}`, async () => {
      const answer = await render(name, {});
      expect([answer.status, answer.text]).to.deep.equal([500, 'Internal Server Error']);
      expect(answer.message).to.match(/^There is no template/);
    });

    it(`can not leave the folder in an include: ${JSON.stringify(name)}`, async () => {
      const answer = await render('any', { path: name });
      expect([answer.status, answer.text]).to.deep.equal([500, 'Internal Server Error']);
      expect(answer.message).to.include('There is no template');
    });
  }

  it('can not leave the folder as absolute paths', async () => {
    for (const path of [join(base, 'secret'), join(base, 'secret.ejs'), `file://${base}/secret.ejs`]) {
      expect((await render(path, {})).text).to.equal('Internal Server Error');
      expect((await render('any', { path })).text).to.equal('Internal Server Error');
    }
  });

  it('must be text', async () => {
    for (const name of [undefined, null, 5, {}, ['hello']]) expect((await render(name, {})).status).to.equal(500);
  });
});

describe('The data of a template', () => {
  it('is never options', async () => {
    const data = {
      name: '<Ann>',
      settings: { views: base, 'view cache': true, 'view options': { escape: String } },
      'view options': 'vo',
      client: true,
      outputFunctionName: 'x;throw 1;//',
      escapeFunction: '1;throw 1',
      escape: 'e',
      delimiter: '$',
      openDelimiter: '[',
      localsName: 'x;throw 1',
      destructuredLocals: ['a=throw 1'],
      filename: '/etc/passwd',
      root: '/',
      cache: true,
      async: false,
      debug: true,
      compileDebug: true,
      _with: false,
      strict: true,
      scope: {},
      context: {},
    };
    const answer = await render('settings', data);
    expect(answer.text).to.equal('object|vo|true|x;throw 1;//|1;throw 1|&lt;Ann&gt;');
  });

  for (const name of [
    'include',
    'escapeFn',
    'rethrow',
    'locals',
    '__append',
    '__output',
    '__line',
    '__lines',
    '__filename',
  ])
    it(`is refused by name where it would replace the template's own machinery: ${name}`, async () => {
      const answer = await render('hello', JSON.parse(`{ "name": "Ann", "${name}": "evil" }`));
      expect([answer.status, answer.text]).to.deep.equal([500, 'Internal Server Error']);
      expect(answer.message).to.include(`'${name}' can't be a variable`);
    });

  it('may have the names that objects inherit, as plain data', async () => {
    const data = JSON.parse(
      '{ "name": "Ann", "__proto__": { "escapeFn": "evil" }, "constructor": "c", "toString": "t" }',
    );
    expect((await render('hello', data)).text).to.equal('Hello, Ann!');
    expect(Reflect.get({}, 'escapeFn')).to.equal(undefined);
  });

  it('is not changed', async () => {
    const data = Object.freeze({ name: 'Ann' });
    expect((await render('including', data)).status).to.equal(200);
  });

  it('and options are not taken from a polluted Object.prototype', async () => {
    const pollution = {
      name: 'polluted',
      escapeFn: () => 'evil',
      include: () => 'evil',
      client: true,
      outputFunctionName: 'a=1;throw 1;b',
      escapeFunction: () => 'evil',
      escape: () => 'evil',
      delimiter: '$',
      openDelimiter: '[',
      closeDelimiter: ']',
      localsName: 'throw 1',
      destructuredLocals: ['a=throw 1'],
      views: [base],
      root: base,
      cache: true,
    };
    await render('hello', { name: 'Ann' });
    for (const [key, value] of Object.entries(pollution)) {
      Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true });
      try {
        const { text } = await render('including', { name: '<Ann>' });
        expect(text, key).to.equal('[Hello, &lt;Ann&gt;!][inner other]');
      } finally {
        Reflect.deleteProperty(Object.prototype, key);
      }
    }
  });
});

describe('The cache of templates', () => {
  /** Renders, changes the template and an include of it, and renders again. */
  async function twice(env: string | undefined): Promise<string[]> {
    const folder = await mkdtemp(join(base, 'cache-'));
    const { NODE_ENV } = process.env;
    setEnv(env);
    class Root extends Controller {
      index() {
        return this.render('page');
      }
    }
    const agent = supertest(appOf(micropie(Root, { views: folder })).callback());
    try {
      const texts: string[] = [];
      for (const text of ['old', 'new']) {
        await writeFile(join(folder, 'page.ejs'), `${text} <%- await include('part') %>`);
        await writeFile(join(folder, 'part.ejs'), text);
        texts.push((await agent.get('/')).text);
      }
      return texts;
    } finally {
      setEnv(NODE_ENV);
    }
  }

  function setEnv(env: string | undefined): void {
    if (env === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = env;
  }

  it('is used in production', async () => {
    expect(await twice('production')).to.deep.equal(['old old', 'old old']);
  });

  it('reads a template once in production, however its name is written', async () => {
    const folder = await mkdtemp(join(base, 'cache-'));
    const { NODE_ENV } = process.env;
    setEnv('production');
    class Root extends Controller {
      index(name: string) {
        return this.render(name);
      }
    }
    const agent = supertest(appOf(micropie(Root, { views: folder })).callback());
    try {
      await writeFile(join(folder, 'page.ejs'), 'page');
      for (const name of ['page', 'page.ejs', '.%2F%2Fpage'])
        expect((await agent.get(`/${name}`)).text).to.equal('page');
      await rm(folder, { recursive: true });
      expect((await agent.get('/page')).text).to.equal('page');
    } finally {
      setEnv(NODE_ENV);
    }
  });

  it('is not used else, so that changes show at once', async () => {
    expect(await twice(undefined)).to.deep.equal(['old old', 'new new']);
    expect(await twice('development')).to.deep.equal(['old old', 'new new']);
  });
});

describe('Where ejs is not installed', () => {
  it('render() says what to do, and everything else works', async () => {
    const script = `
      import { register } from 'node:module';
      const hide = 'export const resolve = (name, context, next) => ' +
        "name === 'ejs' ? Promise.reject(Object.assign(new Error('Cannot find package ejs'), { code: 'ERR_MODULE_NOT_FOUND' })) : next(name, context);";
      register('data:text/javascript,' + encodeURIComponent(hide));
      const { default: Koa } = await import('koa');
      const { Controller, micropie } = await import(${JSON.stringify(new URL('../lib/index.ts', import.meta.url).href)});
      class Root extends Controller {
        index() { return 'works'; }
        page() { return this.render('hello'); }
      }
      const app = new Koa();
      app.on('error', (error) => console.log(error.message));
      app.use(micropie(Root));
      const server = app.listen(0, '127.0.0.1', async () => {
        for (const path of ['/', '/page']) {
          const answer = await fetch('http://127.0.0.1:' + server.address().port + path);
          console.log(answer.status, await answer.text());
        }
        process.exit();
      });
    `;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      'tsx/esm',
      '--input-type=module',
      '-e',
      script,
    ]);
    expect(stdout.trim().split('\n')).to.deep.equal([
      '200 works',
      "render() needs the package ejs: install it with 'npm install ejs'",
      '500 Internal Server Error',
    ]);
  }).timeout(20_000);
});
