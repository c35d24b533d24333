import { expect } from 'chai';
import { expectSound } from '../support/page-faults.js';
import { useTour } from '../support/tour-in-browser.js';

describe('demo: pastebin, in a browser', function () {
  this.timeout(60_000);
  const visit = useTour();

  it('pastes by the keyboard alone, and deletes', () =>
    visit('/pastebin', async (page) => {
      await page.getByLabel('Title').focus();
      for (const text of ['Pie', 'const pie = "<b>";', 'ts']) {
        await page.keyboard.type(text);
        await page.keyboard.press('Tab');
      }
      await page.keyboard.type('1 h');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Pie' }).waitFor();
      expect(await page.locator('pre').textContent()).to.equal('const pie = "<b>";');
      await page.getByRole('link', { name: 'All pastes' }).click();
      await page.getByRole('link', { name: 'Pie', exact: true }).click();
      await page.getByRole('button', { name: 'Delete “Pie”' }).click();
      await page.getByText('Nothing was pasted yet.').waitFor();
    }));

  it('leads back from an error', () =>
    visit('/pastebin/nothing', async (page) => {
      await page.getByText('There is no such paste').waitFor();
      await page.getByRole('link', { name: 'Back' }).click();
      await page.getByRole('heading', { name: 'Pastebin' }).waitFor();
    }));

  it('fits a phone, can be touched and read', () =>
    visit('/pastebin', async (page, origin) => {
      await expectSound(page);
      await page.getByLabel('Title').fill('W'.repeat(80));
      await page.getByLabel('Syntax').fill('W'.repeat(20));
      await page.getByRole('textbox', { name: 'Text' }).fill('a long line '.repeat(40));
      await page.getByRole('button', { name: 'Paste' }).click();
      await page.getByRole('link', { name: 'Text alone' }).waitFor();
      await expectSound(page);
      for (const path of ['/pastebin', '/pastebin/nothing']) {
        await page.goto(origin + path);
        await expectSound(page);
      }
    }));
});
