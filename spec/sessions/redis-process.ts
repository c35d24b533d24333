/**
 * A server process of redis.slow.ts, set up as a user would do it: nothing listens to errors, of a client or else.
 * It tells its parent its port, and when requests wait; any message lets those that wait go on.
 * Arguments: the address of Redis, and by what to keep sessions there.
 */
import { once } from 'node:events';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import Koa from 'koa';
import { createClient } from 'redis';
import { keyvSessionBackend, micropie, redisSessionBackend } from '../../lib/index.js';
import { Pad } from '../support/sessions.js';

class Root extends Pad {
  async wait(value: string) {
    process.send?.('waiting');
    await once(process, 'message');
    this.session['waited'] = value;
    return 'waited';
  }

  /** Changes the session some milliseconds after it was loaded. */
  async late(name: string, ms = 5) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.session[name] = 'late';
    return 'late';
  }

  async login(user: string, ms = 0) {
    await this.ctx.session.regenerate();
    this.session['user'] = user;
    await new Promise((resolve) => setTimeout(resolve, ms));
    return 'in';
  }
}

const [, , url = '', kind] = process.argv;
const app = new Koa();
app.silent = true;
const sessionBackend =
  kind === 'keyv' ? keyvSessionBackend(new Keyv(new KeyvRedis(url))) : redisSessionBackend(createClient({ url }));
app.use(micropie(Root, { sessionBackend }));
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.on('disconnect', () => process.exit());
