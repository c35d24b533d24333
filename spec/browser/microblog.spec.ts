import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { expectSound } from '../support/page-faults.js';
import { useTour } from '../support/tour-in-browser.js';

const PASSWORD = 'a long secret';

async function register(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Register' }).click();
  await page.getByLabel('Name').focus();
  await page.keyboard.type(name);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Home' }).waitFor();
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel('What is new?').fill(text);
  await page.getByRole('button', { name: 'Post' }).click();
  await page.getByText(text).waitFor();
}

describe('demo: microblog, in a browser', function () {
  this.timeout(60_000);
  const visit = useTour();

  it('registers by the keyboard alone, writes, follows, and logs out', () =>
    visit('/microblog', async (page) => {
      await register(page, 'ada');
      await write(page, 'Hello from Ada');
      await page.getByRole('button', { name: 'Log out' }).click();
      await register(page, 'bob');
      expect(await page.getByRole('main').textContent()).not.to.contain('Hello from Ada');
      await page.getByRole('link', { name: 'Everybody' }).click();
      await page.getByRole('link', { name: 'ada' }).click();
      await page.getByRole('button', { name: 'Follow ada' }).click();
      await page.getByRole('button', { name: 'Unfollow ada' }).waitFor();
      await page.getByRole('link', { name: 'Home' }).click();
      await page.getByText('Hello from Ada').waitFor();
    }));

  it('keeps the name, and not the password, where a log-in fails', () =>
    visit('/microblog/login', async (page) => {
      await page.getByLabel('Name').fill('ada');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('alert').getByText('Wrong name or password').waitFor();
      expect(await page.getByLabel('Name').inputValue()).to.equal('ada');
      expect(await page.getByLabel('Password').inputValue()).to.equal('');
      await expectSound(page);
    }));

  it('fits a phone, can be touched and read', () =>
    visit('/microblog', async (page, origin) => {
      for (const path of ['', '/login', '/register', '/people/nobody']) {
        await page.goto(`${origin}/microblog${path}`);
        await expectSound(page);
      }
      await page.goto(`${origin}/microblog`);
      await register(page, 'W'.repeat(20));
      await expectSound(page);
      await write(page, 'W'.repeat(280));
      await expectSound(page);
    }));
});
