import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { Controller, micropie, sse } from '../../lib/index.js';
import { appOf, withServer } from '../support/app.js';
import { useChromium } from '../support/browser.js';
import { eventually } from '../support/socket.js';

/** What the page writes down: the events that its EventSource got. */
interface Note {
  readonly type: string;
  readonly data: string;
  readonly id: string;
}

class Root extends Controller {
  readonly lastIds: unknown[] = [];
  ended = 0;

  index() {
    return `<!doctype html><title>Events</title><script>
      notes = [];
      source = new EventSource('/events' + location.search);
      for (const type of ['open', 'message', 'named'])
        source.addEventListener(type, ({ data = '', lastEventId: id = '' }) => notes.push({ type, data, id }));
    </script>`;
  }

  events(mode = 'few') {
    this.lastIds.push(this.request.headers['last-event-id']);
    return sse(mode === 'few' ? this._few() : this._endless(this.request.signal));
  }

  *_few() {
    yield { data: 'first', id: this.lastIds.length, retry: 10 };
    yield 'two\nlines\r\nof text';
    yield { event: 'named', data: { grüße: ['€'] }, id: `${this.lastIds.length}-named` };
    yield { event: 'named\ndata: evil', data: 'unheard', id: `${this.lastIds.length}-last\n\ndata: evil\n\n` };
  }

  async *_endless(signal: AbortSignal) {
    try {
      yield 'begun';
      await once(signal, 'abort');
    } finally {
      this.ended += 1;
    }
  }
}

describe('sse(source) in a browser', function () {
  this.timeout(30_000);
  const browser = useChromium();

  /** Opens the controller's page. */
  function visit(root: Root, query: string, use: (page: Page) => Promise<void>): Promise<void> {
    return withServer(appOf(micropie(root)), (port) => browser.visit(`http://127.0.0.1:${port}/${query}`, use));
  }

  const notesOf = (page: Page): Promise<Note[]> => page.evaluate('notes');

  it('is received as it was sent: names, ids, several lines, JSON, and nothing injected', async () => {
    await visit(new Root(), '', async (page) => {
      await eventually(async () => (await notesOf(page)).length >= 4, 'the events are there');
      expect((await notesOf(page)).slice(0, 4)).to.deep.equal([
        { type: 'open', data: '', id: '' },
        { type: 'message', data: 'first', id: '1' },
        { type: 'message', data: 'two\nlines\nof text', id: '1' },
        { type: 'named', data: '{"grüße":["€"]}', id: '1-named' },
      ]);
      expect(JSON.stringify(await notesOf(page))).to.not.include('evil"');
    });
  });

  it('is connected anew after its end, with the last id', async () => {
    const root = new Root();
    await visit(root, '', async (page) => {
      await eventually(() => root.lastIds.length >= 3, 'it came back twice');
      await page.evaluate('source.close()');
    });
    expect(root.lastIds.slice(0, 3)).to.deep.equal([undefined, '1-lastdata: evil', '2-lastdata: evil']);
  });

  it('ends its generator when the page closes, and when the source does', async () => {
    const root = new Root();
    for (const [time, leave] of [
      (page: Page) => page.close(),
      (page: Page) => page.evaluate('source.close()'),
    ].entries())
      await visit(root, '?mode=endless', async (page) => {
        await eventually(async () => (await notesOf(page)).length === 2, 'the stream has begun');
        await sleep(20);
        expect(root.ended).to.equal(time);
        await leave(page);
        await eventually(() => root.ended === time + 1, 'the generator has ended');
      });
  });
});
