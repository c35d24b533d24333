import { type Browser, chromium, type Page } from 'playwright-core';
import { type Serving, serve } from '../../lib/index.js';
import { tourApp } from './tour.js';

/** Starts Chromium. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
  });
}

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

const PHONE = { width: 390, height: 780 };

/** Opens a page on a phone, and fails where it is wider than that, or where its console or its policy complain. */
export async function onPhone(browser: Browser, url: string, use: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: PHONE });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  try {
    await page.goto(url);
    await use(page);
    const width: number = await page.evaluate('document.documentElement.scrollWidth');
    if (width > PHONE.width) complaints.push(`The page is ${width} pixels wide`);
  } finally {
    await context.close();
  }
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
}
