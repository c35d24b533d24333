import { expect } from 'chai';
import { createDemos, type Demo } from '../../demo/tour.js';
import { errorsOf } from '../support/app.js';
import { faultsOf } from '../support/page-faults.js';
import { tourApp } from '../support/tour.js';
import { useTour } from '../support/tour-in-browser.js';

describe('the tour in a browser', function () {
  this.timeout(180_000);
  const visit = useTour();

  for (const [kind, paths] of Object.entries(pathsOf(createDemos())))
    it(`has ${kind} that axe finds no fault with, that fit a phone and fingers, ask nobody else, and lead back`, async () => {
      const app = tourApp();
      errorsOf(app);
      const faults: string[] = [];
      await visit(
        '/',
        async (page, origin) => {
          for (const path of paths) {
            await page.goto(origin + path);
            faults.push(...(await faultsOf(page)).map((fault) => `${path}: ${fault}`));
          }
        },
        { app },
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
