import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startServer } from './server.js';
import { median, printTable, spread } from './statistics.js';
import { WORKS } from './work.js';

const run = promisify(execFile);
const CONNECTIONS = 64;
// In seconds; afterwards V8 has compiled what it will.
const WARM_UP = 2;

/**
 * The peers take turns, round by round, so that a change of the machine's pace hits them alike. Each round is
 * another process: two of the same program differ by up to 10 % for as long as they run.
 */
export async function measureLoad(name, { node, rounds, seconds, peers }) {
  const results = new Map();
  for (let round = 0; round < rounds; round += 1)
    for (const peer of peers) {
      const server = await startServer(node, peer, name);
      if (!server) continue;
      if (!results.has(peer)) results.set(peer, []);
      try {
        results.get(peer).push(await measure(server, WORKS[name], seconds));
      } finally {
        await server.stop();
      }
    }
  print(name, results);
}

/** Requests a second, and the server's own processor time for one, which other programs on the machine disturb less. */
async function measure(server, work, seconds) {
  const script = await prepare(server, work);
  await wrk(server, work, script, WARM_UP);
  const before = await server.cpu();
  const { rate, requests } = await wrk(server, work, script, seconds);
  return { rate, cpu: ((await server.cpu()) - before) / requests };
}

/** Checks that the peer gives the right answer, and writes the script of its load. */
async function prepare({ peer, url }, { path, method = 'GET', type, body, cookie, answer }) {
  const headers = type ? { 'content-type': type } : {};
  const response = await fetch(url + path, { method, headers, body });
  const text = await response.text();
  if (answer instanceof RegExp ? !answer.test(text) : text !== answer)
    throw new Error(`${peer} answers ${path} with ${response.status} ${text.slice(0, 80)}`);
  const file = join(await mkdtemp(join(tmpdir(), 'bench-')), 'load.lua');
  const lines = [
    `wrk.method = ${JSON.stringify(method)}`,
    ...Object.entries(headers).map(
      ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
    ),
    ...(body ? [`wrk.body = ${JSON.stringify(body)}`] : []),
    ...(cookie ? takingTurns(await cookiesOf(url + path)) : []),
  ];
  await writeFile(file, lines.join('\n'));
  return file;
}

/** A session for each visitor, of whom there are more than connections. */
async function cookiesOf(address) {
  const answers = await Promise.all(Array.from({ length: 4 * CONNECTIONS }, () => fetch(address)));
  return answers.map((answer) => answer.headers.getSetCookie()[0].split(';')[0]);
}

function takingTurns(cookies) {
  return [
    `local cookies = {${cookies.map((cookie) => JSON.stringify(cookie)).join(', ')}}`,
    'local turn = 0',
    'request = function()',
    '  turn = turn % #cookies + 1',
    '  wrk.headers.cookie = cookies[turn]',
    '  return wrk.format()',
    'end',
  ];
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
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]),
    requests: Number(/(\d+) requests in/.exec(stdout)[1]),
  };
}

function print(name, results) {
  const base = results.get('koa');
  const rows = [...results].map(([peer, rounds]) => {
    const rates = rounds.map(({ rate }) => rate);
    // Round by round, so that what slowed both in one round cancels out.
    const ofKoa = (compare) => (base ? median(rounds.map(compare)).toFixed(2) : '');
    return {
      peer,
      'requests/s': Math.round(median(rates)),
      'of Koa by hand': ofKoa(({ rate }, round) => rate / base[round].rate),
      'µs of CPU a request': median(rounds.map(({ cpu }) => cpu)).toFixed(1),
      'of Koa by hand, by CPU': ofKoa(({ cpu }, round) => base[round].cpu / cpu),
      note: spread(rates) > 0.1 ? `rounds differ by ${Math.round(spread(rates) * 100)} %` : '',
    };
  });
  printTable(name, rows);
}
