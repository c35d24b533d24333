import { mkdtemp, rm } from 'node:fs/promises';
import { STATUS_CODES } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pastebin } from '../../demo/pastebin/index.js';
import { MAX_TEXT, Pastes } from '../../demo/pastebin/pastes.js';
import { appOf, errorsOf } from '../support/app.js';
import { visitor } from '../support/sessions.js';
import { tour } from '../support/tour.js';

type Agent = ReturnType<typeof visitor>;

const MINUTE = 60_000;

/** A pastebin whose time the test tells. */
function pasteboard() {
  const clock = { now: Date.UTC(2030, 0, 1) };
  const pastes = new Pastes(':memory:', () => clock.now);
  const app = appOf(pastebin(pastes));
  return { clock, pastes, app, agent: visitor(app) };
}

async function paste(agent: Agent, sent: object): Promise<string> {
  const { status, headers } = await agent.post('/pastebin').type('form').send(sent);
  expect(status).to.equal(303);
  return String(headers['location']);
}

describe('demo: pastebin', () => {
  it('keeps a paste, and shows it in its layout and in the list', async () => {
    const agent = tour();
    const path = await paste(agent, { title: 'Pie', syntax: 'ts', text: 'const pie = 3.14;', lifetime: '1 hour' });
    const { text, type } = await agent.get(path);
    expect(type).to.equal('text/html');
    expect(text)
      .to.match(/^<!doctype html>/)
      .and.contain('<h1>Pie</h1>')
      .and.contain('<code>const pie = 3.14;</code>')
      .and.contain('ts, until <time')
      .and.match(/<\/html>\s*$/);
    expect((await agent.get('/pastebin')).text).to.contain(`<a href="${path}">Pie</a>`);
  });

  it('shows what was pasted as text, in the page and alone', async () => {
    const agent = tour();
    const evil = '\n<script>alert("pie")</script> <%= 1 + 1 %>';
    const path = await paste(agent, { title: '<b>', syntax: '"><i>', text: evil });
    const { text } = await agent.get(path);
    expect(text).to.contain('<code>\n&lt;script&gt;alert(&#34;pie&#34;)&lt;/script&gt; &lt;%= 1 + 1 %&gt;</code>');
    expect(text).not.to.match(/<script|<b>|<i>/);
    expect((await agent.get('/pastebin')).text).not.to.match(/<script|<b>|<i>/);
    const raw = await agent.get(`${path}/raw`);
    expect([raw.type, raw.text]).to.deep.equal(['text/plain', evil]);
  });

  it('keeps the lines of a form as they were typed', async () => {
    const agent = tour();
    const path = await paste(agent, { text: 'one\r\ntwo' });
    expect((await agent.get(`${path}/raw`)).text).to.equal('one\ntwo');
  });

  it('calls a paste without a title Untitled, its syntax text, and keeps it for a day', async () => {
    const { agent, clock } = pasteboard();
    const path = await paste(agent, { title: '', syntax: '', text: 'x' });
    expect((await agent.get(path)).text)
      .to.contain('<h1>Untitled</h1>')
      .and.contain('text, until <time datetime="2030-01-02T00:00:00.000Z">2030-01-02 00:00 UTC</time>');
    clock.now += 24 * 60 * MINUTE - 1;
    expect((await agent.get(path)).status).to.equal(200);
  });

  it('shows a paste no more when its time is over', async () => {
    const { agent, clock } = pasteboard();
    const path = await paste(agent, { title: 'Short', text: 'x', lifetime: '10 minutes' });
    const other = await paste(agent, { title: 'Long', text: 'x', lifetime: '1 hour' });
    clock.now += 10 * MINUTE;
    for (const gone of [path, `${path}/raw`]) expect((await agent.get(gone)).status).to.equal(404);
    expect((await agent.post(`${path}/delete`)).status).to.equal(404);
    const { text } = await agent.get('/pastebin');
    expect(text).to.contain(other).and.not.contain('Short');
  });

  it('has who pasted it delete it, and nobody else', async () => {
    const { agent, app } = pasteboard();
    const path = await paste(agent, { title: 'Mine', text: 'x' });
    const other = visitor(app);
    await paste(other, { text: 'y' });
    expect((await agent.get(path)).text).to.contain('Delete “Mine”');
    for (const stranger of [other, visitor(app)]) {
      expect((await stranger.get(path)).text).not.to.contain('Delete');
      const refused = await stranger.post(`${path}/delete?owner=x`).type('form').send({ owner: 'x' });
      expect([refused.status, refused.text.includes('Only who pasted this may delete it')]).to.deep.equal([403, true]);
    }
    const deleted = await agent.post(`${path}/delete`);
    expect([deleted.status, deleted.headers['location']]).to.deep.equal([303, '/pastebin']);
    expect((await agent.get(path)).status).to.equal(404);
  });

  it('sets no cookie for who only looks', async () => {
    const { agent, app } = pasteboard();
    const path = await paste(agent, { text: 'x' });
    for (const looked of ['/pastebin', path])
      expect((await visitor(app).get(looked)).headers).not.to.have.property('set-cookie');
  });

  it('takes the longest text, in a script of three bytes a letter too', async () => {
    const text = '馅'.repeat(MAX_TEXT);
    const agent = tour();
    const path = await paste(agent, { text });
    expect((await agent.get(`${path}/raw`)).text).to.equal(text);
  });

  const refusals = [
    [{}, 400, 'Paste some text'],
    [{ text: 'x'.repeat(MAX_TEXT + 1) }, 400, 'at most 50000 characters'],
    [{ text: 'x'.repeat(20 * MAX_TEXT) }, 413, 'Payload Too Large'],
    [{ text: 'x', title: 'x'.repeat(81) }, 400, 'at most 80 letters'],
    [{ text: 'x', lifetime: 'for ever' }, 400, 'Choose one of the times'],
  ] as const;
  for (const [sent, status, message] of refusals)
    it(`answers ${JSON.stringify(sent).slice(0, 40)} with ${status}, on a page that leads back`, async () => {
      const answer = await tour().post('/pastebin').type('form').send(sent);
      expect([answer.status, answer.type]).to.deep.equal([status, 'text/html']);
      expect(answer.text).to.contain(message).and.contain('href="/pastebin"');
    });

  const misses = [
    ['get', '/pastebin/nothing', 404],
    ['get', '/pastebin/no/such/path', 404],
    ['delete', '/pastebin', 405],
    ['get', '/pastebin/nothing/delete', 405],
  ] as const;
  for (const [method, path, status] of misses)
    it(`answers ${method} ${path} with ${status}, on a page that leads back`, async () => {
      const answer = await tour()[method](path);
      expect([answer.status, answer.type]).to.deep.equal([status, 'text/html']);
      expect(answer.text).to.contain(`<h1>${STATUS_CODES[status]}</h1>`).and.contain('href="/pastebin"');
      if (status === 405) expect(answer.headers).to.have.property('allow');
    });

  it('answers its own failures with a page that leads back, and tells the app', async () => {
    const { agent, app, pastes } = pasteboard();
    const errors = errorsOf(app);
    const path = await paste(agent, { text: 'x' });
    pastes.find = () => {
      throw new Error('The disk is full');
    };
    const { status, text } = await agent.get(path);
    expect(status).to.equal(500);
    expect(text).to.contain('Something went wrong').and.contain('href="/pastebin"').and.not.contain('disk');
    expect(errors.map(String)).to.deep.equal(['Error: The disk is full']);
  });

  it('keeps its pastes in a file, when it is started again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pastebin-spec-'));
    try {
      const first = new Pastes(join(folder, 'pastes.db'));
      const path = await paste(visitor(appOf(pastebin(first))), { text: 'still here' });
      first.close();
      const second = new Pastes(join(folder, 'pastes.db'));
      expect((await visitor(appOf(pastebin(second))).get(`${path}/raw`)).text).to.equal('still here');
      second.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
