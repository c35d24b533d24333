import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { withServer } from './app.js';
import { tourApp } from './tour.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TOUCH = 44;

/** Gives the tests of a `describe` a browser, and a function that opens a page of a fresh tour in it. */
export function useBrowser() {
  let browser: Browser;
  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-background-networking'],
    });
  });
  after(() => browser.close());

  /** The page must ask nobody else for anything, nor complain. */
  return (path: string, use: (page: Page, origin: string) => Promise<void>, options: BrowserContextOptions = {}) =>
    withServer(tourApp(), async (port) => {
      const origin = `http://127.0.0.1:${port}`;
      const page = await browser.newPage({ viewport: { width: 390, height: 844 }, ...options });
      const complaints = watch(page, origin);
      try {
        await page.goto(origin + path);
        await use(page, origin);
        expect(complaints).to.deep.equal([]);
      } finally {
        await page.close();
      }
    });
}

function watch(page: Page, origin: string): string[] {
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) complaints.push(`a request of ${request.url()}`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // Chromium also tells of each answer that is an error, which some tests ask for.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  return complaints;
}

/** That nothing overflows, what is to be touched is large enough, and axe-core finds nothing. */
export async function expectSound(page: Page): Promise<void> {
  // With its style sheets.
  await page.waitForLoadState();
  const width = page.viewportSize()?.width ?? 0;
  expect(await page.evaluate<number>('document.documentElement.scrollWidth'), 'width').to.be.at.most(width);
  const targets = await page.locator('main :is(a, button, input:not([type=hidden]), select, textarea)').all();
  for (const target of targets) {
    expect((await target.boundingBox())?.height, String(target)).to.be.at.least(TOUCH);
  }
  await page.evaluate(AXE);
  const violations = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
    'axe.run().then((found) => found.violations)',
  );
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).to.deep.equal([]);
}
