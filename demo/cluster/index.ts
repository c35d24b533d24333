import cluster from 'node:cluster';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Controller,
  type Micropie,
  micropie,
  type RedisLike,
  type Routes,
  redisSessionBackend,
  reply,
} from '../../lib/index.js';
import { html, page } from '../html.js';
import { workerName } from './worker-name.js';

interface Visitor {
  visits?: number;
}

// How long an answer takes, so that some are always under way; in milliseconds.
const WORK = 50;

export class Cluster extends Controller<Visitor> {
  static routes = {
    index: 'GET',
    ask: 'POST',
    restart: 'POST',
    'ask.js': 'GET',
  } satisfies Routes<Cluster>;

  readonly #store: string;

  constructor(store: string) {
    super();
    this.#store = store;
  }

  index() {
    this.session.visits = (this.session.visits ?? 0) + 1;
    return page('Cluster', content(this.session.visits, this.#store), '/cluster/ask.js');
  }

  async ask() {
    await sleep(WORK);
    return { worker: workerName() };
  }

  /** The worker that is asked is replaced too, and yet its answer arrives. */
  restart() {
    if (!cluster.isWorker) return reply(409, page('There is one process only', ALONE));
    process.send?.('restart');
    return this.redirect('/cluster', 303);
  }

  async 'ask.js'() {
    this.ctx.type = 'js';
    return readFile(join(import.meta.dirname, 'ask.js'));
  }
}

function content(visits: number, store: string) {
  return html`
<p>This page is from <strong id="worker">${workerName()}</strong>. You have opened it <strong id="visits">${visits}</strong> times;
sessions are ${store}.</p>
${cluster.isWorker ? RESTART : ALONE}
<p id="state" aria-live="polite"></p>
<ul id="answers" aria-label="Answers"></ul>
<p><a href="/cluster">Load this page again</a>, or see a <a href="/live">count that goes on</a> during a restart.</p>`;
}

const RESTART = html`<form id="restart" action="/cluster/restart" method="post">
<p>Each worker is replaced by a new one, and no request is lost.</p>
<button>Restart the workers</button>
</form>`;
const ALONE = html`<p>There are no workers here that could be restarted. Run <code>npx tsx demo/cluster/server.ts</code>.</p>`;

/**
 * Two settings that all workers must share: where sessions are, and the name of their cookie.
 *
 * @param redis - Where sessions are kept; in the memory of each process where not given.
 */
export function clusterDemo(redis?: RedisLike): Micropie {
  const session = { cookie: 'cluster_session' };
  if (!redis) return micropie(new Cluster('in the memory of each process'), { prefix: '/cluster', session });
  return micropie(new Cluster('in Redis, for all processes'), {
    prefix: '/cluster',
    session,
    sessionBackend: redisSessionBackend(redis),
  });
}
