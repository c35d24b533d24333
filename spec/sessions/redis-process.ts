/**
 * A server process of redis.spec.ts, set up as a user would do it: nothing listens to errors, of Keyv or else.
 * It tells its parent its port, and when a request waits; any message lets that request go on.
 */
import { once } from 'node:events';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import Koa from 'koa';
import { keyvSessionBackend, micropie } from '../../lib/index.js';
import { Pad } from '../support/sessions.js';

class Root extends Pad {
  async wait(value: string) {
    process.send?.('waiting');
    await once(process, 'message');
    this.session['waited'] = value;
    return 'waited';
  }
}

const app = new Koa();
app.silent = true;
const keyv = new Keyv(new KeyvRedis(process.argv[2]));
app.use(micropie(Root, { sessionBackend: keyvSessionBackend(keyv) }));
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.on('disconnect', () => process.exit());
