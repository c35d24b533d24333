import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { BROKEN_CONNECTION } from '../../support/app.js';
import { eventually, RawClient } from '../../support/socket.js';
import type { Report } from './witness.js';

/** What a case shall leave behind. */
export interface Expected {
  /** The handlers that run, in any order; none where not given. */
  readonly handlers?: readonly string[];
  /** How many errors of 500 and above the app hears of; none where not given. */
  readonly errors?: number;
  /** Whether the connection can be used afterwards; it can where not given. */
  readonly connection?: 'kept' | 'closed' | 'either';
  /** Whether the app must not even hear what Koa tells of a connection that breaks within a request. */
  readonly quiet?: boolean;
}

/** Something that no log may show: put it where a client would send what is nobody else's. */
export const SECRET = 'correct-horse-battery-staple';

/** A server in a process of its own, and what it does to be held against what it should. */
export class TortureServer {
  readonly port: number;
  /** Where its temporary files go. */
  readonly temp: string;
  readonly #process: ChildProcess;
  readonly #output: string[];
  readonly #answers: Map<number, (answer: Answer) => void>;
  #asked = 0;

  private constructor(parts: {
    port: number;
    temp: string;
    process: ChildProcess;
    output: string[];
    answers: Map<number, (answer: Answer) => void>;
  }) {
    this.port = parts.port;
    this.temp = parts.temp;
    this.#process = parts.process;
    this.#output = parts.output;
    this.#answers = parts.answers;
  }

  /** Starts the app of a module; `flags` are for Node. A `temp` of another server may be given, which has ended. */
  static async start(
    appModule: URL,
    { flags = [], temp: given }: { flags?: readonly string[]; temp?: string } = {},
  ): Promise<TortureServer> {
    const temp = given ?? (await mkdtemp(join(tmpdir(), 'koa-micropie-torture-')));
    const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), [appModule.href, temp], {
      execArgv: ['--import', 'tsx', ...flags],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(String(chunk)));
    const answers = new Map<number, (answer: Answer) => void>();
    const port = await new Promise<number>((resolve, reject) => {
      answers.set(0, ({ json }) => resolve(Number(json)));
      child.on('message', (answer: Answer) => answers.get(answer.id)?.(answer));
      child.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${output.join('')}`)));
    });
    return new TortureServer({ port, temp, process: child, output, answers });
  }

  /** Whether its process runs. */
  get isAlive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Has the server do something: a command of its app, or `close`, `destroy`. */
  async tell<T = unknown>(name: string, ...args: unknown[]): Promise<T> {
    this.#asked += 1;
    const id = this.#asked;
    const answer = await new Promise<Answer>((resolve, reject) => {
      const died = () => reject(new Error(`The server has died: ${this.#output.join('')}`));
      if (!this.isAlive) return died();
      this.#process.once('exit', died);
      this.#answers.set(id, (one) => {
        this.#process.off('exit', died);
        this.#answers.delete(id);
        resolve(one);
      });
      this.#process.send({ id, name, args });
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return JSON.parse(answer.json);
  }

  report(): Promise<Report> {
    return this.tell<Report>('report');
  }

  /** Opens a connection. */
  connect(): Promise<RawClient> {
    return RawClient.open(this.port);
  }

  /**
   * Runs a case on a fresh connection, and holds what it leaves behind against what is expected: the process
   * lives and answers the next request, exactly those handlers ran, and everything else is as it was.
   */
  async trial<T>(expected: Expected, run: (client: RawClient) => Promise<T>): Promise<T> {
    const before = await this.begin();
    const client = await this.connect();
    try {
      const result = await run(client);
      await this.#checkConnection(client, expected.connection ?? 'kept');
      client.socket.destroy();
      await this.ledger(expected, before);
      return result;
    } finally {
      client.socket.destroy();
    }
  }

  /** Forgets what was, and tells how the server stands. */
  async begin(): Promise<Report> {
    await this.tell('forget');
    this.#output.splice(0);
    return this.report();
  }

  /** Holds what happened since `begin()` against what is expected. */
  async ledger({ handlers = [], errors = 0, connection, quiet }: Expected, before: Report): Promise<void> {
    await this.#settle(before);
    const report = await this.report();
    const isNoise = connection !== undefined && connection !== 'kept' && !quiet;
    const told = report.errors.filter(
      ({ status, code }) => !(status < 500) && !(isNoise && BROKEN_CONNECTION.test(code)),
    );
    expect(report.failures, 'failures behind the back').to.deep.equal([]);
    expect([...report.handlers].sort(), 'handlers that ran').to.deep.equal([...handlers].sort());
    expect(told, `errors told: ${told.map(({ text }) => text).join('\n')}`).to.have.length(errors);
    expect(report.changed, 'changed prototypes').to.deep.equal([]);
    expect(this.#output.join(''), 'output').to.equal('');
    expect(JSON.stringify([report.errors, report.warnings]), 'what the app would log').not.to.include(SECRET);
    const client = await this.connect();
    try {
      await expectPong(client);
    } finally {
      client.socket.destroy();
    }
  }

  /** Ends its process at once, so that it leaves what it was doing. */
  async kill(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    if (this.isAlive) {
      const ended = once(this.#process, 'exit');
      this.#process.disconnect();
      await ended;
    }
    await rm(this.temp, { recursive: true, force: true });
  }

  async #settle(before: Report): Promise<void> {
    let now = before;
    let files: string[] = [];
    try {
      await eventually(async () => {
        now = await this.report();
        files = await readdir(this.temp);
        return files.length === 0 && GAUGES.every((gauge) => now[gauge] <= before[gauge]);
      }, 'everything was back');
    } catch {
      const was = GAUGES.map((gauge) => `${gauge}: ${before[gauge]} -> ${now[gauge]}`);
      throw new Error(`The server does not come to rest: ${was.join(', ')}; temporary files: ${files.join(' ')}`);
    }
  }

  async #checkConnection(client: RawClient, connection: 'kept' | 'closed' | 'either'): Promise<void> {
    if (connection === 'kept') await expectPong(client);
    else if (connection === 'closed')
      await eventually(() => client.socket.readableEnded || client.socket.destroyed, 'the connection was closed');
  }
}

interface Answer {
  readonly id: number;
  readonly json: string;
  readonly error?: string;
}

const GAUGES = ['pending', 'open', 'generators', 'descriptors'] as const;

/** A server for all tests of a `describe`. */
export function tortured(app: string, options?: { flags?: readonly string[] }): () => TortureServer {
  let server: TortureServer | undefined;
  before(async () => {
    server = await TortureServer.start(new URL(`./apps/${app}.ts`, import.meta.url), options);
  });
  after(() => server?.stop());
  return () => {
    if (server) return server;
    throw new Error('The server runs only while tests do');
  };
}

/** A connection of HTTP/2 for each test, to the server that an app's `http2Commands` start. */
export function http2To(server: () => TortureServer): () => ClientHttp2Session {
  let session: ClientHttp2Session;
  beforeEach(async () => {
    session = connect(`http://127.0.0.1:${await server().tell<number>('http2Port')}`);
    await once(session, 'connect');
  });
  afterEach(() => session.destroy());
  return () => session;
}

/** A request without a body. */
export function get(path: string, headers = '', method = 'GET'): string {
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
}

async function expectPong(client: RawClient): Promise<void> {
  const { status, body } = await client.exchange(get('/alive/ping'));
  expect(`${status} ${body}`, 'the answer to the next request').to.equal('200 pong');
}
