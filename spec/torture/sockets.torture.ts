import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import fc from 'fast-check';
import { eventually } from '../support/socket.js';
import { closeCode, frame, framesOf, handshake, open, type SocketClient } from '../support/sockets.js';

const CONNECTIONS = 20_000;
const AT_ONCE = 100;
const AUDIENCE = 5000;
const SEED = Number(process.env['FC_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

interface Report {
  readonly heap: number;
  readonly running: number;
  readonly begun: number;
  readonly failures: readonly string[];
}

describe(`sockets, with FC_SEED=${SEED}`, function () {
  this.timeout(300_000);
  let server: ChildProcess;
  let url = '';

  beforeEach(async () => {
    server = fork(fileURLToPath(new URL('support/socket-server.ts', import.meta.url)), [], {
      execArgv: ['--import', 'tsx/esm', '--expose-gc'],
    });
    [{ url }] = await once(server, 'message');
  });
  afterEach(() => void server.kill());

  async function report(): Promise<Report> {
    server.send('report');
    const [answer] = await once(server, 'message');
    return answer;
  }

  async function expectSound(): Promise<void> {
    const client = await open({ url }, '/echo');
    client.send('still here');
    expect(await client.next()).to.equal('still here');
    await client.leave();
    await eventually(async () => (await report()).running === 0, 'all handlers have ended');
    expect((await report()).failures).to.deep.equal([]);
  }

  it(`${CONNECTIONS} connections, opened and closed in several ways, leave a flat heap`, async () => {
    async function visit(n: number): Promise<void> {
      const client = await open({ url }, '/echo');
      client.send('hello');
      await client.next();
      if (n % 3 === 0) client.ws.terminate();
      else await client.leave();
    }
    for (let n = 0; n < 1000; n += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => visit(at)));
    const before = await report();
    for (let n = 0; n < CONNECTIONS; n += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => visit(at)));
    await expectSound();
    const { heap } = await report();
    console.log(`      heap ${(before.heap / 2 ** 20).toFixed(1)} -> ${(heap / 2 ** 20).toFixed(1)} MiB`);
    expect(heap - before.heap).to.be.below(2 * 2 ** 20);
  });

  it(`${AUDIENCE} at once are told 1001`, async () => {
    const clients: SocketClient[] = [];
    while (clients.length < AUDIENCE)
      clients.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => open({ url }, '/echo')))));
    const start = performance.now();
    server.send('close');
    const codes = await Promise.all(clients.map(({ closed }) => closed));
    console.log(`      told and closed in ${Math.round(performance.now() - start)} ms`);
    expect(codes.filter(({ code }) => code === 1001)).to.have.length(AUDIENCE);
  });

  /** Sends bytes in pieces, and gives what came until the server ended it, or a while after. */
  function talk(
    pieces: readonly Uint8Array[],
    patience = 60,
    isEnough = (_bytes: Buffer) => false,
  ): Promise<{ bytes: Buffer; isOver: boolean }> {
    return new Promise((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      const chunks: Buffer[] = [];
      const finish = (isOver: boolean) => {
        socket.destroy();
        resolve({ bytes: Buffer.concat(chunks), isOver });
      };
      socket.setNoDelay(true).setTimeout(patience, () => finish(false));
      socket.on('data', (chunk) => {
        if (chunks.push(chunk) && isEnough(Buffer.concat(chunks))) finish(false);
      });
      socket.on('error', () => {});
      socket.on('close', () => finish(true));
      for (const piece of pieces) socket.write(piece);
    });
  }

  const value = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom(
      '13',
      '8',
      'websocket',
      'Upgrade',
      'keep-alive, Upgrade',
      'h2c',
      'null',
      'http://[::1',
      'a,,b',
      '*',
    ),
  );
  const printable = value.map((text) => text.replace(/[^\x20-\x7e]/g, ''));
  const name = fc.constantFrom(
    'Upgrade',
    'Connection',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Version',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Extensions',
    'Origin',
    'Host',
    'Cookie',
    'Content-Length',
  );
  const line = fc
    .tuple(
      fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE'),
      fc.constantFrom(
        '/echo',
        '/echo/a',
        '/',
        '/%zz',
        '/ws_echo',
        '/alive',
        'http://x/echo',
        '*',
        '//echo',
        '/echo?name=a',
      ),
      fc.constantFrom('1.1', '1.0'),
    )
    .map(([method, path, version]) => `${method} ${path} HTTP/${version}`);

  it('handshakes of any kind are answered by HTTP or accepted, and never hang', async () => {
    const changes = fc.dictionary(name, fc.option(printable, { nil: undefined }), { maxKeys: 3 });
    await fc.assert(
      fc.asyncProperty(line, changes, async (first, headers) => {
        const { bytes } = await talk([Buffer.from(handshake('', headers, first))], 5000, ({ length }) => length > 12);
        expect(String(bytes.subarray(0, 12)), `${first} ${JSON.stringify(headers)}`).to.match(
          /^HTTP\/1\.1 (101|[2-5]\d\d)/,
        );
      }),
      { seed: SEED, numRuns: 1000, interruptAfterTimeLimit: 120_000 },
    );
    await expectSound();
  });

  it('frames of any kind are echoed, or end in a close with the right code', async () => {
    const anyFrame = fc
      .tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(15), fc.boolean(), fc.integer({ min: 0, max: 7 }), fc.boolean())
      .map(([payload, opcode, fin, reserved, masked]) =>
        frame(payload, { opcode, fin, reserved: reserved < 6 ? 0 : reserved, masked: masked || payload.length < 250 }),
      );
    const pieces = fc.array(fc.oneof(anyFrame, anyFrame, fc.uint8Array({ maxLength: 60 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(pieces, async (parts) => {
        const { bytes, isOver } = await talk([Buffer.from(handshake('/echo')), ...parts]);
        const frames = framesOf(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4));
        const code = closeCode(frames);
        if (isOver && code !== undefined) expect(code).to.satisfy((one: number) => one >= 1000 && one < 5000);
        expect(frames.every(({ opcode }) => [1, 2, 8, 9, 10].includes(opcode))).to.equal(true);
      }),
      { seed: SEED, numRuns: 2000, interruptAfterTimeLimit: 120_000 },
    );
    await expectSound();
  });
});
