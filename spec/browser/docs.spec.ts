import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { eventually } from '../support/socket.js';
import { useTour } from '../support/tour-in-browser.js';

const SIZES = { desk: { width: 1200, height: 900 }, phone: { width: 375, height: 700 } };

describe('demo: /docs in a browser', function () {
  this.timeout(120_000);
  const visit = useTour();

  for (const [device, viewport] of Object.entries(SIZES))
    it(`shows the tour's document in light and dark on a ${device}, with nothing from elsewhere, and tries it`, () =>
      visit(
        '/docs',
        async (page) => {
          await tryGreeting(page, 'Ada');
          expect(await brightness(page)).to.be.above(128);
          await page.emulateMedia({ colorScheme: 'dark' });
          await eventually(async () => (await brightness(page)) < 128, 'it is dark');
        },
        { colorScheme: 'light', viewport },
      ));

  it('sends the files that are chosen in its forms', () =>
    visit('/docs', async (page) => {
      const operation = page.locator('.opblock-post', { has: page.locator('[data-path="/uploads/upload"]') });
      await page.locator('#operations-tag-uploads').click();
      await operation.locator('.opblock-summary-control').click();
      await operation.getByRole('button', { name: 'Try it out' }).click();
      const file = { name: 'pie.txt', mimeType: 'text/plain', buffer: Buffer.from('apple') };
      await operation.locator('input[type=file]').setInputFiles(file);
      await operation.getByRole('button', { name: 'Execute' }).click();
      await operation.locator('.live-responses-table', { hasText: 'pie.txt' }).waitFor();
    }));
});

async function tryGreeting(page: Page, name: string): Promise<void> {
  const operation = page.locator('.opblock-get', { has: page.locator('[data-path="/hello/greet"]') });
  await page.locator('#operations-tag-hello').click();
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.locator('tr[data-param-name="name"] input').fill(name);
  await operation.getByRole('button', { name: 'Execute' }).click();
  await operation.locator('.live-responses-table', { hasText: `Hello, ${name}!` }).waitFor();
}

/** Of the page's ground, from 0 to 255. */
async function brightness(page: Page): Promise<number> {
  const colour = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map(Number);
  return (red + green + blue) / 3;
}
