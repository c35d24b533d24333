import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { withServer } from '../support/app.js';
import { ROOT } from '../support/package.js';
import { tour, tourApp } from '../support/tour.js';

const FILE = join(ROOT, 'demo/video/pie.webm');
const FILM = readFileSync(FILE);

const ask = (range: string) => tour().get('/video/pie.webm').set('Range', range).buffer(true);

describe('demo: video', () => {
  it('has a page with a player, whose film is small', async () => {
    expect((await tour().get('/video')).text).to.contain('<video src="/video/pie.webm"');
    expect(FILM.length).to.be.below(100_000);
  });

  it('sends the whole film, and says that parts can be had', async () => {
    const { status, headers, body } = await tour().get('/video/pie.webm');
    expect(status).to.equal(200);
    expect(headers).to.include({
      'content-type': 'video/webm',
      'accept-ranges': 'bytes',
      'content-length': String(FILM.length),
      'last-modified': statSync(FILE).mtime.toUTCString(),
    });
    expect(FILM.equals(body)).to.equal(true);
  });

  const last = FILM.length - 1;
  const parts = [
    ['bytes=0-3', 0, 3],
    ['bytes=100-199', 100, 199],
    ['bytes=-10', last - 9, last],
    [`bytes=${last}-`, last, last],
    [`bytes=100-${last + 1000}`, 100, last],
  ] as const;
  for (const [range, start, end] of parts)
    it(`sends ${range.replace(String(last), 'last')} as a part`, async () => {
      const { status, headers, body } = await ask(range);
      expect(status).to.equal(206);
      expect(headers['content-range']).to.equal(`bytes ${start}-${end}/${FILM.length}`);
      expect(FILM.subarray(start, end + 1).equals(body)).to.equal(true);
    });

  it('refuses a part behind the end', async () => {
    const { status, headers } = await ask(`bytes=${FILM.length}-`);
    expect([status, headers['content-range']]).to.deep.equal([416, `bytes */${FILM.length}`]);
  });

  it('sends nothing to who has the film, and tells the length to HEAD', async () => {
    const visitor = tour();
    const { headers } = await visitor.head('/video/pie.webm');
    expect(headers['content-length']).to.equal(String(FILM.length));
    const { status, text } = await visitor.get('/video/pie.webm').set('If-None-Match', headers['etag'] ?? '');
    expect([status, text]).to.deep.equal([304, '']);
  });

  it('takes no offence when a player has enough', () =>
    withServer(tourApp(), async (port) => {
      for (let time = 0; time < 5; time++) {
        const leave = new AbortController();
        const answer = await fetch(`http://127.0.0.1:${port}/video/pie.webm`, { signal: leave.signal });
        expect(answer.status).to.equal(200);
        leave.abort();
      }
    }));
});
