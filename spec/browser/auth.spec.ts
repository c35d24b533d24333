import { expect } from 'chai';
import { auth } from '../../demo/auth/index.js';
import { createDemos, createTour } from '../../demo/tour.js';
import { watched } from '../support/app.js';
import { useChromium } from '../support/browser.js';
import { type Registered, withProvider } from '../support/identity-provider.js';
import { eventually } from '../support/socket.js';
import { useTour } from '../support/tour-in-browser.js';

/** The tour, whose demo knows a provider. */
function tourWith(registered: Registered) {
  const demos = createDemos().map((one) => (one.title === 'auth' ? { ...one, middleware: auth(registered) } : one));
  return watched(createTour(demos));
}

describe('demo: auth, in a browser', function () {
  this.timeout(60_000);
  const browser = useChromium();
  const visit = useTour();

  it('logs in at the provider and out again, by keyboard', () =>
    withProvider(tourWith, ({ url }, { issuer }) =>
      browser.visit('about:blank', async (page) => {
        // The provider's pages ask for fonts.
        await page.route(
          ({ hostname }) => hostname !== '127.0.0.1',
          (route) => route.abort(),
        );
        await page.goto(`${url}/auth`);
        await page.getByRole('link', { name: 'Log in with the provider' }).press('Enter');
        await page.waitForURL(`${issuer}/**`);
        await page.locator('[name=login]').fill('ada');
        await page.locator('[name=password]').fill('any');
        await page.keyboard.press('Enter');
        await page.getByRole('button', { name: 'Continue' }).press('Enter');
        await page.waitForURL(`${url}/auth`);
        expect(await page.getByRole('main').innerText()).to.contain('You are ada of the pies');
        await page.getByRole('button', { name: 'Log out' }).press('Enter');
        await page.getByText('Nobody is logged in').waitFor();
      }),
    ));

  it('shows what an answer to a token says', () =>
    visit('/auth', async (page) => {
      const ask = async (token: string, button: string, answer: string) => {
        await page.getByLabel('Token').fill(token);
        await page.getByRole('button', { name: button }).press('Enter');
        await eventually(async () => (await page.locator('#answer').innerText()).startsWith(answer), answer);
      };
      await ask('reader', 'Read the list', '200 OK');
      await ask('reader', 'Bake', '403 Forbidden\nWWW-Authenticate: Bearer realm="demo", error="insufficient_scope"');
      await ask('baker', 'Bake', '201 Created');
      await ask('', 'Read the list', '401 Unauthorized\nWWW-Authenticate: Bearer realm="demo"');
    }));

  it('lets in by name and password as a browser sends them', () =>
    visit(
      '/auth',
      async (page) => {
        await page.getByRole('link', { name: '/auth/basic' }).click();
        await page.getByText('You are demo, and know the password.').waitFor();
      },
      { httpCredentials: { username: 'demo', password: 'pie' } },
    ));
});
