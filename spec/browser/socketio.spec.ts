import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { attachSocketIo } from '../../demo/socketio/socket-io.js';
import { eventually } from '../support/socket.js';
import { useTour } from '../support/tour-in-browser.js';

describe('demo: socketio, in a browser', function () {
  this.timeout(60_000);
  const visit = useTour();

  const states = (page: Page) => page.locator('[role=status]').allInnerTexts();
  const numbers = async (page: Page) => (await page.locator('output').allInnerTexts()).map(Number);

  it('counts in two pages by both ways at once, by keyboard', () =>
    visit(
      '/socketio',
      async (one) => {
        const other = await one.context().newPage();
        await other.goto(one.url());
        for (const page of [one, other])
          await eventually(async () => String(await states(page)) === 'Connected.,Connected.', 'both connect', 10_000);
        const [before = 0] = await numbers(one);
        await one.getByRole('button', { name: 'Add one by Socket.IO' }).press('Enter');
        await other.getByRole('button', { name: 'Add one by the socket' }).press('Enter');
        for (const page of [one, other])
          await eventually(
            async () => String(await numbers(page)) === `${before + 2},${before + 2}`,
            'both pages show both',
          );
      },
      { attach: attachSocketIo },
    ));

  it('says so where no Socket.IO is attached, and counts by the other way', () =>
    visit('/socketio', async (page) => {
      await eventually(async () => (await states(page)).includes('Connected.'), 'the socket connects');
      expect(await states(page)).to.include('There is no Socket.IO on this server.');
      const [, before = 0] = await numbers(page);
      await page.getByRole('button', { name: 'Add one by the socket' }).click();
      await eventually(async () => (await numbers(page))[1] === before + 1, 'it counts');
    }));
});
