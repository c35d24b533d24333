import { expect } from 'chai';
import { expectSound } from '../support/page-faults.js';
import { useTour } from '../support/tour-in-browser.js';

describe('demo: url-shortener, in a browser', function () {
  this.timeout(60_000);
  const visit = useTour();

  it('shortens by the keyboard alone, leads on, counts, and deletes', () =>
    visit('/url-shortener', async (page, origin) => {
      await page.getByLabel('Address').focus();
      await page.keyboard.type(`${origin}/hello`);
      await page.keyboard.press('Enter');
      const link = page.getByRole('link', { name: /\/url-shortener\/[a-f\d]{12}$/ });
      await link.click();
      await page.waitForURL('**/hello');
      await page.goto(`${origin}/url-shortener`);
      await page.getByText('1 click,').waitFor();
      await page.getByRole('button', { name: /^Delete [a-f\d]{12}$/ }).click();
      await page.getByText('You have none yet.').waitFor();
    }));

  it('refuses a form whose session is gone, and leads back', () =>
    visit('/url-shortener', async (page, origin) => {
      await page.context().clearCookies();
      await page.getByLabel('Address').fill(`${origin}/hello`);
      await page.getByRole('button', { name: 'Shorten' }).click();
      await page.getByText('This form is too old').waitFor();
      await page.getByRole('link', { name: 'Back' }).click();
      expect(await page.getByLabel('Address').inputValue()).to.equal('');
    }));

  it('fits a phone, can be touched and read', () =>
    visit('/url-shortener', async (page, origin) => {
      await expectSound(page);
      await page.getByLabel('Address').fill(`${origin}/${'w'.repeat(300)}`);
      await page.getByRole('button', { name: 'Shorten' }).click();
      await page.getByText('0 clicks').waitFor();
      await expectSound(page);
      await page.goto(`${origin}/url-shortener/nothing`);
      await expectSound(page);
    }));
});
