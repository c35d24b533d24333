import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { createDemos, createTour, type Demo } from '../../demo/tour.js';
import { type Serving, serve } from '../../lib/index.js';
import { errorsOf, watched } from '../support/app.js';
import { useChromium, watch } from '../support/browser.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// What axe asks: in the dark, colours alone have changed.
const RULES = {
  light: "{ resultTypes: ['violations'] }",
  dark: "{ resultTypes: ['violations'], runOnly: ['color-contrast'] }",
};
const PHONE = { width: 390, height: 800 };
const DESK = { width: 1280, height: 800 };
// What a finger can hit, in CSS pixels.
const TARGET = 44;

describe('the tour in a browser', function () {
  this.timeout(300_000);
  const browser = useChromium();
  const demos = createDemos();
  const app = createTour(demos);
  let service: Serving;

  before(async () => {
    watched(app);
    service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 500 });
  });
  after(() => service.close());

  for (const colorScheme of ['light', 'dark'] as const)
    for (const [kind, paths] of Object.entries(pathsOf(demos)))
      it(`has ${kind} that axe finds no fault with, that fit a phone and fingers, ask nobody else, and lead back, in ${colorScheme}`, async () => {
        errorsOf(app);
        const faults: string[] = [];
        await browser.visit(
          `${service.url}/`,
          async (page) => {
            const { requests } = watch(page);
            for (const path of paths) {
              await page.goto(service.url + path);
              faults.push(...(await faultsOf(page, RULES[colorScheme])).map((fault) => `${path}: ${fault}`));
            }
            const elsewhere = requests.filter((url) => !isHere(url, service.url));
            expect(elsewhere).to.deep.equal([]);
          },
          { colorScheme, viewport: PHONE },
        );
        expect(faults).to.deep.equal([]);
      });
});

/** Every page, and with it every demo that is written later. */
function pathsOf(demos: readonly Demo[]): Record<string, string[]> {
  return {
    pages: ['/', '/unknown', ...demos.flatMap(({ page }) => page ?? []), '/blog/posts/first', '/templates/guest/Ada'],
    requests: demos.map(({ title }) => `/try/${title}`),
    sources: demos.map(({ title }) => `/try/${title}/source`),
  };
}

async function faultsOf(page: Page, rules: string): Promise<string[]> {
  const onPhone = await page.evaluate<string[]>(SIZES);
  await page.setViewportSize(DESK);
  const width: number = await page.evaluate('document.documentElement.scrollWidth');
  await page.setViewportSize(PHONE);
  return [...onPhone, ...(width > DESK.width ? [`${width} pixels wide on a desk`] : []), ...(await axe(page, rules))];
}

/** In the page: what is too wide, too small, or lacks a heading or a way back. */
const SIZES = `(() => {
  const found = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) found.push(scrollWidth + ' pixels wide on a phone');
  if (document.querySelectorAll('h1').length !== 1 && !document.querySelector('#docs')) found.push('no heading');
  if (!document.querySelector('header a[href="/"]')) found.push('no way back');
  // Swagger UI has its own sizes.
  for (const one of document.querySelectorAll('body *:not(#docs *)')) {
    if (!one.matches('button, input, select, textarea, summary, a') || !one.checkVisibility()) continue;
    const isInText = one.matches('p:not(.actions) a, li a:not(:only-child), label a');
    const { width, height } = (one.closest('label:has([type=checkbox])') ?? one).getBoundingClientRect();
    if (one.type !== 'hidden' && !isInText && (height < ${TARGET} || width < ${TARGET}))
      found.push('a target of ' + width + ' x ' + height + ': ' + one.outerHTML.slice(0, 80));
  }
  return found;
})()`;

/** Swagger UI makes its own elements; see the spec of the documentation. */
async function axe(page: Page, rules: string): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>(`axe.run({ exclude: [['#docs']] }, ${rules})`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

function isHere(url: string, origin: string): boolean {
  return url.startsWith(`${origin}/`) || url.startsWith('data:');
}
