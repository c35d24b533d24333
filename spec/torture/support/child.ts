import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import Koa from 'koa';
import { micropie } from '../../../lib/index.js';
import { type Command, type CreateTortureApp, type Report, Witness } from './witness.js';

/** A server of its own process, which tells its parent what went on in it. Arguments: the app's module, the temporary folder. */
const [, , appModule = '', tempFolder = ''] = process.argv;

/** What every server answers, so that its parent knows that it lives. */
class Alive {
  ping() {
    return 'pong';
  }
}

const witness = new Witness();
process.on('unhandledRejection', (reason) => witness.failures.push(`unhandled rejection: ${text(reason)}`));
process.on('uncaughtException', (error) => witness.failures.push(`uncaught exception: ${text(error)}`));
process.on('warning', (warning) => witness.warnings.push(String(warning)));

// Only now: the TypeScript loader keeps its own things in the system's temporary folder.
process.env['TMPDIR'] = tempFolder;
const { default: create }: { default: CreateTortureApp } = await import(appModule);
const { app, commands = {}, server: options = {} } = await create(witness);
app.on('error', (error) =>
  witness.errors.push({ status: error?.status ?? 500, code: String(error?.code), text: text(error) }),
);

const served = new Koa();
served.use(micropie(Alive, { prefix: '/alive', session: false }));
const alive = served.callback();
const handle = app.callback();
let pending = 0;
let open = 0;
const server = createServer(options, (req, res) => {
  if (req.url === '/alive/ping') return void alive(req, res);
  pending += 1;
  open += 1;
  res.once('close', () => {
    open -= 1;
  });
  handle(req, res).finally(() => {
    pending -= 1;
  });
});
witness.watch(Object.prototype, Array.prototype, Function.prototype, Promise.prototype, Koa.prototype);

const BUILT_IN: Record<string, Command> = {
  report: () => report(server),
  forget: () => witness.forget(),
  close: () => server.close(),
  destroy: () => server.closeAllConnections(),
};

process.on('message', async ({ id, name, args }: { id: number; name: string; args: unknown[] }) => {
  try {
    const value = await (BUILT_IN[name] ?? commands[name])?.(...args);
    process.send?.({ id, json: JSON.stringify(value ?? null) });
  } catch (error) {
    process.send?.({ id, error: text(error) });
  }
});
process.once('disconnect', () => process.exit());

server.listen(0, '127.0.0.1', () => process.send?.({ id: 0, json: String((server.address() as AddressInfo).port) }));

function report(server: Server): Report {
  return {
    ...witness.report(),
    pending,
    open,
    listening: server.listening,
    descriptors: readdirSync('/dev/fd').length,
    memory: process.memoryUsage.rss(),
  };
}

function text(thrown: unknown): string {
  // Not every value can be made a string: `{ toString: null }`.
  if (!(thrown instanceof Error)) return typeof thrown === 'string' ? thrown : inspect(thrown);
  return `${thrown.stack}${thrown.cause === undefined ? '' : ` caused by ${text(thrown.cause)}`}`;
}
