import { expect } from 'chai';
import request from 'supertest';
import { withServer } from '../support/app.js';
import { eventually } from '../support/socket.js';
import { tour, tourApp } from '../support/tour.js';

interface Listener {
  readonly text: () => string;
  readonly leave: () => void;
}

async function listen(base: string, headers: Record<string, string> = {}): Promise<Listener> {
  const controller = new AbortController();
  const answer = await fetch(`${base}/events/stream`, { headers, signal: controller.signal });
  expect(answer.headers.get('content-type')).to.equal('text/event-stream; charset=utf-8');
  let text = '';
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) text += decoder.decode(chunk, { stream: true });
  })();
  reading.catch(() => {});
  return { text: () => text, leave: () => controller.abort() };
}

function say(base: string, fields: Record<string, string>) {
  return request(base).post('/events/say').type('form').send(fields);
}

async function withTour(use: (base: string) => Promise<void>): Promise<void> {
  await withServer(tourApp(), (port) => use(`http://127.0.0.1:${port}`));
}

describe('demo: events', () => {
  it('has a page whose script is a file of its own', async () => {
    const agent = tour();
    expect((await agent.get('/events')).text).to.contain('src="/events/chat.js"');
    const script = await agent.get('/events/chat.js');
    expect(script.type).to.match(/javascript$/);
    expect(script.text).to.contain("new EventSource('/events/stream')");
  });

  it('tells everybody what one says', () =>
    withTour(async (base) => {
      const listeners = [await listen(base), await listen(base)];
      expect((await say(base, { name: 'Ada', text: 'Hello\nall' })).status).to.equal(204);
      for (const { text, leave } of listeners) {
        await eventually(() => text().includes('"name":"Ada","text":"Hello\\nall"'), 'the message came');
        leave();
      }
    }));

  it('tells a newcomer what was said before, and one who comes back only what he missed', () =>
    withTour(async (base) => {
      for (const text of ['one', 'two']) await say(base, { text });
      const newcomer = await listen(base);
      await eventually(() => newcomer.text().includes('"two"'), 'both messages came');
      expect(newcomer.text()).to.contain('"one"');
      newcomer.leave();
      const [, id = ''] = /^id: (\d+)$/m.exec(newcomer.text()) ?? [];
      const returned = await listen(base, { 'Last-Event-ID': id });
      await eventually(() => returned.text().includes('"two"'), 'the missed message came');
      expect(returned.text()).not.to.contain('"one"');
      returned.leave();
    }));

  it('asks for a text', async () => {
    expect((await tour().post('/events/say').type('form').send({ name: 'Ada' })).status).to.equal(422);
  });
});
