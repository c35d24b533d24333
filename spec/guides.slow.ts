import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request as askHttps, get } from 'node:https';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type Koa from 'koa';
import { agent } from 'supertest';
import { Controller, micropie, sse, type UploadedFile } from '../lib/index.js';
import { appOf, withServer } from './support/app.js';
import { cert, key } from './support/certificate.js';
import { describeGuides } from './support/describe-guides.js';
import { freePort, listening, withNginx } from './support/nginx.js';
import { folderOf, ROOT } from './support/package.js';
import { blocksOf, guides, writeModules } from './support/snippets.js';

describe('The guides', () => {
  const all = guides();
  const others = all.filter(({ path }) => path !== 'README.md');

  describeGuides(others);

  it('are all reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const path of reached)
      for (const [, file = ''] of textOf(path).matchAll(/\]\(([^)\s#]+\.md)/g))
        if (!/^https?:/.test(file)) reached.add(join(dirname(path), file));
    expect([...reached].filter((path) => path !== 'CHANGELOG.md').sort()).to.deep.equal(all.map(({ path }) => path));
  });
});

// What they claim beyond their snippets.

describe('The nginx configuration of the guide to deployment', function () {
  this.timeout(20_000);

  class Root extends Controller<{ seen?: boolean }> {
    client() {
      const { ip, protocol, host } = this.ctx;
      return { ip, protocol, host, connection: this.request.headers.connection };
    }
    visit() {
      this.session.seen = true;
      return 'Seen';
    }
    async upload(file: UploadedFile) {
      return file.size;
    }
    events() {
      return sse(this._events());
    }
    async *_events() {
      yield 'first';
      await once(this.request.signal, 'abort');
    }
  }

  function behindNginx(use: (ask: typeof askNginx, port: number) => Promise<void>): Promise<void> {
    const app = appOf(micropie(Root));
    app.proxy = true;
    return withServer(app, async (upstream) => {
      const files = await folderOf({ 'cert.pem': cert, 'key.pem': key });
      const plain = await freePort();
      await withNginx(
        (port) => configuration({ port, plain, upstream, files }),
        (port) => use(askNginx, port),
      );
    });
  }

  it('hands on who the client is, whatever the client says', () =>
    behindNginx(async (ask, port) => {
      const forged = { 'X-Forwarded-For': '6.6.6.6', 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': 'evil.example' };
      const { text } = await ask(port, '/client', { headers: forged });
      expect(JSON.parse(text)).to.deep.equal({ ip: '127.0.0.1', protocol: 'https', host: 'example.com' });
    }));

  it('has the cookie of the session Secure', () =>
    behindNginx(async (ask, port) => {
      const { headers } = await ask(port, '/visit');
      expect(String(headers['set-cookie'])).to.match(/^session_id=.*; secure/i);
    }));

  it('lets uploads of more than nginx itself allows pass', () =>
    behindNginx(async (ask, port) => {
      const form = new FormData();
      form.set('file', new Blob([Buffer.alloc(3_000_000)]), 'large.bin');
      const body = new Response(form);
      const type = body.headers.get('content-type') ?? '';
      const sent = Buffer.from(await body.arrayBuffer());
      const { text } = await ask(port, '/upload', { method: 'POST', headers: { 'Content-Type': type }, sent });
      expect(text).to.equal('3000000');
    }));

  it('passes events on as they come', () =>
    behindNginx(async (_ask, port) => {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        get({ port, path: '/events', ...TO_NGINX }, resolve).on('error', reject);
      });
      const [chunk] = await once(answer, 'data');
      answer.destroy();
      expect(String(chunk)).to.equal(':\n\ndata: first\n\n');
    }));
});

const TO_NGINX = { host: '127.0.0.1', rejectUnauthorized: false, servername: 'example.com', agent: new Agent() };

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly sent?: Buffer;
}

async function askNginx(port: number, path: string, { method = 'GET', headers = {}, sent }: Sent = {}) {
  const asking = askHttps({ ...TO_NGINX, port, path, method, headers: { Host: 'example.com', ...headers } });
  asking.end(sent);
  const [answer]: IncomingMessage[] = await once(asking, 'response');
  if (!answer) throw new Error('There was no answer');
  let text = '';
  for await (const chunk of answer) text += chunk;
  return { headers: answer.headers, text };
}

/** The guide's own, with other ports and another certificate. */
function configuration(to: { port: number; plain: number; upstream: number; files: string }): string {
  const guide = readFileSync(join(ROOT, 'demo/guides/deployment.md'), 'utf8');
  const text = blocksOf(guide).find(({ language }) => language === 'nginx')?.text ?? '';
  const changes: [of: string, to: string][] = [
    ['listen 80;', `listen 127.0.0.1:${to.plain};`],
    ['listen 443 ssl http2;', `listen 127.0.0.1:${to.port} ssl http2;`],
    ['server 127.0.0.1:3000;', `server 127.0.0.1:${to.upstream};`],
    ['/etc/ssl/example.com.pem', join(to.files, 'cert.pem')],
    ['/etc/ssl/example.com.key', join(to.files, 'key.pem')],
  ];
  return changes.reduce((changed, [from, into]) => {
    expect(changed).to.include(from);
    return changed.replace(from, into);
  }, text);
}

/** Writes one snippet of a guide, the first that has a text in it. */
async function snippetWith(path: string, text: string): Promise<{ file: string; folder: string }> {
  const snippet = guides()
    .find((guide) => guide.path === path)
    ?.snippets.find(({ code }) => code.includes(text));
  if (!snippet) throw new Error(`${path} has no snippet with ${text}`);
  const folder = await writeModules([snippet]);
  return { file: join(folder, snippet.file), folder };
}

describe('The CSRF check of the guide', () => {
  it('takes the token of the page, from a field and from a header, and no other visitor’s', async () => {
    const { file, folder } = await snippetWith('demo/guides/security.md', 'class CsrfCheck');
    const { app }: { app: Koa } = await import(pathToFileURL(file).href);
    await rm(folder, { recursive: true });
    const [one, other] = [agent(app.callback()), agent(app.callback())];
    const tokenOf = async (visitor: typeof one) => /value="([^"]+)"/.exec((await visitor.get('/form')).text)?.[1] ?? '';
    const token = await tokenOf(one);
    await tokenOf(other);
    expect((await one.post('/order').type('form').send({ _csrf: token })).text).to.equal('Ordered');
    expect((await one.post('/order').field('_csrf', token)).text).to.equal('Ordered');
    expect((await one.post('/order').set('X-CSRF-Token', token)).text).to.equal('Ordered');
    expect((await other.post('/order').type('form').send({ _csrf: token })).status).to.equal(403);
    expect((await one.post(`/order?_csrf=${token}`)).status).to.equal(403);
  });
});

describe('The cluster of the guide to serving', function () {
  this.timeout(60_000);

  it('restarts its workers at SIGHUP while requests are answered, and ends at SIGTERM', async () => {
    const { file, folder } = await snippetWith('demo/guides/serving.md', 'node:cluster');
    const port = await freePort();
    const child = spawn(process.execPath, ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), file], {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    try {
      await listening(port, child);
      const first = await workersOf(port, new Set());
      child.kill('SIGHUP');
      // Every one of these requests is answered, or this throws.
      const second = await workersOf(port, first);
      expect([...second].filter((pid) => first.has(pid))).to.deep.equal([]);
    } finally {
      await ended(child);
      await rm(folder, { recursive: true });
    }
    expect(child.exitCode).to.equal(0);
  });
});

async function ended(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}

/** Asks until two workers answered that are not among the old ones, and no old one does any more. */
async function workersOf(port: number, old: ReadonlySet<string>): Promise<Set<string>> {
  const recent: string[] = [];
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/pid`, { headers: { Connection: 'close' } });
    expect(answer.status).to.equal(200);
    recent.push(await answer.text());
    const last = new Set(recent.slice(-20));
    if (recent.length >= 20 && last.size === 2 && ![...last].some((pid) => old.has(pid))) return last;
  }
}

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
