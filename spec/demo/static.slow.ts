import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import request from 'supertest';
import { PUBLIC, statics } from '../../demo/static/index.js';
import { staticFiles } from '../../demo/static/static-files.js';
import { appOf } from '../support/app.js';
import { raw } from '../support/raw.js';

const RECIPE = readFileSync(join(PUBLIC, 'recipe.txt'), 'utf8');

const behind = () => appOf(staticFiles(PUBLIC), statics(), (ctx) => ctx.throw(404, 'Nobody knows this'));

const WAYS = [
  ['by a handler', '/static/files', () => appOf(statics())],
  ['by middleware in front', '', behind],
] as const;

const ATTACKS = [
  '/../index.ts',
  '/letters/../../index.ts',
  '/%2e%2e/index.ts',
  '/..%2findex.ts',
  '/..%2Findex.ts',
  '/letters%2f..%2f..%2findex.ts',
  '/..%5cindex.ts',
  '/%252e%252e/index.ts',
  '/....//index.ts',
  '/.%2e/index.ts',
  '//etc/passwd',
  '/%2fetc%2fpasswd',
  '/../../../../../../../../etc/passwd',
  '/recipe.txt%00.svg',
  '/%',
  '/%ff',
  '/.env',
  '/letters',
  '/letters/',
  '/',
  '/nothing.txt',
  `/${'a'.repeat(300)}.txt`,
];

describe('demo: static', () => {
  for (const [way, base, make] of WAYS)
    describe(way, () => {
      const get = (path: string) => request(make().callback()).get(base + path);

      it('sends a file with its type, its length and what conditions need', async () => {
        const { status, text, headers } = await get('/recipe.txt');
        expect([status, text]).to.deep.equal([200, RECIPE]);
        expect(headers).to.include({
          'content-type': 'text/plain; charset=utf-8',
          'content-length': String(Buffer.byteLength(RECIPE)),
          'accept-ranges': 'bytes',
          'cache-control': 'public, max-age=0',
        });
        expect(headers).to.include.keys('etag', 'last-modified');
      });

      it('finds names with spaces, and in folders', async () => {
        const { status, type } = await get('/letters/a%20letter.html');
        expect([status, type]).to.deep.equal([200, 'text/html']);
        expect((await get('/pie.svg')).type).to.equal('image/svg+xml');
      });

      it('answers 304 to who has it, by its ETag or its date', async () => {
        const { headers } = await get('/recipe.txt');
        for (const [name, value] of [
          ['If-None-Match', headers['etag']],
          ['If-Modified-Since', headers['last-modified']],
        ] as const) {
          const again = await get('/recipe.txt').set(name, value ?? '');
          expect([again.status, again.text, again.headers['etag']], name).to.deep.equal([304, '', headers['etag']]);
        }
        expect((await get('/recipe.txt').set('If-None-Match', '"other"')).status).to.equal(200);
      });

      it('sends a part, and says where there is none', async () => {
        const { status, text, headers } = await get('/recipe.txt').set('Range', 'bytes=0-4');
        expect([status, text]).to.deep.equal([206, 'Flour']);
        expect(headers['content-range']).to.equal(`bytes 0-4/${Buffer.byteLength(RECIPE)}`);
      });

      it('tells all of it to HEAD', async () => {
        const { status, text, headers } = await request(make().callback()).head(`${base}/recipe.txt`);
        expect([status, text]).to.deep.equal([200, undefined]);
        expect(headers['content-length']).to.equal(String(Buffer.byteLength(RECIPE)));
      });

      for (const path of ATTACKS)
        it(`gives nothing for ${path.slice(0, 40)}`, async () => {
          const { status, body } = await raw(`GET ${base}${path}`, ...make().middleware);
          expect(status).to.be.within(400, 404);
          expect(String(body)).not.to.match(/Flour|import |root:/);
        });
    });

  it('refuses a part behind the end', async () => {
    const { status, headers } = await request(appOf(statics()).callback())
      .get('/static/files/recipe.txt')
      .set('Range', 'bytes=9999-');
    expect([status, headers['content-range']]).to.deep.equal([416, `bytes */${Buffer.byteLength(RECIPE)}`]);
  });

  it('leaves other methods, and what is no file, to the controller behind it', async () => {
    const agent = request(behind().callback());
    expect((await agent.get('/static')).text).to.contain('/static/files/recipe.txt');
    expect((await agent.post('/recipe.txt')).text).to.equal('Nobody knows this');
    expect((await agent.post('/static/files/recipe.txt')).status).to.equal(405);
  });
});
