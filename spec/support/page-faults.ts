import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { expect } from 'chai';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const DESK = { width: 1280, height: 800 };
// What a finger can hit, in CSS pixels.
const TARGET = 44;

/**
 * What is wrong with a page that is open on a phone, in light and dark, and on a desk: what is too wide or too small
 * to be hit, has too little contrast, lacks a heading or a way back, and whatever axe finds.
 */
export async function faultsOf(page: Page): Promise<string[]> {
  const phone = page.viewportSize() ?? DESK;
  // With its style sheets.
  await page.waitForLoadState();
  const faults = [...(await page.evaluate<string[]>(SIZES)), ...(await axe(page))];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    faults.push(...(await contrasts(page)).map((fault) => `in ${colorScheme}, ${fault}`));
  }
  await page.setViewportSize(DESK);
  const width: number = await page.evaluate('document.documentElement.scrollWidth');
  await page.setViewportSize(phone);
  return width > DESK.width ? [...faults, `${width} pixels wide on a desk`] : faults;
}

/** Scripts hear of another scheme a moment later, and colours may fade: what is left after two seconds counts. */
async function contrasts(page: Page): Promise<string[]> {
  for (let tries = 0; tries < 20; tries += 1) {
    const faults = await page.evaluate<string[]>(CONTRASTS);
    if (faults.length === 0) return faults;
    await page.waitForTimeout(100);
  }
  return page.evaluate<string[]>(CONTRASTS);
}

export async function expectSound(page: Page): Promise<void> {
  expect(await faultsOf(page)).to.deep.equal([]);
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

/** In the page: text with a contrast of less than 4.5:1, large text and borders of fields of less than 3:1 (WCAG 2.1). */
const CONTRASTS = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => channels(colour).slice(0, 3)
    .map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
  const contrast = (one, other) => {
    const [dark, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if (channels(backgroundColor)[3] !== 0) return backgroundColor;
    }
    // The browser's own, which a page with a colour scheme does not have.
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  const want = (least, ratio, what, { outerHTML }) => {
    if (ratio < least) found.push(what + ' with a contrast of ' + ratio.toFixed(2) + ': ' + outerHTML.slice(0, 80));
  };
  const isMeant = (one) => one.checkVisibility() && !one.closest('#docs, :disabled, .hidden');
  const elements = Array.from(document.querySelectorAll('body, body *')).filter(isMeant);
  for (const one of elements) {
    const { color, fontSize, fontWeight, borderTopColor, borderTopStyle } = getComputedStyle(one);
    const size = Number.parseFloat(fontSize);
    const hasText = Array.from(one.childNodes).some(({ nodeType, data }) => nodeType === 3 && data.trim() !== '');
    if (hasText || one.matches('input, textarea, select'))
      want(size >= 24 || (size >= 18.6 && fontWeight >= 700) ? 3 : 4.5, contrast(color, ground(one)), 'text', one);
    // The browser draws boxes itself.
    if (!one.matches('input:not([type=checkbox], [type=radio], [type=file]), select, textarea')) continue;
    const around = [one, one.parentElement].map((each) => contrast(borderTopColor, ground(each)));
    want(3, borderTopStyle === 'none' ? 0 : Math.min(...around), 'a border', one);
  }
  return found;
})()`;

/** Swagger UI makes its own elements, see the spec of the documentation; code has thousands, whose colours are checked above. */
async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>(
    "axe.run({ exclude: [['#docs'], ['.source span']] }, { resultTypes: ['violations'] })",
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
