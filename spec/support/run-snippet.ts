import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { expect } from 'chai';
import Koa from 'koa';
import { type Agent, agent } from 'supertest';
import { freePort, listening } from './nginx.js';
import { ROOT } from './package.js';
import { parseScript, play } from './script.js';
import type { Snippet } from './snippets.js';

/** Runs a snippet and the requests below it, in the order of the text, as one visitor. */
export async function runSnippet(snippet: Snippet, folder: string): Promise<void> {
  const file = join(folder, snippet.file);
  const run = { app: runApp, program: runProgram, test: runTest }[snippet.kind];
  expect(await run(snippet, file), 'printed').to.equal(snippet.text.join(''));
}

async function runApp(snippet: Snippet, file: string): Promise<string> {
  return printedIn(dirname(file), async () => {
    const { app, served }: { app: Koa; served: Koa | RequestListener } = await import(pathToFileURL(file).href);
    const errors: unknown[] = [];
    app.on('error', (error) => error?.status < 500 || errors.push(error));
    const failures = await playAll(snippet, agent(served instanceof Koa ? served.callback() : served));
    expect(errors, 'errors behind the answers').to.have.length(failures);
  });
}

/** What a task prints when it runs in a folder. */
async function printedIn(folder: string, task: () => Promise<void>): Promise<string> {
  const printed: string[] = [];
  const { log } = console;
  const home = process.cwd();
  process.chdir(folder);
  console.log = (...values) => printed.push(`${format(...values)}\n`);
  try {
    await task();
  } finally {
    console.log = log;
    process.chdir(home);
  }
  return printed.join('');
}

/** @returns How many of the answers are failures of the server. */
async function playAll({ http }: Snippet, visitor: Agent): Promise<number> {
  const exchanges = parseScript(http.join(''));
  for (const exchange of exchanges)
    expect(await play(exchange, visitor), exchange.title).to.deep.equal(exchange.answer);
  return exchanges.filter(({ answer }) => answer.line.startsWith('5')).length;
}

/** One that serves until it is told to end. */
async function runProgram(snippet: Snippet, file: string): Promise<string> {
  const port = await freePort();
  const { child, ended, output } = start(file, { PORT: String(port) });
  try {
    await listening(port, child);
    await playAll(snippet, agent(`http://127.0.0.1:${port}`));
  } finally {
    child.kill('SIGTERM');
  }
  expect(await ended, output()).to.equal(0);
  return output().replaceAll(`:${port}`, ':3000');
}

async function runTest(_snippet: Snippet, file: string): Promise<string> {
  const { ended, output } = start(file, {});
  expect(await ended, output()).to.equal(0);
  expect(output()).to.match(/^(?:#|ℹ) pass [1-9]/mu);
  return '';
}

function start(file: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), file], {
    cwd: dirname(file),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return { child, ended: once(child, 'close').then(([code]) => code), output: () => output };
}
