import { expect } from 'chai';
import type Koa from 'koa';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { type Serving, serve } from '../../lib/index.js';
import { useChromium, watch } from './browser.js';
import { tourApp } from './tour.js';

export const PHONE = { width: 390, height: 800 };

export interface VisitOptions extends BrowserContextOptions {
  /** A tour that was made elsewhere. */
  readonly app?: Koa;
  /** Adds to the tour's server. */
  readonly attach?: (service: Serving) => void;
}

/**
 * Gives the tests of a `describe` a browser, and a function that opens a page of a fresh tour in it, on a phone. The
 * pages must fit, ask nobody else for anything, and not complain.
 *
 * @example
 * const visit = useTour();
 * it('greets', () => visit('/hello', (page) => page.getByText('Hello').waitFor()));
 */
export function useTour() {
  const browser = useChromium();

  return async (
    path: string,
    use: (page: Page, origin: string) => Promise<void>,
    { app = tourApp(), attach = () => {}, ...options }: VisitOptions = {},
  ): Promise<void> => {
    const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 500 });
    attach(service);
    const tried = async (page: Page) => {
      const { requests, complaints } = watch(page);
      await page.goto(service.url + path);
      await use(page, service.url);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).to.be.at.most(page.viewportSize()?.width ?? 0);
      expect(requests.filter((url) => !isFrom(url, service.url))).to.deep.equal([]);
      expect(complaints).to.deep.equal([]);
    };
    try {
      await browser.visit('about:blank', tried, { viewport: PHONE, ...options });
    } finally {
      await service.close();
    }
  };
}

export function isFrom(url: string, origin: string): boolean {
  return url.startsWith(`${origin}/`) || url.startsWith('data:');
}
