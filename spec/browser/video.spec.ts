import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { eventually } from '../support/socket.js';
import { useTour } from '../support/tour-in-browser.js';

describe('demo: video, in a browser', function () {
  this.timeout(60_000);
  const visit = useTour();

  const timeOf = (page: Page) => page.evaluate<number>('document.querySelector("video").currentTime');

  /** Whether the pie is still there at the left and the right of its centre, as the frame shows it. */
  const frameOf = (page: Page) =>
    page.evaluate<{ left: boolean; right: boolean }>(`(() => {
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width: 320, height: 180 });
      const context = canvas.getContext('2d');
      context.drawImage(document.querySelector('video'), 0, 0, 320, 180);
      // The filling is orange and the plate is not.
      const isPie = (x) => context.getImageData(x, 90, 1, 1).data[2] < 150;
      return { left: isPie(120), right: isPie(200) };
    })()`);

  it('asks for parts, and shows the frame of the second that it is sent to', () =>
    visit('/video', async (page) => {
      const statuses: number[] = [];
      page.on('response', (response) => response.url().endsWith('.webm') && statuses.push(response.status()));
      await page.reload();
      await eventually(
        () => page.evaluate('document.querySelector("video").readyState >= 2'),
        'it has a frame',
        15_000,
      );
      expect(statuses).to.include(206).and.not.include(200);
      expect(await frameOf(page)).to.deep.equal({ left: true, right: true });
      for (const [button, second, frame] of [
        ['half of it', 6, { left: true, right: false }],
        ['the last piece', 11, { left: false, right: false }],
        ['the beginning', 0, { left: true, right: true }],
      ] as const) {
        await page.getByRole('button', { name: button }).press('Enter');
        const isThere = async () => JSON.stringify(await frameOf(page)) === JSON.stringify(frame);
        await eventually(isThere, `the frame of second ${second} is there`, 15_000);
        expect(await timeOf(page)).to.equal(second);
        expect(await page.locator('#time').innerText()).to.equal(second.toFixed(1));
      }
    }));

  it('plays on from there', () =>
    visit('/video', async (page) => {
      await page.getByRole('button', { name: 'half of it' }).click();
      await page.evaluate('document.querySelector("video").play()');
      await eventually(async () => (await timeOf(page)) > 6.3, 'it plays', 15_000);
    }));
});
