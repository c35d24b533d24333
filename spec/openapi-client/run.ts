// Makes a client of a document, compiles it with TypeScript 5, and has it ask the server that the document is of.
import { deepStrictEqual } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import Koa from 'koa';
import { openapi } from '../../lib/openapi/openapi.js';
import { mount } from './server.js';

const HERE = import.meta.dirname;
const made = join(HERE, 'made');

const EXPECTED = [
  ['Task 7', 'Ada'],
  [201, 1],
  'a+b',
  200,
  [400, problem("Parameter 'id' must be a number", '#/id')],
  [400, problem('Invalid input: expected string, received undefined', '#/title', 'title: ')],
  { sum: 3 },
  '1;2;',
];

mkdirSync(made, { recursive: true });
writeFileSync(
  join(made, 'openapi.json'),
  JSON.stringify(openapi(mount, { info: { title: 'Tasks', version: '1.0.0' } })),
);
run('openapi-typescript', 'made/openapi.json', '--default-non-nullable=false', '-o', 'made/api.d.ts');
run('tsc', '-p', '.');
const server = createServer(new Koa().use(mount).callback()).listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = typeof address === 'object' ? address?.port : undefined;
const { play } = await import(join(made, 'client.js'));
const got = await play(`http://127.0.0.1:${port}`);
server.closeAllConnections();
server.close();
deepStrictEqual(got, EXPECTED);
console.log('The client got what it should.');

/** @param prefix - What stands in front of the detail where all is told in one text. */
function problem(detail: string, pointer: string, prefix = '') {
  return { title: 'Bad Request', status: 400, detail: prefix + detail, errors: [{ detail, pointer }] };
}

function run(program: string, ...args: string[]): void {
  execFileSync(join(HERE, 'node_modules/.bin', program), args, { cwd: HERE, stdio: 'inherit' });
}
