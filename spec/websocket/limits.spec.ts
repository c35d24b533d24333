import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { micropie, type Socket } from '../../lib/index.js';
import { portOf } from '../support/serving.js';
import { eventually, RawClient } from '../support/socket.js';
import { closeCode, type Frame, frame, framesOf, handshake, open, rawFrames, withSockets } from '../support/sockets.js';

const MIB = 2 ** 20;

class Root {
  ended = 0;
  sent = 0;
  other: Socket | undefined;

  async ws_echo(socket: Socket) {
    try {
      for await (const message of socket) await socket.send(message);
    } finally {
      this.ended += 1;
    }
  }

  /** Never reads. */
  async ws_deaf(_socket: Socket, request: { signal: AbortSignal }) {
    await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
    this.ended += 1;
  }

  async ws_slow(socket: Socket) {
    let count = 0;
    for await (const _ of socket) {
      count += 1;
      if (count % 50 === 0) await sleep(1);
      if (count === 5000) await socket.send(count);
    }
  }

  async ws_flood(socket: Socket) {
    while (await socket.send('x'.repeat(65_536))) this.sent += 1;
    this.ended += 1;
  }

  async ws_pour(socket: Socket) {
    while (await socket.send('x')) this.sent += 1;
    this.ended += 1;
  }

  async ws_heedless(socket: Socket) {
    const gone = socket.send('begun');
    while (this.sent < 2000 && (this.sent === 0 || !(await Promise.race([gone, false])) || this.sent % 10 !== 0)) {
      socket.send('x'.repeat(65_536));
      this.sent += 1;
    }
    this.ended += 1;
  }

  /** Does not look whether anybody is still there. */
  async ws_blind(socket: Socket, request: { signal: AbortSignal }) {
    request.signal.addEventListener('abort', () => setTimeout(() => (this.ended += 1), 20));
    while (this.ended === 0 && this.sent < 2_000_000) {
      await socket.send('x');
      this.sent += 1;
    }
  }

  async ws_large(socket: Socket) {
    socket.send('x'.repeat(24 * MIB));
    for await (const { length } of socket) await socket.send(length);
  }

  async ws_largest(socket: Socket) {
    for (let n = 0; n < 3; n++) if (await socket.send(Buffer.alloc(20 * MIB, n))) this.sent += 1;
  }

  async ws_refilled(socket: Socket) {
    const bytes = Buffer.alloc(4 * MIB);
    for (let n = 1; n <= 3; n++) await socket.send(bytes.fill(n));
  }

  /** Sends to both sockets by turns and awaits one of them: first the even sends of all, then the odd ones. */
  async ws_mirror(socket: Socket) {
    const { other } = this;
    this.other = socket;
    for await (const _ of other ? [0, 1] : socket) {
      await socket.send('x');
      for (const end = performance.now() + 1000; performance.now() < end; ) {
        void other?.send('x');
        await socket.send('x');
      }
      this.ended += 1;
    }
  }

  async ws_values(socket: Socket, what: string) {
    if (what === 'function') await socket.send(() => {});
    if (what === 'cycle') {
      const cycle: unknown[] = [];
      cycle.push(cycle);
      await socket.send(cycle);
    }
    if (what === 'code') socket.close(1005);
  }

  async ws_shut(socket: Socket) {
    socket.close(4000, 'ä'.repeat(100));
    const after = await socket.send('late');
    for await (const _ of socket) this.sent += 1;
    this.ended += after ? 0 : 1;
  }
}

describe('frames that break the protocol', () => {
  const table: [title: string, code: number | undefined, ...frames: Buffer[]][] = [
    ['reserved bits', 1002, frame('a', { reserved: 4 })],
    ['an unknown opcode', 1002, frame('a', { opcode: 3 })],
    ['an unmasked frame', 1002, frame('a', { masked: false })],
    ['a control frame of 126 bytes', 1002, frame('x'.repeat(126), { opcode: 9 })],
    ['a fragmented ping', 1002, frame('a', { opcode: 9, fin: false })],
    ['a continuation of nothing', 1002, frame('a', { opcode: 0 })],
    ['a message within another', 1002, frame('a', { fin: false }), frame('b')],
    ['text that is not UTF-8', 1007, frame(Buffer.from([0xff]))],
    ['a close with a code out of range', 1002, frame(Buffer.from([0, 1]), { opcode: 8 })],
    ['a close with 1005', 1002, frame(Buffer.from([3, 237]), { opcode: 8 })],
    ['a close with one byte', 1002, frame('a', { opcode: 8 })],
    ['a message above maxPayload', 1009, frame('x'.repeat(101))],
    ['fragments above maxPayload', 1009, frame('x'.repeat(60), { fin: false }), frame('x'.repeat(60), { opcode: 0 })],
    ['a length of 64 bits', 1009, Buffer.from([0x81, 0xff, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0])],
  ];
  for (const [title, code, ...frames] of table)
    it(`close with ${code}: ${title}`, () => {
      const root = new Root();
      return withSockets(micropie(root, { websocket: { maxPayload: 100 } }), async (service) => {
        expect(closeCode(await rawFrames(service, '/echo', ...frames))).to.equal(code);
        await eventually(() => root.ended === 1, 'the handler ends');
      });
    });

  it('a million empty fragments are cut off, and memory is bounded', () => {
    const empty = frame('', { opcode: 0, fin: false });
    return withSockets(micropie(Root), async (service) => {
      const fragments = Buffer.concat(Array.from({ length: 10_000 }, () => empty));
      const code = closeCode(await rawFrames(service, '/echo', frame('', { fin: false }), fragments, fragments));
      expect(code).to.be.oneOf([1008, 1009]);
    });
  });
});

describe('a socket under load', function () {
  this.timeout(30_000);

  it('holds back a client whose messages nobody takes', () =>
    withSockets(micropie(Root), async (service) => {
      const before = process.memoryUsage().rss;
      const client = await RawClient.open(portOf(service));
      await client.send(handshake('/deaf'));
      const bytes = frame('x'.repeat(1000));
      for (let n = 0; n < 100_000; n++) client.socket.write(bytes);
      await sleep(500);
      // What the client could not send lies with it.
      expect(client.socket.writableLength).to.be.above(50 * MIB);
      expect(process.memoryUsage().rss - before).to.be.below(250 * MIB);
      client.reset();
    }));

  it('gives a slow handler every message, in order', () =>
    withSockets(micropie(Root), async (service) => {
      const client = await open(service, '/slow');
      client.send(...Array.from({ length: 5000 }, (_, n) => String(n)));
      expect(await client.next()).to.equal('5000');
      await client.leave();
    }));

  it('stops who sends and waits, as long as the client does not read', () => {
    const root = new Root();
    return withSockets(micropie(root), async (service) => {
      const socket = connect(portOf(service), '127.0.0.1');
      socket.write(handshake('/flood'));
      await once(socket, 'readable');
      await sleep(300);
      const { sent } = root;
      expect(sent).to.be.below(200);
      await sleep(100);
      expect(root.sent).to.equal(sent);
      socket.resetAndDestroy();
      await eventually(() => root.ended === 1, 'the handler ends');
    });
  });

  it('lets others in between where a handler sends without a pause to who reads at once', () => {
    const root = new Root();
    return withSockets(micropie(root), async (service) => {
      const reader = new Worker(
        `const { connect } = require('node:net');
         const { workerData: { port, head } } = require('node:worker_threads');
         connect(port, '127.0.0.1').on('data', () => {}).write(head);`,
        { eval: true, workerData: { port: portOf(service), head: handshake('/pour') } },
      );
      await eventually(() => root.sent > 0, 'it pours');
      let lag = 0;
      for (let n = 0; n < 50; n++) {
        const start = performance.now();
        await sleep(1);
        lag = Math.max(lag, performance.now() - start);
      }
      expect(lag).to.be.below(500);
      await reader.terminate();
      await eventually(() => root.ended === 1, 'the handler ends');
    });
  });

  it('lets others in between where a handler waits for one of two sockets only', () => {
    const root = new Root();
    return withSockets(micropie(root), async (service) => {
      const reader = new Worker(
        `const { connect } = require('node:net');
         const { workerData: { port, head } } = require('node:worker_threads');
         const read = () => connect(port, '127.0.0.1', function () { this.write(head); }).on('data', () => {});
         read().once('data', read);`,
        { eval: true, workerData: { port: portOf(service), head: handshake('/mirror') } },
      );
      let lag = 0;
      while (root.ended < 2) {
        const start = performance.now();
        await sleep(1);
        lag = Math.max(lag, performance.now() - start);
      }
      expect(lag).to.be.below(500);
      await reader.terminate();
    });
  });

  it('is sent to as fast as it reads, however large the messages are', () => {
    const root = new Root();
    return withSockets(micropie(root), async (service) => {
      const client = await open(service, '/largest');
      expect((await client.closed).code).to.equal(1000);
      expect([root.sent, client.messages.length]).to.deep.equal([3, 3]);
    });
  });

  it('has read the bytes when they count as sent', () =>
    withSockets(micropie(Root), async (service) => {
      const client = await open(service, '/refilled');
      await client.closed;
      const isWhole = client.messages.map((bytes, n) => Buffer.alloc(4 * MIB, n + 1).equals(Buffer.from(bytes)));
      expect(isWhole).to.deep.equal([true, true, true]);
    }));

  it('tells who sends that the client was reset', async () => {
    let raw: RawClient | undefined;
    let sent: boolean[] | undefined;
    class Resetting {
      async ws_reset(socket: Socket) {
        for await (const _ of socket) {
          raw?.reset();
          sent = [await socket.send('a'), await socket.send('b'), await socket.send('c')];
        }
      }
    }
    await withSockets(micropie(Resetting), async (service) => {
      raw = await RawClient.open(portOf(service));
      await raw.send(handshake('/reset'));
      await raw.response({ head: true });
      await raw.send(frame('go'));
      await eventually(() => sent !== undefined, 'it has sent');
      expect(sent?.slice(1)).to.deep.equal([false, false]);
    });
  });

  it('tells who waits for a message to go out that the client was reset', async () => {
    const sent: boolean[] = [];
    class Waiting {
      async ws_wait(socket: Socket) {
        sent.push(await socket.send('x'.repeat(15 * MIB)));
      }
    }
    await withSockets(micropie(Waiting), async (service) => {
      const client = connect(portOf(service), '127.0.0.1');
      client.write(handshake('/wait'));
      await once(client, 'readable');
      await sleep(100);
      expect(sent).to.deep.equal([]);
      client.resetAndDestroy();
      await eventually(() => sent.length > 0, 'the handler hears of it');
      expect(sent).to.deep.equal([false]);
    });
  });

  it('does not hold up the process where a handler goes on sending to who has left', () => {
    const root = new Root();
    return withSockets(micropie(root), async (service) => {
      const client = await open(service, '/blind');
      await client.next();
      client.ws.terminate();
      await eventually(() => root.ended === 1, 'the signal aborts', 20_000);
      expect(root.sent).to.be.below(2_000_000);
    });
  });

  it('cuts off a client that does not read while the handler does not wait', () => {
    const root = new Root();
    return withSockets(micropie(root), async (service) => {
      const socket = connect(portOf(service), '127.0.0.1');
      socket.on('error', () => {});
      socket.write(handshake('/heedless'));
      await eventually(() => root.ended === 1, 'the handler ends');
      socket.resume();
      let read = 0;
      socket.on('data', ({ length }) => {
        read += length;
      });
      await once(socket, 'close');
      expect(read).to.be.below(40 * MIB);
    });
  });

  it('finds a dead client within two beats, and keeps one that answers', () => {
    const root = new Root();
    return withSockets(micropie(root, { websocket: { heartbeat: 0.2 } }), async (service) => {
      const alive = await open(service, '/echo');
      const dead = await RawClient.open(portOf(service));
      await dead.send(handshake('/echo'));
      const start = performance.now();
      await eventually(() => root.ended === 1, 'it is found');
      expect(performance.now() - start).to.be.below(1000);
      await sleep(500);
      alive.send('still here');
      expect(await alive.next()).to.equal('still here');
      await alive.leave();
    });
  });

  it('keeps one on a slow line that sends a message for longer than two beats', () =>
    withSockets(micropie(Root, { websocket: { heartbeat: 0.2 } }), async (service) => {
      const client = await RawClient.open(portOf(service));
      await client.send(handshake('/echo'));
      await client.response({ head: true });
      const frames: Frame[] = [];
      client.socket.on('data', (bytes) => frames.push(...framesOf(bytes)));
      const bytes = frame('x'.repeat(1000));
      for (let at = 0; at < bytes.length; at += 100) {
        await client.send(bytes.subarray(at, at + 100));
        await sleep(100);
      }
      await eventually(() => frames.some(({ opcode }) => opcode === 1), 'it is echoed');
      client.reset();
    }));

  it('keeps one on a slow line that takes a message in for longer than two beats', () =>
    withSockets(micropie(Root, { websocket: { heartbeat: 0.5 } }), async (service) => {
      const socket = connect(portOf(service), '127.0.0.1');
      let read = 0;
      socket.on('data', ({ length }) => {
        read += length;
        socket.pause();
        setTimeout(() => socket.resume(), 4);
      });
      socket.write(handshake('/large'));
      await eventually(() => read > 24 * MIB || socket.destroyed, 'it has come', 15_000);
      expect(read).to.be.above(24 * MIB);
      socket.resetAndDestroy();
    }));

  it('does not take a client for dead that it has paused', () => {
    const root = new Root();
    return withSockets(micropie(root, { websocket: { heartbeat: 0.1 } }), async (service) => {
      const client = await open(service, '/deaf');
      client.send(...Array.from({ length: 100 }, () => 'x'.repeat(2000)));
      await sleep(500);
      expect(client.ws.readyState).to.equal(1);
      client.ws.terminate();
      await eventually(() => root.ended === 1, 'its end is seen');
    });
  });

  it('survives a flood of pings from a client that does not read', () =>
    withSockets(micropie(Root), async (service) => {
      const before = process.memoryUsage().rss;
      const client = connect(portOf(service), '127.0.0.1');
      client.on('error', () => {});
      client.write(handshake('/echo'));
      const pings = Buffer.concat(Array.from({ length: 5000 }, () => frame('x'.repeat(125), { opcode: 9 })));
      for (let n = 0; n < 60; n++) client.write(pings);
      await sleep(1500);
      expect(process.memoryUsage().rss - before).to.be.below(250 * MIB);
      client.resetAndDestroy();
    }));
});

describe('a handler that closes', () => {
  it('is answered by a client that still has much to send', () =>
    withSockets(micropie(Root), async (service) => {
      const client = await RawClient.open(portOf(service));
      await client.send(handshake('/shut'));
      await client.response({ head: true });
      const closed = once(client.socket, 'end');
      for (let n = 0; n < 200; n++) client.socket.write(frame('x'.repeat(1000)));
      client.socket.write(frame(Buffer.from([15, 160]), { opcode: 8 }));
      await closed;
      client.socket.destroy();
    }));

  it('gets nothing more and can send nothing more; the reason is cut between characters', () => {
    const root = new Root();
    return withSockets(micropie(root), async (service) => {
      const client = await open(service, '/shut');
      client.send('a', 'b');
      expect(await client.closed).to.deep.equal({ code: 4000, reason: 'ä'.repeat(61) });
      await eventually(() => root.ended === 1, 'it ends');
      expect([client.messages, root.sent]).to.deep.equal([[], 0]);
    });
  });
});
