import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { FORM_TYPE, field, file, formOf } from '../support/form.js';
import { eventually, post, type RawClient, type RawResponse } from '../support/socket.js';
import type { Delay } from './support/apps/soak.js';
import { inTime } from './support/line.js';
import { get, tortured } from './support/torture.js';

const CONNECTIONS = 100;
const SECONDS = 20;
const WARM_UP_SECONDS = 4;
const ABORTED = 0.1;
// What a run may leave on the heap: sessions of visitors that left, and what V8 compiled meanwhile.
const HEAP_TOLERANCE = 3 * 1024 * 1024;
const SLOW = 300;
const TIMEOUT = 60_000;

describe('a server under load', () => {
  const server = tortured('soak', { flags: ['--expose-gc'] });

  it(`answers ${CONNECTIONS} connections for ${SECONDS} s, and is as it was before`, async () => {
    await server().begin();
    await load(WARM_UP_SECONDS);
    const before = await server().begin();
    const heap = await server().tell<number>('heap');
    await server().tell('watchDelay');
    const counts = await load(SECONDS);
    const { median, p99, max } = await server().tell<Delay>('delay');
    await eventually(async () => (await server().report()).open === 0, 'all responses were closed');
    const { errors } = await server().report();
    const expected = errors.filter(({ text }) => text.includes('raised on purpose')).length;
    await server().ledger({ errors: expected, connection: 'either' }, before);
    // The texts of all those errors are no part of what is measured.
    await server().tell('forget');
    const grown = (await server().tell<number>('heap')) - heap;
    const ms = [median, p99, max].map((one) => one.toFixed(1)).join(', ');
    console.log(`      ${counts.answered} answered, ${counts.aborted} aborted, ${expected} failed on purpose`);
    console.log(`      event loop delay: median, p99 and max of ${ms} ms; the heap grew by ${grown >> 10} KiB`);
    expect(counts.aborted / (counts.answered + counts.aborted)).to.be.within(ABORTED / 2, ABORTED * 2);
    expect(grown).to.be.below(HEAP_TOLERANCE);
  }).timeout(TIMEOUT);

  it(`serves a healthy client while ${SLOW} send headers and ${SLOW} a body slowly`, async () => {
    const before = await server().begin();
    const slow = await Promise.all(Array.from({ length: 2 * SLOW }, () => server().connect()));
    const requests = slow.map((_client, index) => (index % 2 ? SLOW_BODY : SLOW_HEADERS));
    const trickling = slow.map(async (client, index) => {
      const bytes = Buffer.from(requests[index] ?? '');
      for (let at = 0; at < bytes.length; at += STEP) {
        await client.send(bytes.subarray(at, at + STEP));
        await sleep(PAUSE);
      }
      return inTime(client.response());
    });
    const times = await healthy();
    const worst = Math.max(...times);
    console.log(`      the healthy client waited ${worst.toFixed(1)} ms at most, for ${times.length} answers`);
    expect(worst).to.be.below(1000);
    for (const { status, body } of await Promise.all(trickling))
      expect(`${status} ${body}`).to.equal('200 {"title":"slow","tags":[]}');
    for (const client of slow) client.socket.destroy();
    await server().ledger({}, before);
  }).timeout(TIMEOUT);

  /** One after another, for as long as the others are at it. */
  async function healthy(): Promise<number[]> {
    const client = await server().connect();
    const times: number[] = [];
    const end = performance.now() + SLOW_TIME / 2;
    while (performance.now() < end) {
      const start = performance.now();
      const { status } = await client.exchange(get('/greet/Alice'));
      expect(status).to.equal(200);
      times.push(performance.now() - start);
      await sleep(5);
    }
    client.socket.destroy();
    return times;
  }

  async function load(seconds: number): Promise<Counts> {
    const end = performance.now() + seconds * 1000;
    const counts = { answered: 0, aborted: 0 };
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => visitor(index, end, counts)));
    return counts;
  }

  /** Asks for one feature after another; every tenth request it breaks off, and comes again. */
  async function visitor(start: number, end: number, counts: Counts): Promise<void> {
    let client = await server().connect();
    const state: Visit = { visits: 0, cookie: '' };
    for (let index = start; performance.now() < end; index += 1) {
      const step = STEPS[index % STEPS.length];
      if (Math.random() < ABORTED || step?.isEndless) {
        await abort(client, step?.bytes(state) ?? '');
        counts.aborted += 1;
        client = await server().connect();
        if (step?.isSession) Object.assign(state, { visits: 0, cookie: '' });
      } else if (step) {
        step.check(await inTime(client.exchange(step.bytes(state))), state);
        counts.answered += 1;
      }
    }
    client.socket.destroy();
  }
});

interface Counts {
  answered: number;
  aborted: number;
}

/** What a visitor knows of its session. */
interface Visit {
  visits: number;
  cookie: string;
}

interface Step {
  readonly isEndless?: boolean;
  readonly isSession?: boolean;
  bytes(visit: Visit): string | Buffer;
  check(response: RawResponse, visit: Visit): void;
}

const STEP = 4;
const PAUSE = 60;
const TEXT = 'title=slow';
const SLOW_BODY = post('/save', 'application/x-www-form-urlencoded', TEXT.length).concat(TEXT);
const SLOW_HEADERS = post('/save?title=slow', 'text/plain', 0);
const SLOW_TIME = (Math.min(SLOW_BODY.length, SLOW_HEADERS.length) / STEP) * PAUSE;

function plain(bytes: string | Buffer, status: number, body: string): Step {
  return {
    bytes: () => bytes,
    check: (response) => expect(`${response.status} ${response.body}`).to.equal(`${status} ${body}`),
  };
}

function posted(path: string, type: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(post(path, type, bytes.length)), bytes]);
}

const SMALL = 'x'.repeat(1000);
const LARGE = Buffer.alloc(200_000, 'y');
const FORM = 'application/x-www-form-urlencoded';

const STEPS: readonly Step[] = [
  plain(get('/'), 200, 'Welcome'),
  plain(get('/greet/Alice'), 200, 'Hello, Alice!'),
  plain(get('/greet?name=Bob&times=2'), 200, 'Hello, Bob!Hello, Bob!'),
  plain(posted('/save', FORM, 'title=a+b&tags=x&tags=y'), 200, '{"title":"a b","tags":["x","y"]}'),
  plain(posted('/save', 'application/json', '{"title":"é","tags":[1]}'), 200, '{"title":"é","tags":[1]}'),
  {
    isSession: true,
    bytes: ({ cookie }) => get('/visit', cookie && `Cookie: ${cookie}\r\n`),
    check({ status, body, headers }, visit) {
      visit.visits += 1;
      visit.cookie = headers['set-cookie']?.split(';')[0] ?? visit.cookie;
      expect(`${status} ${body}`).to.equal(`200 ${visit.visits}`);
    },
  },
  plain(
    posted('/upload', FORM_TYPE, formOf([file('data', SMALL), field('title', 'small')])),
    200,
    `{"title":"small","size":${SMALL.length},"length":${SMALL.length}}`,
  ),
  plain(posted('/parts', FORM_TYPE, formOf([file('data', LARGE)])), 200, `{"size":${LARGE.length}}`),
  plain(get('/stream/12'), 200, Array.from({ length: 12 }, (_, index) => `line ${index} of /stream/12\n`).join('')),
  plain(get('/late'), 200, 'late'),
  plain(get('/fail'), 500, 'Internal Server Error'),
  plain(get('/refuse/7'), 422, '422 Unprocessable Entity: 7'),
  plain(get('/refuse'), 400, "400 Bad Request: Missing required parameter 'count'"),
  plain(get('/missing'), 404, 'Not Found'),
  plain(get('/greet/%zz'), 400, '400 Bad Request: Bad path'),
  plain(
    posted('/save', 'application/json', '{"title":'),
    400,
    '{"title":"Bad Request","status":400,"detail":"Bad JSON"}',
  ),
  plain(posted('/upload', FORM_TYPE, 'nonsense'), 400, '400 Bad Request: Bad multipart body'),
  { ...plain(get('/endless'), 200, ''), isEndless: true },
];

/** Leaves in the middle of the request, before its answer, or within it. */
async function abort(client: RawClient, bytes: string | Buffer): Promise<void> {
  const whole = Buffer.from(bytes);
  await client.send(Math.random() < 0.5 ? whole : whole.subarray(0, Math.random() * whole.length));
  if (Math.random() < 0.5) await sleep(Math.random() * 10);
  if (Math.random() < 0.5) client.reset();
  else client.socket.destroy();
}
