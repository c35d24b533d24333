import { expect } from 'chai';
import { parseRange } from '../../demo/streaming/range.js';
import { makeWav } from '../../demo/streaming/tone.js';
import { withServer } from '../support/app.js';
import { tour, tourApp } from '../support/tour.js';

const WAV = makeWav();

describe('demo: streaming', () => {
  it('sends text in chunks', async () => {
    const { text, type } = await tour().get('/streaming/chunks/3/0');
    expect(text).to.equal('Chunk 1\nChunk 2\nChunk 3\n');
    expect(type).to.equal('text/plain');
  });

  it('sends each chunk when it is there, and takes no offence when the client leaves', async () => {
    await withServer(tourApp(), async (port) => {
      const leave = new AbortController();
      const answer = await fetch(`http://127.0.0.1:${port}/streaming/chunks/100/1000`, { signal: leave.signal });
      const first = await answer.body?.getReader().read();
      expect(String(Buffer.from(first?.value ?? []))).to.equal('Chunk 1\n');
      leave.abort();
    });
  });

  it('has a page with a player', async () => {
    expect((await tour().get('/streaming')).text).to.contain('<audio controls');
  });

  it('sends the whole sound', async () => {
    const { status, headers, body } = await tour().get('/streaming/tone.wav');
    expect(status).to.equal(200);
    expect(headers).to.include({
      'content-type': 'audio/wav',
      'accept-ranges': 'bytes',
      'content-length': String(WAV.length),
    });
    expect(WAV.equals(body)).to.equal(true);
  });

  it('sends a part of it', async () => {
    const { status, headers, body } = await tour().get('/streaming/tone.wav').set('Range', 'bytes=8-15');
    expect(status).to.equal(206);
    expect(headers).to.include({ 'content-range': `bytes 8-15/${WAV.length}`, 'content-length': '8' });
    expect(String(body)).to.equal('WAVEfmt ');
  });

  it('refuses a part behind the end', async () => {
    const { status, headers } = await tour().get('/streaming/tone.wav').set('Range', `bytes=${WAV.length}-`);
    expect(status).to.equal(416);
    expect(headers['content-range']).to.equal(`bytes */${WAV.length}`);
  });

  it('tells the length to HEAD without sending anything', async () => {
    const { status, headers } = await tour().head('/streaming/tone.wav');
    expect(status).to.equal(200);
    expect(headers['content-length']).to.equal(String(WAV.length));
  });
});

describe('demo: parseRange(header, size)', () => {
  const cases = [
    [undefined, undefined],
    ['bytes=0-99', { start: 0, end: 99 }],
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=90-', { start: 90, end: 99 }],
    ['bytes=90-500', { start: 90, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-500', { start: 0, end: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-4', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=a-b', undefined],
    ['lines=0-1', undefined],
  ] as const;

  for (const [header, range] of cases)
    it(`reads ${header} of 100 bytes as ${JSON.stringify(range)}`, () => {
      expect(parseRange(header, 100)).to.deep.equal(range);
    });
});
