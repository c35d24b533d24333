import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** What the tests of a `describe` do in a browser. */
export interface Chromium {
  /** A page with cookies of its own, open until it is closed. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
  /** The same, closed after its use. */
  visit<T>(url: string, use: (page: Page) => Promise<T>, options?: BrowserContextOptions): Promise<T>;
}

/**
 * Has a Chromium run during the tests of a `describe`: that of the environment's `CHROMIUM`, or the system's.
 *
 * @example
 * const browser = useChromium();
 * it('greets', () => browser.visit(url, async (page) => expect(await page.title()).to.equal('Hello')));
 */
export function useChromium(): Chromium {
  let browser: Browser;
  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-background-networking'],
    });
  });
  after(() => browser.close());

  async function open(url: string, options?: BrowserContextOptions): Promise<Page> {
    const page = await browser.newPage(options);
    await page.goto(url);
    return page;
  }

  async function visit<T>(url: string, use: (page: Page) => Promise<T>, options?: BrowserContextOptions): Promise<T> {
    // Not as above: in this one, the test may open more pages.
    const context = await browser.newContext(options);
    try {
      const page = await context.newPage();
      await page.goto(url);
      return await use(page);
    } finally {
      await context.close();
    }
  }

  return { open, visit };
}

/** What a page asks for from now on, and what its console or its policy complains about. */
export function watch(page: Page): { readonly requests: string[]; readonly complaints: string[] } {
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // Chromium also tells of each answer that is an error, which some tests ask for.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  return { requests, complaints };
}
