import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { eventually } from '../support/socket.js';

/** A process that serves, with what it printed. */
class Program {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  output = '';

  constructor(...features: string[]) {
    const module = fileURLToPath(new URL('../support/serving-process.ts', import.meta.url));
    this.#process = spawn(process.execPath, ['--import', 'tsx', module, ...features], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#process, 'close');
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (chunk) => {
        this.output += chunk;
      });
  }

  /** Waits until it has printed something, and gives what that is. */
  async printed(pattern: RegExp): Promise<string> {
    const end = Date.now() + 8000;
    while (!pattern.test(this.output)) {
      if (Date.now() > end) throw new Error(`It never printed ${pattern}: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return pattern.exec(this.output)?.[1] ?? '';
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits for its end, and gives its exit code. */
  async code(): Promise<unknown> {
    return (await this.#ended)[0];
  }
}

const URL_LINE = /^(http:\S+)\n/m;

describe('serve(app, { signals })', function () {
  this.timeout(20_000);

  it('answers what is under way, runs the shutdown handlers and exits with 0', async () => {
    const program = new Program();
    const answer = fetch(await program.printed(URL_LINE)).then((response) => response.text());
    await program.printed(/asked/);
    program.kill('SIGTERM');
    expect([await answer, await program.code()]).to.deep.equal(['one', 0]);
    expect(program.output).to.match(/one closed\n$/);
  });

  it('ends the process at once at a second signal', async () => {
    const program = new Program('hang');
    await program.printed(URL_LINE);
    program.kill('SIGTERM');
    await program.printed(/hangs/);
    program.kill('SIGINT');
    expect(await program.code()).to.equal(130);
    expect(program.output).not.to.include('one closed');
  });

  it('exits with 1 where a shutdown handler hangs, and prints which', async () => {
    const program = new Program('hang');
    await program.printed(URL_LINE);
    program.kill('SIGTERM');
    expect(await program.code()).to.equal(1);
    expect(program.output).to.match(/options\.shutdownHandlers\[1\] \(closeDatabase\) has not ended within 1000 ms/);
    expect(program.output).to.include('one closed');
  });

  it('ends the start as well: neither are further handlers run, nor does it listen', async () => {
    const program = new Program('slow');
    await program.printed(/starting/);
    program.kill('SIGTERM');
    expect(await program.code()).to.equal(0);
    expect(program.output).to.equal('starting\none closed\n');
  });

  it('waits for all services of the process', async () => {
    const program = new Program('two');
    const first = await program.printed(URL_LINE);
    await program.printed(/^http.*\n(http:\S+)\n/m);
    const answer = fetch(first).then((response) => response.text());
    await program.printed(/asked/);
    program.kill('SIGTERM');
    expect([await answer, await program.code()]).to.deep.equal(['one', 0]);
    expect(program.output).to.include('one closed').and.to.include('two closed');
  });

  it('leaves the cluster before the process ends', async () => {
    const program = new Program('cluster');
    const pid = Number(await program.printed(/worker (\d+)/));
    const answer = fetch(await program.printed(URL_LINE)).then((response) => response.text());
    await program.printed(/asked/);
    process.kill(pid, 'SIGTERM');
    expect([await answer, await program.code()]).to.deep.equal(['one', 0]);
    expect(program.output).to.match(/one closed\nworker left true 0\n$/);
    await eventually(() => !isAlive(pid), 'the worker is gone');
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
