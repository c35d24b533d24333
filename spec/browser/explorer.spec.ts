import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { tempFolder } from '../../demo/temp.js';
import { errorsOf } from '../support/app.js';
import { tourApp } from '../support/tour.js';
import { useTour, type VisitOptions } from '../support/tour-in-browser.js';

const MIB = 1024 * 1024;

describe('the pages that try the demos, in a browser', function () {
  this.timeout(60_000);
  const visitTour = useTour();

  function visit(path: string, use: (page: Page) => Promise<void>, options?: VisitOptions): Promise<void> {
    const app = tourApp();
    errorsOf(app);
    return visitTour(path, use, { app, ...options });
  }

  const sectionOf = (page: Page, heading: string) =>
    page.locator('.request', { has: page.getByRole('heading', { name: heading, exact: true }) });
  const textOf = (page: Page, heading: string, part: string) =>
    sectionOf(page, heading).locator(`[data-part=${part}]`).textContent();

  /** Waits until all of the answer is there. */
  const whole = (page: Page, heading: string) =>
    sectionOf(page, heading).getByRole('status').filter({ hasText: 'bytes' }).waitFor();

  it('send what was typed, by keyboard alone, and show what was sent and what came back', () =>
    visit('/try/json-api', async (page) => {
      const name = 'POST /json-api/todos';
      const section = sectionOf(page, name);
      await section.getByLabel('title').focus();
      await page.keyboard.press('End');
      await page.keyboard.type(' & eat it');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await section.getByLabel('Send as').selectOption('JSON');
      const command = await section.locator('.curl code').textContent();
      await section.getByRole('button', { name: 'Send' }).press('Enter');
      await whole(page, name);
      expect(command).to.contain(`-d '{"title":"Bake a pie & eat it","done":true}'`);
      expect(await textOf(page, name, 'sent')).to.equal(
        'POST /json-api/todos\ncontent-type: application/json\n\n{"title":"Bake a pie & eat it","done":true}',
      );
      expect(await textOf(page, name, 'status')).to.match(/^201 Created · \d+ ms · 50 bytes$/);
      expect(await textOf(page, name, 'headers')).to.contain('location: /json-api/todos/3');
      expect(await textOf(page, name, 'body')).to.equal('{"title":"Bake a pie & eat it","done":true,"id":3}');
    }));

  it('send every HTTP method, to the address that was filled in', () =>
    visit('/try/json-api', async (page) => {
      for (const [name, id, status] of [
        ['PUT /json-api/todos/:id', '1', '200 OK'],
        ['PATCH /json-api/todos/:id', '9', '404 Not Found'],
        ['DELETE /json-api/todos/:id', '2', '204 No Content'],
      ] as const) {
        await sectionOf(page, name).getByLabel('id').fill(id);
        await sectionOf(page, name).getByRole('button', { name: 'Send' }).click();
        await whole(page, name);
        expect(await textOf(page, name, 'sent')).to.contain(`/json-api/todos/${id}`);
        expect(await textOf(page, name, 'status')).to.contain(status);
      }
    }));

  it('show the answer of an example, a redirect, and where a page can be opened', () =>
    visit('/try/hello', async (page) => {
      await page.getByRole('link', { name: '/hello/greet/Alice' }).click();
      await whole(page, 'GET · POST /hello/greet');
      expect(await textOf(page, 'GET · POST /hello/greet', 'body')).to.equal('Hello, Alice!');
      await page.goto(page.url().replace('hello', 'sessions'));
      const login = 'POST /sessions/login';
      await sectionOf(page, login).getByRole('button', { name: 'Send' }).click();
      await whole(page, login);
      expect(await textOf(page, login, 'status')).to.contain('Redirected to /sessions: 200 OK');
      await sectionOf(page, login).getByRole('link', { name: 'Open this page' }).click();
      await page.getByText('You are Ada').waitFor();
    }));

  it('show a stream as it comes, until it is stopped', () =>
    visit('/try/live', async (page) => {
      const name = 'GET /live/count';
      await sectionOf(page, name).getByRole('button', { name: 'Send' }).click();
      await sectionOf(page, name).getByText('id: 3').waitFor();
      await sectionOf(page, name).getByRole('button', { name: 'Stop' }).click();
      await sectionOf(page, name).getByRole('status').filter({ hasText: '200 OK · stopped' }).waitFor();
      expect(await sectionOf(page, name).getByRole('button', { name: 'Stop' }).isVisible()).to.equal(false);
    }));

  it('copy the curl line', () =>
    visit(
      '/try/hello',
      async (page) => {
        const section = sectionOf(page, 'GET /hello');
        await section.getByRole('button', { name: 'Copy' }).click();
        await section.getByText('Copied').waitFor();
        const copied = await page.evaluate('navigator.clipboard.readText()');
        expect(copied).to.equal(await section.locator('.curl code').textContent());
      },
      { permissions: ['clipboard-read', 'clipboard-write'] },
    ));

  it('send files', () =>
    visit('/try/uploads', async (page) => {
      const name = 'POST /uploads/upload';
      const file = { name: 'pie.txt', mimeType: 'text/plain', buffer: Buffer.from('apple') };
      await sectionOf(page, name).getByLabel('files').setInputFiles(file);
      expect(await sectionOf(page, name).locator('.curl code').textContent()).to.contain("-F 'files=@pie.txt'");
      await sectionOf(page, name).getByRole('button', { name: 'Send' }).click();
      await whole(page, name);
      expect(await textOf(page, name, 'body'))
        .to.contain('pie.txt')
        .and.contain('5 bytes');
    }));

  it('are forms and links without JavaScript', () =>
    visit(
      '/try/requests',
      async (page) => {
        await sectionOf(page, 'POST /requests/contact').getByRole('button', { name: 'Send' }).click();
        await page.getByRole('heading', { name: 'Thank you' }).waitFor();
        await page.goBack();
        await page.getByRole('link', { name: '/requests/echo/some/path?and=query' }).click();
        expect(await page.locator('body').textContent()).to.contain('"pathParams":["some","path"]');
      },
      { javaScriptEnabled: false },
    ));

  for (const size of [6 * MIB, 40 * MIB])
    it(`lead back from an upload of ${size / MIB} MiB, which is too large`, () =>
      visit('/uploads', async (page) => {
        await page.getByLabel('Files').setInputFiles(await largeFile(size));
        await page.getByRole('button', { name: 'Upload' }).click();
        await page.getByRole('heading', { name: 'Payload Too Large' }).waitFor();
        await page.getByRole('link', { name: 'Back' }).click();
        await page.getByText('None yet.').waitFor();
      }));

  it('say in a delete button what it deletes', () =>
    visit('/uploads', async (page) => {
      const file = { name: 'pie.txt', mimeType: 'text/plain', buffer: Buffer.alloc(2500) };
      await page.getByLabel('Files').setInputFiles(file);
      await page.getByRole('button', { name: 'Upload' }).press('Enter');
      await page.getByText('2.5 kB').waitFor();
      await page.getByRole('button', { name: 'Delete pie.txt' }).press('Enter');
      await page.getByText('None yet.').waitFor();
    }));

  it('say that nothing was said yet, until something is', () =>
    visit('/events', async (page) => {
      const before = "getComputedStyle(document.querySelector('#messages'), '::before').content";
      expect(await page.evaluate(before)).to.equal('"Nothing was said yet."');
      await page.getByLabel('Message').fill('Hello');
      await page.keyboard.press('Enter');
      await page.locator('#messages li').waitFor();
      expect(await page.evaluate(before)).to.equal('none');
    }));
});

/** Of zeros, which take no room; it goes with the process. */
async function largeFile(size: number): Promise<string> {
  const path = join(tempFolder(), `large-${size}.bin`);
  await writeFile(path, '');
  await truncate(path, size);
  return path;
}
