import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { useTour } from '../support/tour-in-browser.js';

describe('demo: validated, in a browser without JavaScript', function () {
  this.timeout(30_000);
  const visitTour = useTour();
  const visit = (use: (page: Page) => Promise<void>) =>
    visitTour('/validated', use, { javaScriptEnabled: false, viewport: { width: 360, height: 640 } });

  /** Types into one field after another, by the keyboard alone. */
  async function typeAll(page: Page, texts: readonly string[]): Promise<void> {
    await page.getByLabel('Name').focus();
    for (const text of texts) {
      await page.keyboard.type(text);
      await page.keyboard.press('Tab');
    }
  }

  it('shows what is wrong beside its fields, keeps what was typed, and leads to each field', () =>
    visit(async (page) => {
      await typeAll(page, ['Ada', 'ada@']);
      await page.getByRole('button', { name: 'Order' }).press('Enter');
      expect(await page.getByRole('alert').getByRole('link').allTextContents()).to.deep.equal([
        'An e-mail address, such as ada@example.org',
        'Which street?',
        'Which city?',
        'A postal code of five digits',
        'Choose at least one',
      ]);
      const field = page.getByLabel('E-mail');
      expect(await field.inputValue()).to.equal('ada@');
      expect(await field.getAttribute('aria-invalid')).to.equal('true');
      await page.getByRole('link', { name: 'Which city?' }).press('Enter');
      await page.keyboard.type('Bath');
      expect(await page.getByLabel('City').inputValue()).to.equal('Bath');
    }));

  it('takes an order that was made by the keyboard alone', () =>
    visit(async (page) => {
      await typeAll(page, ['Ada', 'ada@example.org', 'Pie Lane 1', 'Bath', '00123']);
      await page.keyboard.press('Space');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/thanks/1');
      expect(await page.getByRole('main').textContent())
        .to.contain('Pie Lane 1, 00123 Bath')
        .and.contain('1 × apple');
    }));

  it('fits into a phone, with messages too', () =>
    visit(async (page) => {
      const width = async () => (await page.locator('html').boundingBox())?.width;
      const widest = async () => {
        const boxes = await Promise.all((await page.locator('main *').all()).map((one) => one.boundingBox()));
        return Math.max(...boxes.map((box) => (box ? box.x + box.width : 0)));
      };
      for (const _visit of ['first', 'refused']) {
        expect(await width()).to.be.at.most(360);
        expect(await widest()).to.be.at.most(360);
        await page.getByRole('button', { name: 'Order' }).click();
      }
    }));
});
