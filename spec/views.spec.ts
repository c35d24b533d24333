import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import createError from 'http-errors';
import { Controller, type MicropieOptions, micropie } from '../lib/index.js';
import { appOf, client, errorsOf } from './support/app.js';
import { TEMPLATES_OUTSIDE } from './support/cases.js';

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
  'bare.ejs': "[<%- include('hello') %>][<%- include('sub/inner', { name: '<i>' }) %>][<%- include('sub/bare') %>]",
  'sub/bare.ejs': "<%- include('../hello', { name: 'Up' }) %>",
  'text.ejs': "<% const hello = include('hello').trim(); %><%- hello.length %> <%= include('raw', { html: '<' }) %>",
  'mixed.ejs': "<% const late = await promise; %><%- include('hello', { name: late }) %>",
  'map.ejs': "<%- items.map((name) => include('hello', { name })).join() %>",
  'words.ejs': '<p>We await you, <%= name %></p><% if (true) { %>, await<% } %>',
  'including-words.ejs': "<%- include('words') %>",
  'bare-late.ejs': "<%- include('async') %>",
  'escaped-late.ejs': "<%= include('async') %>",
  'joined-late.ejs': "<%- [1, 2].map(() => include('async')).join() %>",
  'forgotten.ejs': "<% include('sub/late-failure') %>fine",
  'sub/late-failure.ejs': '<% await null; %><%= nowhere %>',
  'failing-beside.ejs': "<%- include('sub/late-failure') %><%= nowhere %>",
  'circle.ejs': "<%- include('circle') %>",
  'waiting-circle.ejs': "<%- await include('waiting-circle') %>",
  'including-data.ejs': "<%- include('hello', data) %>",
  'throwing.ejs': 'source line one\n<% fail() %>\nsource line three',
  'including-throwing.ejs': "source of the outer\n<%- include('throwing') %>",
  'waiting-throwing.ejs': "source of the outer\n<%- await include('throwing') %><% await null; fail() %>",
  'frame.ejs': '<main><%- body %></main> <%= locals.name %>',
  'other-frame.ejs': '<article><%- body %></article>',
  'sub/frame.ejs':
    "<%- include('../hello') %> <%- await include('own-body') %> <%- include('own-body', { body: 'b' }) %>",
  'sub/own-body.ejs': '{<%- body %>}',
  'text-frame.ejs': '<pre><%= body %></pre>',
  'throwing-frame.ejs': 'source of the frame\n<%- body %><% fail() %>',
  'broken-frame.ejs': '<%- body %><% if ( %>',
  'body.ejs': '<%= body %>',
  'state.ejs': '<%= user %>, <%= locals.title %>',
  'including-state.ejs': "<%- include('state', { title: 'included' }) %>",
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

interface Around {
  /** What `ctx.state` holds. */
  readonly state?: object;
  /** Options of the mount. */
  readonly mount?: MicropieOptions;
  /** What is given behind the data. */
  readonly options?: unknown;
}

/** Renders a template over HTTP. */
async function render(name: unknown, data?: unknown, { state = {}, mount, options }: Around = {}) {
  class Root extends Controller {
    index() {
      return Reflect.apply(this.render, this, [name, data, options]);
    }
  }
  const app = appOf(
    (ctx, next) => {
      ctx.state = state;
      return next();
    },
    micropie(Root, { views: join(base, 'views'), ...mount }),
  );
  const errors = errorsOf(app);
  const { status, text } = await client(app).get('/').buffer(true);
  return { status, text, message: errors[0]?.message ?? '', count: errors.length };
}

/** Does something under a `NODE_ENV`. */
async function withEnv<T>(env: string | undefined, task: () => Promise<T>): Promise<T> {
  const { NODE_ENV } = process.env;
  setEnv(env);
  try {
    return await task();
  } finally {
    setEnv(NODE_ENV);
  }
}

function setEnv(env: string | undefined): void {
  if (env === undefined) delete process.env['NODE_ENV'];
  else process.env['NODE_ENV'] = env;
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
    expect((await client(app).get('/')).headers['content-type']).to.equal('text/html; charset=utf-8');
  });

  it('renders side by side without mixing data', async () => {
    class Root extends Controller {
      index(name: string) {
        const promise = new Promise((resolve) => setTimeout(resolve, Math.random() * 5, name));
        return this.render('async', { promise });
      }
    }
    const agent = client(micropie(Root, { views: join(base, 'views') }));
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

describe('include(name, data)', () => {
  const table: [title: string, name: string, data: Record<string, unknown>, text: string][] = [
    ['needs no await', 'bare', { name: 'Ann' }, '[Hello, Ann!][inner &lt;i&gt;][Hello, Up!]'],
    ['is text, to which anything can be done', 'text', { name: 'Ann' }, '11 &amp;lt;|&lt;'],
    ['needs no await in a template that waits', 'mixed', { promise: Promise.resolve('Ann') }, 'Hello, Ann!'],
    ['is text in a list', 'map', { items: ['a', 'b'] }, 'Hello, a!,Hello, b!'],
    ['takes await for a word where it is one', 'including-words', { name: 'Ann' }, '<p>We await you, Ann</p>, await'],
    ['may be forgotten, whatever becomes of it', 'forgotten', {}, 'fine'],
  ];
  for (const [title, name, data, text] of table)
    it(title, async () => {
      const answer = await render(name, data);
      expect([answer.status, answer.text, answer.message]).to.deep.equal([200, text, '']);
    });

  for (const name of ['bare-late', 'escaped-late', 'joined-late'])
    it(`says that an await is missing where the included template waits: ${name}`, async () => {
      const answer = await render(name, { promise: Promise.resolve(1) });
      expect([answer.status, answer.text]).to.deep.equal([500, 'Internal Server Error']);
      expect(answer.message).to.equal(
        "The template 'async' waits for something: include it with <%- await include('async') %>",
      );
    });

  it('that fails beside another failure is told once', async () => {
    const answer = await render('failing-beside', {});
    expect([answer.status, answer.count]).to.deep.equal([500, 1]);
  });

  for (const name of ['circle', 'waiting-circle'])
    it(`in a circle is an error: ${name}`, async () => {
      const answer = await render(name, {});
      expect([answer.status, answer.count]).to.deep.equal([500, 1]);
      expect(answer.message).to.equal(`The template '${name}' is included 200 deep: is it in a circle?`);
    });

  for (const name of ['include', 'escapeFn', '__append'])
    it(`refuses data that would replace the template's machinery: ${name}`, async () => {
      const answer = await render('including-data', { data: { name: 'Ann', [name]: 'evil' } });
      expect([answer.status, answer.text]).to.deep.equal([500, 'Internal Server Error']);
      expect(answer.message).to.include(`'${name}' can't be a variable`);
    });
});

describe('An error inside a template', () => {
  const inside: [name: string, mount?: MicropieOptions][] = [
    ['throwing'],
    ['including-throwing'],
    ['waiting-throwing'],
    ['hello', { layout: 'throwing-frame' }],
    ['hello', { layout: 'including-throwing' }],
  ];
  for (const env of ['production', 'development'])
    for (const [name, mount = {}] of inside) {
      const where = `${[name, ...Object.values(mount)].join(' in ')}, in ${env}`;

      it(`keeps its own message and status where a client may see them: ${where}`, async () => {
        const fail = () => {
          throw createError(422, 'Too long');
        };
        const answer = await withEnv(env, () => render(name, { name: 'Ann', fail }, { mount }));
        expect([answer.status, answer.text, answer.message]).to.deep.equal([
          422,
          '422 Unprocessable Entity: Too long',
          'Too long',
        ]);
      });

      it(`passes unchanged, and says in its stack alone which template it was: ${where}`, async () => {
        class Unusual extends Error {}
        const error = Object.freeze(new Unusual('own'));
        const { message, stack } = error;
        const seen: unknown[] = [];
        const onError = (_request: unknown, thrown: unknown) => void seen.push(thrown);
        const fail = () => {
          throw error;
        };
        await withEnv(env, () =>
          render(name, { name: 'Ann', fail }, { mount: { ...mount, middlewares: [{ onError }] } }),
        );
        expect(seen).to.deep.equal([error]);
        expect([error.message, error.stack]).to.deep.equal([message, stack]);
      });
    }

  it('has the name of the template in its stack', async () => {
    const seen: Error[] = [];
    const onError = (_request: unknown, error: Error) => void seen.push(error);
    await render('sub/late-failure', {}, { mount: { middlewares: [{ onError }] } });
    expect(seen.map(({ message }) => message)).to.deep.equal(['nowhere is not defined']);
    expect(seen[0]?.stack).to.include('ejs:sub/late-failure.ejs').and.not.include(base);
  });

  it('is a 500 where it is no error at all', async () => {
    const fail = () => {
      throw undefined;
    };
    expect(await render('throwing', { fail })).to.include({ status: 500, text: 'Internal Server Error', count: 1 });
  });
});

describe('ctx.state', () => {
  const table: [title: string, name: string, data: object, state: object, text: string][] = [
    ['is beneath the data', 'state', { title: 'T' }, { user: 'Ann', title: 'hidden' }, 'Ann, T'],
    ['is there without any', 'state', {}, { user: '<Ann>' }, '&lt;Ann&gt;, '],
    ['is there in includes', 'including-state', {}, { user: 'Ann', title: 'hidden' }, 'Ann, included'],
    [
      'counts as given where the data say undefined',
      'state',
      { title: undefined },
      { user: 'Ann', title: 'x' },
      'Ann, ',
    ],
    ['lends nothing that it inherits', 'state', {}, { user: 'Ann', __proto__: { title: 'x' } }, 'Ann, '],
  ];
  for (const [title, name, data, state, text] of table)
    it(title, async () => {
      const answer = await render(name, data, { state });
      expect([answer.status, answer.text, answer.message]).to.deep.equal([200, text, '']);
    });

  it('is there in the layout', async () => {
    const around = { state: { name: 'Ann' }, mount: { layout: 'frame' } };
    expect((await render('hello', undefined, around)).text).to.equal('<main>Hello, Ann!</main> Ann');
  });

  it("can't replace the template's machinery", async () => {
    const answer = await render('hello', { name: 'Ann' }, { state: { escapeFn: String } });
    expect([answer.status, answer.text]).to.deep.equal([500, 'Internal Server Error']);
    expect(answer.message).to.include("'escapeFn' can't be a variable");
  });

  it('is not changed', async () => {
    const state = { user: 'Ann', list: Object.freeze([1]) };
    const before = structuredClone(state);
    await render('state', { title: 'T' }, { state });
    expect(state).to.deep.equal(before);
  });
});

describe('The layout', () => {
  const layout = 'frame';
  const table: [title: string, name: string, data: object, around: Around, text: string][] = [
    ['is put around each page', 'hello', { name: 'Ann' }, { mount: { layout } }, '<main>Hello, Ann!</main> Ann'],
    [
      'leaves escaping as it was',
      'hello',
      { name: '<b>' },
      { mount: { layout } },
      '<main>Hello, &lt;b&gt;!</main> &lt;b&gt;',
    ],
    [
      'is not put around includes',
      'bare',
      { name: 'A' },
      { mount: { layout } },
      '<main>[Hello, A!][inner &lt;i&gt;][Hello, Up!]</main> A',
    ],
    [
      'waits for the page',
      'mixed',
      { promise: Promise.resolve('Ann') },
      { mount: { layout } },
      '<main>Hello, Ann!</main> ',
    ],
    [
      'has includes of its own, seen from where it lies',
      'hello',
      { name: 'Ann' },
      { mount: { layout: 'sub/frame' } },
      'Hello, Ann! {Hello, Ann!} {b}',
    ],
    ['may escape the page', 'raw', { html: '<' }, { mount: { layout: 'text-frame' } }, '<pre>&amp;lt;|&lt;</pre>'],
    [
      'is left out with false',
      'hello',
      { name: 'Ann' },
      { mount: { layout }, options: { layout: false } },
      'Hello, Ann!',
    ],
    [
      'is as ever with undefined',
      'hello',
      { name: 'A' },
      { mount: { layout }, options: { layout: undefined } },
      '<main>Hello, A!</main> A',
    ],
    [
      'can be another',
      'hello',
      { name: 'Ann' },
      { mount: { layout }, options: { layout: 'other-frame' } },
      '<article>Hello, Ann!</article>',
    ],
    [
      'can be given to one page alone',
      'hello',
      { name: 'Ann' },
      { options: { layout } },
      '<main>Hello, Ann!</main> Ann',
    ],
    [
      'is not chosen by the data',
      'hello',
      { name: 'Ann', layout: false },
      { mount: { layout } },
      '<main>Hello, Ann!</main> Ann',
    ],
    [
      'has a body that no data replace',
      'hello',
      { name: 'A', body: '<script>' },
      { mount: { layout } },
      '<main>Hello, A!</main> A',
    ],
    ['leaves data called body to the page', 'body', { body: '<b>' }, { mount: { layout } }, '<main>&lt;b&gt;</main> '],
    [
      'may be a template that a page is',
      'frame',
      { body: 'x' },
      { mount: { layout } },
      '<main><main>x</main> </main> ',
    ],
  ];
  for (const [title, name, data, around, text] of table)
    it(title, async () => {
      const answer = await render(name, data, around);
      expect([answer.status, answer.text, answer.message]).to.deep.equal([200, text, '']);
    });

  for (const name of ['nowhere', ...TEMPLATES_OUTSIDE])
    it(`can not leave the folder: ${JSON.stringify(name)}`, async () => {
      for (const around of [{ mount: { layout: name } }, { options: { layout: name } }]) {
        const answer = await render('hello', { name: 'Ann' }, around);
        expect([answer.status, answer.text]).to.deep.equal([500, 'Internal Server Error']);
        expect(answer.message).to.equal(`There is no template '${name}' in the folder '${join(base, 'views')}'`);
      }
    });

  it('with a syntax error is named', async () => {
    const answer = await render('hello', { name: 'Ann' }, { mount: { layout: 'broken-frame' } });
    expect([answer.status, answer.text]).to.deep.equal([500, 'Internal Server Error']);
    expect(answer.message).to.include("The template 'broken-frame' can't be compiled");
  });
});

describe('Names of templates', () => {
  for (const name of [...TEMPLATES_OUTSIDE, '']) {
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
  /** Renders, changes the template, an include of it and its layout, and renders again. */
  function twice(env: string | undefined): Promise<string[]> {
    return withEnv(env, async () => {
      const folder = await mkdtemp(join(base, 'cache-'));
      class Root extends Controller {
        index() {
          return this.render('page');
        }
      }
      const agent = client(micropie(Root, { views: folder, layout: 'layout' }));
      const texts: string[] = [];
      for (const text of ['old', 'new']) {
        await writeFile(join(folder, 'page.ejs'), `${text} <%- include('part') %>`);
        await writeFile(join(folder, 'part.ejs'), text);
        await writeFile(join(folder, 'layout.ejs'), `${text} <%- body %>`);
        texts.push((await agent.get('/')).text);
      }
      return texts;
    });
  }

  it('is used in production', async () => {
    expect(await twice('production')).to.deep.equal(['old old old', 'old old old']);
  });

  it('reads a template once in production, however its name is written', async () => {
    const folder = await mkdtemp(join(base, 'cache-'));
    class Root extends Controller {
      index(name: string) {
        return this.render(name);
      }
    }
    await withEnv('production', async () => {
      const agent = client(micropie(Root, { views: folder }));
      await writeFile(join(folder, 'page.ejs'), 'page');
      for (const name of ['page', 'page.ejs', '.%2F%2Fpage'])
        expect((await agent.get(`/${name}`)).text).to.equal('page');
      await rm(folder, { recursive: true });
      await mkdir(folder);
      for (const name of ['page', 'page.ejs', '.%2F%2Fpage'])
        expect((await agent.get(`/${name}`)).text).to.equal('page');
    });
  });

  it('lends no page to a mount of another folder', async () => {
    const folder = await mkdtemp(join(base, 'cache-'));
    await withEnv('production', async () => {
      expect((await render('hello', { name: 'Ann' })).text).to.equal('Hello, Ann!');
      const answer = await render(join(base, 'views/hello'), { name: 'Ann' }, { mount: { views: folder } });
      expect(answer.message).to.include('There is no template');
    });
  });

  it('is not used else, so that changes show at once', async () => {
    expect(await twice(undefined)).to.deep.equal(['old old old', 'new new new']);
    expect(await twice('development')).to.deep.equal(['old old old', 'new new new']);
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
