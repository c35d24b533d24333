import { expect } from 'chai';
import type { Test } from 'supertest';
import * as v from 'valibot';
import * as z from 'zod';
import { micropie, type Routes, UploadedFile } from '../lib/index.js';
import { client } from './support/app.js';

describe('The security section of the README', () => {
  const MARK = '<img src=x>';
  const inPath = encodeURIComponent(MARK);

  class Root {
    number(n = 1, list: string[] = []) {
      return { n, list };
    }
    file(file: UploadedFile) {
      return file.size;
    }
    body(value: string) {
      return { value };
    }
    valibot(input: unknown) {
      return { input };
    }
    zod(input: unknown) {
      return { input };
    }
    static routes = {
      file: { path: 'POST', params: [UploadedFile] },
      body: 'POST',
      valibot: { path: 'POST', input: v.strictObject({ a: v.picklist(['x']) }) },
      zod: { path: 'POST', input: z.strictObject({ a: z.enum(['x']) }) },
    } satisfies Routes<Root>;
  }

  const mistakes: [title: string, ask: (to: ReturnType<typeof client>) => Test][] = [
    ['an unknown path', (to) => to.get(`/${inPath}`)],
    ['a bad path', (to) => to.get(`/number/${inPath}%zz`)],
    ['a wrong argument in the path', (to) => to.get(`/number/${inPath}`)],
    ['a wrong argument in the query', (to) => to.get(`/number?n=${inPath}&${inPath}=1`)],
    ['a wrong argument in JSON', (to) => to.post('/number').send({ n: MARK, [MARK]: MARK })],
    ['bad JSON', (to) => to.post('/number').type('json').send(`{"${MARK}`)],
    ['text for a file', (to) => to.post('/file').field('file', MARK)],
    ['a file under another name', (to) => to.post('/file').attach(MARK, Buffer.from(MARK), MARK)],
    ['a body of a strange type', (to) => to.post('/body').set('Content-Type', 'x/y; z="<img src=x>"').send(MARK)],
    [
      'a boundary of its own',
      (to) => to.post('/file').set('Content-Type', 'multipart/form-data; boundary=<img>').send(MARK),
    ],
    ['a method that is not declared', (to) => to.put(`/file?${inPath}`)],
  ];
  for (const [title, ask] of mistakes)
    for (const accept of ['text/html', 'application/json'])
      it(`holds for ${title}, asked for ${accept}: no text of the client`, async () => {
        const answer = await ask(client(micropie(Root))).set('Accept', accept);
        expect(answer.status).to.be.within(400, 415);
        expect(answer.text).not.to.include('<img').and.not.to.include('src=x');
        expect(answer.type).to.match(/^(text\/plain|application\/problem\+json)$/);
      });

  for (const library of ['valibot', 'zod'])
    for (const [accept, type] of [
      ['text/html', 'text/plain'],
      ['application/json', 'application/problem+json'],
    ] as const)
      it(`says that messages of ${library} may repeat text of the client, never as HTML: ${type}`, async () => {
        const answer = await client(micropie(Root))
          .post(`/${library}`)
          .send({ a: 'x', [MARK]: 1 })
          .set('Accept', accept);
        expect([answer.status, answer.type]).to.deep.equal([400, type]);
        expect(answer.text).to.include('<img src=x>');
      });
});
