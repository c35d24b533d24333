import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { createDemos, createTour } from '../../demo/tour.js';
import { micropie, type Serving, type Socket, serve } from '../../lib/index.js';
import { appOf, watched } from '../support/app.js';
import { useChromium } from '../support/browser.js';
import { eventually } from '../support/socket.js';

class Root {
  opened = 0;

  index() {
    return `<!doctype html><title>Sockets</title><script>
      notes = [];
      function open(address, protocols) {
        socket = new WebSocket(address, protocols);
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => notes.push('open ' + socket.protocol);
        socket.onmessage = ({ data }) =>
          notes.push(typeof data === 'string' ? data : 'bytes ' + [...new Uint8Array(data)]);
        socket.onclose = ({ code, reason }) => notes.push(('closed ' + code + ' ' + reason).trim());
      }
    </script>`;
  }

  async ws_echo(socket: Socket) {
    this.opened += 1;
    for await (const message of socket) await socket.send(message);
  }

  static routes = { ws_echo: { protocols: ['echo'] } };
}

describe('sockets in a browser', function () {
  this.timeout(60_000);
  const browser = useChromium();
  const services: Serving[] = [];

  afterEach(() => Promise.all(services.splice(0).map((service) => service.close())));

  async function start(root: Root): Promise<string> {
    const service = await serve(appOf(micropie(root)), { port: 0, host: '127.0.0.1', deadline: 1000 });
    services.push(service);
    return service.url;
  }

  const notesOf = (page: Page): Promise<string[]> => page.evaluate('notes');

  it('exchange texts and bytes, speak the protocol, and hear why they were closed', async () => {
    const url = await start(new Root());
    const page = await browser.open(url);
    await page.evaluate(`open('${url.replace('http', 'ws')}/echo', ['other', 'echo'])`);
    await eventually(async () => (await notesOf(page)).length === 1, 'it is open');
    await page.evaluate(`socket.send('grüße'); socket.send(new Uint8Array([0, 255]))`);
    await eventually(async () => (await notesOf(page)).length === 3, 'the echo came');
    await services[0]?.close();
    await eventually(async () => (await notesOf(page)).length === 4, 'it is closed');
    expect(await notesOf(page)).to.deep.equal([
      'open echo',
      'grüße',
      'bytes 0,255',
      'closed 1001 The server is closing',
    ]);
    await page.close();
  });

  it('of a page of another origin are refused', async () => {
    const root = new Root();
    const [url, other] = [await start(root), await start(new Root())];
    const page = await browser.open(other);
    await page.evaluate(`open('${url.replace('http', 'ws')}/echo')`);
    await eventually(async () => (await notesOf(page)).length === 1, 'it is over');
    expect(await notesOf(page)).to.deep.equal(['closed 1006']);
    expect(root.opened).to.equal(0);
    await page.close();
  });

  it('let two pages of the chat demo talk, by keyboard and on a phone, and come back to what was said', async () => {
    const service = await serve(watched(createTour(createDemos())), { port: 0, host: '127.0.0.1', deadline: 1000 });
    services.push(service);
    const desk = await browser.open(`${service.url}/chat/den`);
    const touch = { viewport: { width: 360, height: 640 }, hasTouch: true };
    const phone = await browser.open(`${service.url}/chat/den`, touch);
    const textOf = (page: Page, selector: string) => page.locator(selector).innerText();
    for (const [page, name] of [
      [desk, 'Ada'],
      [phone, 'Bob'],
    ] as const) {
      await page.locator('input[name=name]').fill(name);
      await page.locator('input[name=text]').focus();
    }
    await eventually(async () => (await textOf(phone, '#people')) === 'Ada, Bob', 'both are there');
    await desk.keyboard.type('hello <b>you</b>');
    await desk.keyboard.press('Enter');
    await eventually(async () => (await textOf(phone, '#messages')).includes('Ada hello <b>you</b>'), 'Bob hears');
    await phone.locator('input[name=text]').fill('hi');
    await phone.locator('button').tap();
    await eventually(async () => (await textOf(desk, '#messages')).includes('Bob hi'), 'Ada hears');
    const width: number = await phone.evaluate('document.documentElement.scrollWidth');
    expect(width).to.be.at.most(360);
    await phone.close();
    await eventually(async () => (await textOf(desk, '#people')) === 'Ada', 'Bob has left');
    const late = await browser.open(`${service.url}/chat/den`);
    await eventually(async () => (await textOf(late, '#messages')).includes('Bob hi'), 'what was said is kept');
    await Promise.all([desk.close(), late.close()]);
  });
});
