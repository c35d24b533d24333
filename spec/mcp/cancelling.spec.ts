import type { Client } from '@modelcontextprotocol/client';
import { expect } from 'chai';
import { Controller, micropie, type Routes, serve } from '../../lib/index.js';
import { appOf, withServer } from '../support/app.js';
import { eventually } from '../support/socket.js';
import { connect, REVISIONS, told, toolApp, withClient } from './clients.js';

class Root extends Controller {
  readonly events: string[] = [];

  async wait(name: string) {
    const { signal } = this.request;
    this.events.push(`${name} waits`);
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        this.events.push(`${name} ${signal.reason.name}`);
        reject(signal.reason);
      });
    });
  }

  async *drip(name: string) {
    try {
      for (;;) {
        yield 'x';
        if (this.events.length === 0) this.events.push(`${name} drips`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } finally {
      this.events.push(`${name} ends`);
    }
  }

  quick() {
    return { isAborted: this.request.signal.aborted };
  }

  keep() {
    const { signal } = this.request;
    signal.addEventListener('abort', () => this.events.push('aborted'));
    return 'kept';
  }

  static routes = {
    wait: { tool: true, summary: 'Waits' },
    drip: { tool: true, summary: 'Drips' },
    quick: { tool: true, summary: 'Quick' },
    keep: { tool: true, summary: 'Keeps its signal' },
  } satisfies Routes<Root>;
}

/** Begins a call, and cancels it when it is under way. */
async function cancel(client: Client, root: Root, name: string): Promise<void> {
  const controller = new AbortController();
  const calling = client
    .callTool({ name, arguments: { name: 'a' } }, { signal: controller.signal })
    .catch((error: unknown) => error);
  await eventually(() => root.events.length === 1, 'the call');
  controller.abort();
  expect(await calling).to.be.instanceOf(Error);
}

for (const [revision, options] of Object.entries(REVISIONS))
  describe(`mcp: a call that its client cancels, by ${revision}`, () => {
    it('has its signal aborted', async () => {
      const root = new Root();
      await withClient(
        toolApp(micropie(root)),
        async (client) => {
          await cancel(client, root, 'wait');
          await eventually(() => root.events.length === 2, 'the signal');
          expect(root.events).to.deep.equal(['a waits', 'a AbortError']);
          expect(told(await client.callTool({ name: 'quick' }))).to.equal('ok {"isAborted":false}');
        },
        options,
      );
    });

    it('has its generator ended', async () => {
      const root = new Root();
      await withClient(
        toolApp(micropie(root)),
        async (client) => {
          await cancel(client, root, 'drip');
          await eventually(() => root.events.includes('a ends'), 'its end');
        },
        options,
      );
    });

    it('is ended as well when its client leaves', async () => {
      const root = new Root();
      await withServer(toolApp(micropie(root)), async (port, server) => {
        const client = await connect(`http://127.0.0.1:${port}/mcp`, options);
        const calling = client.callTool({ name: 'wait', arguments: { name: 'a' } }).catch((error: unknown) => error);
        await eventually(() => root.events.length === 1, 'the call');
        server.closeAllConnections();
        await eventually(() => root.events.length === 2, 'the signal');
        expect(root.events[1]).to.equal('a AbortError');
        await client.close();
        await calling;
      });
    });

    it('is aborted when the service waits no longer', async () => {
      const root = new Root();
      const app = toolApp(micropie(root));
      app.silent = true;
      app.on('error', () => {});
      const service = await serve(app, { port: 0, host: '127.0.0.1', deadline: 50 });
      const client = await connect(`${service.url}/mcp`, options);
      const calling = client.callTool({ name: 'wait', arguments: { name: 'a' } }).catch((error: unknown) => error);
      await eventually(() => root.events.length === 1, 'the call');
      await service.close();
      expect(root.events).to.deep.equal(['a waits', 'a AbortError']);
      await client.close();
      await calling;
    });

    it('keeps its signal quiet when it is through', async () => {
      const root = new Root();
      await withClient(
        toolApp(micropie(root)),
        async (client) => {
          expect(told(await client.callTool({ name: 'keep' }))).to.equal('ok kept');
          expect(told(await client.callTool({ name: 'quick' }))).to.equal('ok {"isAborted":false}');
        },
        options,
      );
      expect(root.events).to.deep.equal([]);
    });
  });

describe('mcp: notifications/cancelled', () => {
  const ACCEPT = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' };
  const send = (port: number, message: object, session?: string) =>
    fetch(`http://127.0.0.1:${port}/mcp`, {
      method: 'POST',
      headers: { ...ACCEPT, ...(session && { 'Mcp-Session-Id': session }) },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const call = { id: 7, method: 'tools/call', params: { name: 'wait', arguments: { name: 'a' } } };
  const cancelled = (requestId: unknown) => ({ method: 'notifications/cancelled', params: { requestId } });

  it('ends the call of its own session and number, and no other', async () => {
    const root = new Root();
    await withServer(appOf(...toolApp(micropie(root)).middleware), async (port) => {
      const calling = send(port, call, 'one');
      await eventually(() => root.events.length === 1, 'the call');
      for (const [requestId, session] of [
        [8, 'one'],
        ['7', 'one'],
        [7, 'other'],
        [7, undefined],
        [undefined, 'one'],
      ] as const)
        expect((await send(port, cancelled(requestId), session)).status).to.equal(202);
      expect(root.events).to.deep.equal(['a waits']);
      expect((await send(port, cancelled(7), 'one')).status).to.equal(202);
      expect(await (await calling).text()).to.include('"isError":true');
      expect(root.events).to.deep.equal(['a waits', 'a AbortError']);
    });
  });

  it('of the same batch keeps a call from being begun', async () => {
    const root = new Root();
    await withServer(toolApp(micropie(root)), async (port) => {
      const batch = [call, cancelled(7)].map((message) => ({ jsonrpc: '2.0', ...message }));
      const answer = await fetch(`http://127.0.0.1:${port}/mcp`, {
        method: 'POST',
        headers: ACCEPT,
        body: JSON.stringify(batch),
        signal: AbortSignal.timeout(300),
      }).catch((error: unknown) => error);
      // Nothing is answered to what was cancelled.
      expect(answer).to.have.property('name', 'TimeoutError');
      expect(root.events).to.deep.equal([]);
    });
  });
});
