import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { offers, startServer } from './server.js';
import { median, printTable, spread } from './statistics.js';
import { WORKS } from './work.js';

const run = promisify(execFile);
const CONNECTIONS = 64;
// In seconds, for both of a pair; afterwards V8 has compiled what it will. In several runs of wrk, since the end
// of each closes connections, which V8 has to learn as well.
const WARM_UP = [3, 3, 3, 3];
// How long one of a pair runs before the other does, in milliseconds.
const TURN = 50;

/** Each peer with Koa by hand. */
export async function measureLoad(name, settings) {
  await measurePairs(`${name}, of Koa by hand`, settings, (peer) => [
    { peer: 'koa', work: name },
    { peer, work: name },
  ]);
}

/** What a thousand routes cost, of what one costs. */
export async function measureRoutes(settings) {
  const peers = settings.peers.filter((peer) => /^micropie|^koa/.test(peer));
  await measurePairs('1,000 routes, of one route of the same peer', { ...settings, peers }, (peer) => [
    { peer, work: 'greet' },
    { peer, work: 'routes' },
  ]);
}

/** What `serve` costs, of the same app that listens by itself. */
export async function measureServe(settings) {
  await measurePairs('serve, of listen', { ...settings, peers: ['micropie'] }, (peer) => [
    { peer, work: 'greet' },
    { peer, work: 'served' },
  ]);
}

/** Each round has new processes, since two of one program differ for as long as they run. */
async function measurePairs(title, { node, rounds, seconds, peers }, pairOf) {
  const results = new Map();
  for (const peer of peers) if (await offers(peer, pairOf(peer)[1].work)) results.set(peer, []);
  for (let round = 0; round < rounds; round += 1)
    for (const [peer, pairs] of results) pairs.push(await measurePair(node, pairOf(peer), seconds, round));
  print(title, results);
}

/**
 * Puts both of a pair under load. They take turns of some milliseconds on one core, so that whatever slows the
 * machine, which lasts for seconds, hits both alike.
 */
async function measurePair(node, pair, seconds, round) {
  // Neither is always the first.
  const order = round % 2 ? pair : pair.toReversed();
  const servers = [];
  try {
    for (const { peer, work } of order) servers.push(await startServer(node, peer, work));
    const loads = await Promise.all(servers.map((server, index) => prepare(server, workOf(order[index]))));
    const turns = takeTurns(servers);
    for (const warmUp of WARM_UP)
      await Promise.all(loads.map((load) => load(order[0].work === 'stream' ? 2 * warmUp : warmUp)));
    const results = await Promise.all(loads.map((load) => load(seconds)));
    turns.abort();
    return round % 2 ? results : results.toReversed();
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** What is served is the greeting. */
function workOf({ work }) {
  return WORKS[work === 'served' ? 'greet' : work];
}

function takeTurns(servers) {
  const turns = new AbortController();
  const alternate = async () => {
    for (let turn = 0; !turns.signal.aborted; turn += 1) {
      servers[turn % 2].pause();
      servers[(turn + 1) % 2].resume();
      await sleep(TURN);
    }
  };
  alternate();
  return turns;
}

/** Checks that the peer gives the right answer, and makes what puts it under load. */
async function prepare(server, work) {
  const { peer, url } = server;
  const { path, method = 'GET', type, body, cookie, answer } = work;
  const headers = type ? { 'content-type': type } : {};
  const response = await fetch(url + path, { method, headers, body });
  const text = await response.text();
  if (answer instanceof RegExp ? !answer.test(text) : text !== answer)
    throw new Error(`${peer} answers ${path} with ${response.status} ${text.slice(0, 80)}`);
  const cookies = cookie ? await cookiesOf(url + path) : [undefined];
  const requests = cookies.map((one) => requestText(server, work, one));
  const file = join(await mkdtemp(join(tmpdir(), 'bench-')), 'load.lua');
  await writeFile(file, takingTurns(requests));
  return async (seconds) => {
    const before = await server.cpu();
    const count = await wrk(server, work, file, seconds);
    return { cpu: ((await server.cpu()) - before) / count, rate: count / (seconds / 2) };
  };
}

/** A session for each visitor, of whom there are more than connections. */
async function cookiesOf(address) {
  const answers = await Promise.all(Array.from({ length: 4 * CONNECTIONS }, () => fetch(address)));
  return answers.map((answer) => answer.headers.getSetCookie()[0].split(';')[0]);
}

/** The whole text, since wrk puts headers in another order whenever it starts, for which V8 compiles anew. */
function requestText({ port }, { path, method = 'GET', type, body = '' }, cookie) {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    ...(type ? [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`] : []),
    ...(cookie ? [`Cookie: ${cookie}`] : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function takingTurns(requests) {
  return [
    `local requests = {${requests.map((request) => JSON.stringify(request)).join(', ')}}`,
    'local turn = 0',
    'request = function()',
    '  turn = turn % #requests + 1',
    '  return requests[turn]',
    'end',
  ].join('\n');
}

async function wrk({ peer, url }, { path }, script, seconds) {
  const args = [
    '-c',
    '1',
    'wrk',
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    '--timeout',
    '10s',
    '-s',
    script,
    url + path,
  ];
  const { stdout } = await run('taskset', args).catch((error) => {
    throw error.code === 127 || /No such file/.test(error.stderr ?? '')
      ? new Error('wrk is missing: apt-get install wrk')
      : error;
  });
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${peer} failed under load:\n${stdout}`);
  return Number(/(\d+) requests in/.exec(stdout)[1]);
}

function print(title, results) {
  const rows = [...results].map(([peer, pairs]) => {
    const ratios = pairs.map(([base, own]) => base.cpu / own.cpu);
    return {
      peer,
      ratio: median(ratios).toFixed(2),
      rounds: `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
      'by requests/s': median(pairs.map(([base, own]) => own.rate / base.rate)).toFixed(2),
      'requests/s': Math.round(median(pairs.map(([, own]) => own.rate))),
      'µs of CPU a request': median(pairs.map(([, own]) => own.cpu)).toFixed(1),
      note: spread(ratios) > 0.1 ? `rounds differ by ${Math.round(spread(ratios) * 100)} %` : '',
    };
  });
  printTable(title, rows);
}
