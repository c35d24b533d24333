import { once } from 'node:events';
import { expect } from 'chai';
import { parseEvents } from '../../lib/client/events.js';
import { CallError, client } from '../../lib/client/index.js';
import { Controller, micropie, sse } from '../../lib/index.js';
import { appOf, errorsOf, withServer } from '../support/app.js';
import { eventually } from '../support/socket.js';

class Root extends Controller {
  ended = 0;

  async *count(to: number) {
    for (let n = 1; n <= to; n += 1) yield `${n}-ü\n`;
  }
  *bytes() {
    yield Buffer.from([0xc3]);
    yield Buffer.from([0xbc]);
  }
  list() {
    return sse([
      'text',
      '1',
      'true',
      '{"a":1}',
      'two\nlines',
      { event: 'tick', data: { n: 1 }, id: 7 },
      { data: 1 },
      { data: '1' },
      { data: null },
      { data: '', id: 'x' },
      { event: 'last', data: [true] },
    ]);
  }
  refused() {
    return sse(this._failing());
  }
  // biome-ignore lint/correctness/useYield: it fails before its first event.
  async *_failing(): AsyncGenerator<string> {
    throw Object.assign(new Error('No chat'), { status: 403, expose: true });
  }
  async *endless() {
    try {
      yield 'begun';
      await once(this.request.signal, 'abort');
    } finally {
      this.ended += 1;
    }
  }
  async *broken() {
    yield 'begun';
    throw new Error('broken on purpose');
  }
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

async function withClient(use: (api: ReturnType<typeof client<typeof Root>>, root: Root) => Promise<void>) {
  const root = new Root();
  const app = appOf(micropie(root));
  errorsOf(app);
  await withServer(app, (port) => use(client<typeof Root>(`http://127.0.0.1:${port}`), root));
}

describe('a stream that a client iterates', () => {
  it('gives text or bytes; awaited, the whole of them', () =>
    withClient(async (api) => {
      expect((await collect(api.count(3))).join('')).to.equal('1-ü\n2-ü\n3-ü\n');
      expect(await api.count(3)).to.equal('1-ü\n2-ü\n3-ü\n');
      expect((await collect(api.bytes())).flatMap((chunk) => [...chunk])).to.deep.equal([0xc3, 0xbc]);
      expect(await api.bytes()).to.deep.equal(new Uint8Array([0xc3, 0xbc]));
      expect(await collect(api.count(0))).to.deep.equal([]);
    }));

  it('gives events as an EventSource does, text as it was sent', () =>
    withClient(async (api) => {
      expect(await collect(api.list())).to.deep.equal([
        { data: 'text', event: 'message', id: '' },
        { data: '1', event: 'message', id: '' },
        { data: 'true', event: 'message', id: '' },
        { data: '{"a":1}', event: 'message', id: '' },
        { data: 'two\nlines', event: 'message', id: '' },
        { data: { n: 1 }, event: 'tick', id: '7' },
        { data: 1, event: 'message', id: '7' },
        { data: '1', event: 'message', id: '7' },
        { data: null, event: 'message', id: '7' },
        { data: '', event: 'message', id: 'x' },
        { data: [true], event: 'last', id: 'x' },
      ]);
    }));

  it('rejects where it fails: before it begins, and in its middle', () =>
    withClient(async (api) => {
      const errorOf = (work: Promise<unknown>) =>
        work.then(
          () => undefined,
          (error: unknown) => error,
        );
      expect(await errorOf(collect(api.refused())))
        .to.be.instanceOf(CallError)
        .with.property('status', 403);
      const chunks: string[] = [];
      const error = await errorOf(
        (async () => {
          for await (const chunk of api.broken()) chunks.push(chunk);
        })(),
      );
      expect(chunks).to.deep.equal(['begun']);
      expect(error).to.be.instanceOf(Error).and.not.instanceOf(CallError);
    }));

  it('ends at the server when its reader leaves, and when the signal aborts', () =>
    withClient(async (api, root) => {
      for await (const chunk of api.endless()) {
        expect(chunk).to.equal('begun');
        break;
      }
      await eventually(() => root.ended === 1, 'the generator has ended');
      const controller = new AbortController();
      const read = (async () => {
        for await (const _chunk of api({ signal: controller.signal }).endless()) controller.abort(new Error('enough'));
      })();
      expect(await read.catch((error: unknown) => error)).to.have.property('message', 'enough');
      await eventually(() => root.ended === 2, 'the generator has ended');
    }));
});

describe('parseEvents', () => {
  const TEXT =
    ': hello\r\ndata: a\r\ndata:b\r\n\r\nevent: x\rdata\r\rid: 1\n\ndata: c\nid: 2\u0000\nretry: 5\nunknown: 1\n\ndata: lost';
  const EVENTS = [
    { data: 'a\nb', event: 'message', id: '' },
    { data: '', event: 'x', id: '' },
    { data: 'c', event: 'message', id: '1' },
  ];
  async function* inPieces(text: string, size: number) {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
  }

  it('reads a stream alike wherever it is cut', async () => {
    for (let size = 1; size <= TEXT.length; size += 1)
      expect(await collect(parseEvents(inPieces(TEXT, size))), `pieces of ${size}`).to.deep.equal(EVENTS);
  });
});
