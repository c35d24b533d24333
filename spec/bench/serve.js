/** Runs one peer with one work: `node serve.js <peer> <work>`; prints its port. */

const [peer, work] = process.argv.slice(2);
const { works } = await import(`./servers/${peer}.js`);
const server = await works[work]();
server.requestTimeout = 0;
if (server.listening) console.log(server.address().port);
else server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('message', () => {
  globalThis.gc?.();
  process.send({ heapUsed: process.memoryUsage().heapUsed, maxRss: process.resourceUsage().maxRSS * 1024 });
});
