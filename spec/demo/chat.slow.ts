import { expect } from 'chai';
import { type Serving, serve } from '../../lib/index.js';
import { RedisServer } from '../sessions/redis-server.js';
import { withDemoServer } from '../support/demo-server.js';
import { eventually } from '../support/socket.js';
import { open, refused, type SocketClient } from '../support/sockets.js';
import { tourApp } from '../support/tour.js';

type Place = Pick<Serving, 'url'>;

const heard = ({ messages }: SocketClient) =>
  messages.map((message): Record<string, unknown> => JSON.parse(String(message)));
const texts = (client: SocketClient) => heard(client).flatMap(({ name, text }) => (text ? [`${name}: ${text}`] : []));
const present = (client: SocketClient) => heard(client).findLast(({ names }) => names)?.['names'];

async function withTour(use: (place: Place) => Promise<void>): Promise<void> {
  const service = await serve(tourApp(), { port: 0, host: '127.0.0.1', deadline: 0 });
  try {
    await use(service);
  } finally {
    await service.close();
  }
}

async function expectTalk(first: Place, second: Place): Promise<void> {
  const ada = await open(first, '/chat/den?name=Ada');
  const bob = await open(second, '/chat/den?name=Bob');
  const eve = await open(second, '/chat/elsewhere?name=Eve');
  for (const one of [ada, bob])
    await eventually(() => JSON.stringify(present(one)) === '["Ada","Bob"]', 'both are there');
  ada.send('hello');
  for (const one of [ada, bob]) await eventually(() => texts(one).includes('Ada: hello'), 'it is heard');
  expect(texts(eve)).to.deep.equal([]);
  await bob.leave();
  await eventually(() => JSON.stringify(present(ada)) === '["Ada"]', 'Bob has left');
  await Promise.all([ada.leave(), eve.leave()]);
}

describe('demo: chat', () => {
  it('lets those in a room talk, and knows who is there', () => withTour((place) => expectTalk(place, place)));

  it('gives what was said to who comes later, and only the rest to who comes back', () =>
    withTour(async (place) => {
      const ada = await open(place, '/chat/den?name=Ada');
      ada.send('one', 'two', '');
      await eventually(() => texts(ada).length === 2, 'both came');
      const [first] = heard(ada).filter(({ text }) => text === 'one');
      const late = await open(place, '/chat/den');
      await eventually(() => texts(late).length === 2, 'the newcomer has both');
      const back = await open(place, `/chat/den?after=${first?.['id']}`);
      await eventually(() => texts(back).length === 1, 'the other has the rest');
      expect(texts(back)).to.deep.equal(['Ada: two']);
      for (const one of [ada, late, back]) await one.leave();
    }));

  it('refuses other pages by HTTP, and a room with a strange name when it is open', () =>
    withTour(async (place) => {
      expect((await refused(place, '/chat/den', { origin: 'https://evil.example' })).status).to.equal(403);
      expect((await (await open(place, '/chat/a%20b')).closed).code).to.equal(1008);
    }));

  it('joins two processes by Redis', async function () {
    this.timeout(60_000);
    const redis = await RedisServer.start();
    if (!redis) return this.skip();
    const env = { REDIS_URL: `redis://127.0.0.1:${redis.port}`, PORT: '0' };
    try {
      await withDemoServer(env, (one) =>
        withDemoServer(env, (other) => expectTalk({ url: one.address }, { url: other.address })),
      );
    } finally {
      await redis.kill();
    }
  });
});
