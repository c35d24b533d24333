import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { type Serving, serve } from '../../lib/index.js';
import { type Chromium, watch } from './browser.js';
import { tourApp } from './tour.js';

export const PHONE = { width: 390, height: 780 };

/** Serves a fresh tour for the time of a test, with what is attached to its server. */
export async function withServedTour(
  use: (url: string) => Promise<void>,
  attach: (service: Serving) => void = () => {},
): Promise<void> {
  const service = await serve(tourApp(), { port: 0, host: '127.0.0.1', deadline: 1000 });
  attach(service);
  try {
    await use(service.url);
  } finally {
    await service.close();
  }
}

/** Opens a page on a phone, and expects it to fit, and nothing to complain about before and after its use. */
export async function onPhone(browser: Chromium, url: string, use: (page: Page) => Promise<void>): Promise<void> {
  const visit = async (page: Page) => {
    const { complaints } = watch(page);
    await page.goto(url);
    await use(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(PHONE.width);
    expect(complaints).to.deep.equal([]);
  };
  await browser.visit('about:blank', visit, { viewport: PHONE });
}
