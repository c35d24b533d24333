import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { useChromium } from '../support/browser.js';
import { withDemoServer } from '../support/demo-server.js';
import { eventually } from '../support/socket.js';

const SERVER = 'demo/cluster/server.ts';
// What it may take to start two workers anew, in milliseconds.
const RESTART = 100_000;

describe('demos of a rolling restart, in a browser', function () {
  this.timeout(240_000);
  const browser = useChromium();

  /** Opens a page of the two workers. */
  function visit(path: string, use: (page: Page) => Promise<void>): Promise<void> {
    const viewport = { width: 360, height: 640 };
    return withDemoServer({ PORT: '0' }, ({ address }) => browser.visit(address + path, use, { viewport }), SERVER);
  }

  const textOf = async (page: Page, selector: string) => (await page.locator(selector).textContent()) ?? '';

  it('cluster: shows which workers answered, and loses nothing when the button replaces them', () =>
    visit('/cluster', async (page) => {
      const isAnsweredBy = (worker: string) => async () => (await textOf(page, '#answers')).includes(`${worker}: `);
      await eventually(isAnsweredBy('worker 1'), 'the first worker answers', RESTART);
      await page.getByRole('button', { name: 'Restart the workers' }).click();
      await eventually(isAnsweredBy('worker 4'), 'the last worker answers', RESTART);
      expect(await textOf(page, '#state')).to.equal('The workers are being replaced.');
      expect(await textOf(page, '#answers')).to.match(/failed: 0$/);
    }));

  it('live: counts on in the next worker, without a gap', () =>
    visit('/live', async (page) => {
      // Beside the page's own, which it must agree with.
      await page.evaluate(`ids = []; workers = new Set();
        source = new EventSource('/live/count');
        source.onmessage = ({ lastEventId, data }) => {
          ids.push(Number(lastEventId));
          workers.add(JSON.parse(data).from);
        };`);
      await eventually(async () => Number(await textOf(page, '#number')) > 2, 'it counts', RESTART);
      await page.getByRole('button', { name: 'Restart the workers' }).click();
      await eventually(
        async () => Number(await textOf(page, '#reconnected')) > 0 && /worker [34]/.test(await textOf(page, '#from')),
        'a new worker counts',
        RESTART,
      );
      await eventually(() => page.evaluate('workers.size > 1'), 'it counts for the other as well', RESTART);
      expect(await textOf(page, '#missed')).to.equal('0');
      const ids: number[] = await page.evaluate('ids');
      expect(ids).to.deep.equal(ids.map((_id, index) => index + 1));
    }));
});
