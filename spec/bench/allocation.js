/** Bytes that one request allocates in the app, without a network: `node --expose-gc allocation.js <peer>`. */

import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

const COUNT = 4_000;
const { works } = await import(`./servers/${process.argv[2]}.js`);
const server = await works.greet();

const sink = new Duplex({
  read() {},
  write(_chunk, _encoding, done) {
    done();
  },
});
sink.setMaxListeners(0);

async function request() {
  const req = new IncomingMessage(sink);
  req.method = 'GET';
  req.url = '/greet/Alice';
  req.complete = true;
  const res = new ServerResponse(req);
  res.assignSocket(sink);
  const finished = once(res, 'finish');
  server.emit('request', req, res);
  await finished;
  res.detachSocket(sink);
}

async function allocated(run) {
  for (let index = 0; index < COUNT; index += 1) await run();
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < COUNT; index += 1) await run();
  return (process.memoryUsage().heapUsed - before) / COUNT;
}

console.log(await allocated(request));
