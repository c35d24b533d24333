import { expect } from 'chai';
import { curlOf, requestOf } from '../../demo/explorer/request.js';
import { requestsOf } from '../../demo/explorer/requests.js';
import { handlerSource } from '../../demo/explorer/source.js';
import { createDemos } from '../../demo/tour.js';
import { tour } from '../support/tour.js';

const ORIGIN = 'http://localhost';
const title = { name: 'title', type: 'string', value: "it's" };
const done = { name: 'done', type: 'boolean', value: 'true' };
const id = { name: 'id', type: 'number', value: '7' };
const blank = { name: 'page', type: 'number', value: '' };

describe('demo: requests as curl writes them', () => {
  const cases = [
    ['GET', '/todos', false, [], 'curl -i http://localhost/todos'],
    ['GET', '/todos/:id', false, [id, title], "curl -i 'http://localhost/todos/7?title=it%27s'"],
    [
      'GET',
      '/files/*path',
      false,
      [{ ...title, name: 'path', value: 'a b/c' }],
      "curl -i 'http://localhost/files/a%20b/c'",
    ],
    ['GET', '/todos', false, [blank], 'curl -i http://localhost/todos'],
    ['DELETE', '/todos/:id', false, [id], 'curl -i -X DELETE http://localhost/todos/7'],
    ['POST', '/todos', false, [], 'curl -i -X POST http://localhost/todos'],
    ['POST', '/todos', false, [title, done], "curl -i -d 'title=it%27s&done=true' http://localhost/todos"],
    [
      'PUT',
      '/todos/:id',
      true,
      [id, title, done, blank],
      `curl -i -X PUT -H 'Content-Type: application/json' -d '{"title":"it'\\''s","done":true}' http://localhost/todos/7`,
    ],
    [
      'POST',
      '/tags',
      true,
      ['a', 'b'].map((value) => ({ name: 'tags', type: 'list', value })),
      `curl -i -H 'Content-Type: application/json' -d '{"tags":["a","b"]}' http://localhost/tags`,
    ],
    [
      'POST',
      '/todos',
      false,
      [{ name: '', type: 'json', value: '{"a":[1]}' }],
      `curl -i -H 'Content-Type: application/json' -d '{"a":[1]}' http://localhost/todos`,
    ],
    [
      'POST',
      '/files',
      false,
      [{ name: 'file', type: 'file', value: new File(['x'], 'pie.txt') }, title],
      `curl -i -F 'file=@pie.txt' -F 'title=it'\\''s' http://localhost/files`,
    ],
    [
      'POST',
      '/files',
      false,
      [{ name: 'file', type: 'file', value: '' }],
      `curl -i -F 'file=@file.txt' http://localhost/files`,
    ],
  ] as const;

  for (const [method, path, isJson, fields, line] of cases)
    it(line, () => {
      expect(curlOf(requestOf({ method, path, isJson, fields }), ORIGIN)).to.equal(line);
    });
});

describe('demo: the pages that try the demos', () => {
  for (const { title, routes, ...demo } of createDemos())
    it(`show every request of ${title} with a form, a curl line, and the method that answers`, async () => {
      const requests = requestsOf({ routes, ...demo });
      const { text, status } = await tour().get(`/try/${title}`);
      expect(status).to.equal(200);
      expect(text.match(/<section class="request">/g)).to.have.lengthOf(requests.length);
      expect(text.match(/<form /g)).to.have.lengthOf(requests.length);
      expect(text.match(/>curl -i /g)).to.have.lengthOf(requests.length);
      const answered = requests.filter(({ route }) => route !== undefined);
      expect(text.match(/<figure>/g) ?? []).to.have.lengthOf(answered.length);
    });

  it('cut a method of a nested class out of its class, with its comment and its declaration', async () => {
    const { text } = await tour().get('/try/blog');
    const code = text.replace(/<[^>]+>/g, '');
    expect(code).to.contain(
      '// static routes\npublish: { path: &#x27;POST /&#x27;, from: &#x27;body&#x27; },\n\npublish(title',
    );
    expect(code).to.contain('/** A real one would ask for a password. */\nasync login(');
  });

  it('find the method also where the mounted class is not named', () => {
    const text = 'class Pie {\n  index() {\n    return 1;\n  }\n}\nconst pie = new Pie();\nmicropie(pie);\n';
    const files = [{ name: 'index.ts', text }];
    expect(handlerSource(files, 'index')).to.deep.equal({ file: 'index.ts', text: 'index() {\n  return 1;\n}' });
    expect(handlerSource(files, 'other')).to.equal(undefined);
  });

  it('fill the forms with what the links and the examples say, so that they work without a script', async () => {
    const agent = tour();
    const { text } = await agent.get('/try/requests');
    expect(text)
      .to.contain('<form action="/requests/order" method="post"')
      .and.match(/<input value="pie" [^>]*name="item"/);
    const { text: todos } = await agent.get('/try/json-api');
    expect(todos).to.contain('<form action="/json-api/todos/1" method="get"');
  });

  it('have something in the forms to begin with, wherever the request needs it', () => {
    const blank = createDemos().flatMap(({ title, routes, ...demo }) =>
      requestsOf({ routes, ...demo })
        .filter(({ route, path, fields }) => {
          const own = routes.find(({ name }) => name === route);
          const isMissing = own?.parameters.some(({ kind }) => kind === 'input') && fields.length === 0;
          return isMissing || fields.some(({ name, value }) => value === '' && path.includes(`:${name}`));
        })
        .map(({ route }) => `${title}: ${route}`),
    );
    expect(blank).to.deep.equal([]);
  });

  it('show the source of all files, escaped', async () => {
    const { text } = await tour().get('/try/templates/source');
    expect(text)
      .to.contain('id="index.ts"')
      .and.contain('id="views/partials/head.ejs"')
      .and.not.contain('<script>alert');
  });

  for (const path of ['/try/unknown', '/try/unknown/source', '/try/..%2Fhello/source'])
    it(`answer ${path} with 404`, async () => {
      expect((await tour().get(path)).status).to.equal(404);
    });

  for (const file of ['explorer.js', 'request.js', 'explorer.css'])
    it(`serve ${file}`, async () => {
      expect((await tour().get(`/try/${file}`)).status).to.equal(200);
    });
});
