import { expect } from 'chai';
import request from 'supertest';
import { RedisServer } from '../sessions/redis-server.js';
import { withDemoServer } from '../support/demo-server.js';
import { cookieHeader } from '../support/sessions.js';

describe('demo: sessions', () => {
  it('shares sessions with another process where REDIS_URL is set', async function () {
    const redis = await RedisServer.start();
    if (!redis) return this.skip();
    this.timeout(20_000);
    const env = { PORT: '0', REDIS_URL: `redis://127.0.0.1:${redis.port}` };
    try {
      await withDemoServer(env, (one) =>
        withDemoServer(env, async (other) => {
          const first = await request(one.address).get('/sessions/visits');
          const second = await request(other.address).get('/sessions/visits').set('Cookie', cookieHeader(first));
          expect([first.text, second.text]).to.deep.equal(['Visit 1', 'Visit 2']);
        }),
      );
    } finally {
      await redis.kill();
    }
  });
});
