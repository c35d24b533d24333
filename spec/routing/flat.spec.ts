import { expect } from 'chai';
import type { Handler } from '../../lib/routing/handler.js';
import { parsePattern, segmentOfName } from '../../lib/routing/pattern.js';
import { type Match, prepareMatch } from '../../lib/routing/router.js';
import { buildRoutes } from '../../lib/routing/routes.js';
import { addAutomatic, addDeclared, emptyTree } from '../../lib/routing/tree.js';
import { classOf } from '../support/source.js';

/** How the paths of a class are made, by a method's number. */
const KINDS = {
  automatic: { path: (number: number) => `/m${number}/x`, declare: () => ({}) },
  declared: {
    path: (number: number) => `/r${number}/x`,
    declare: (names: readonly string[]) =>
      Object.fromEntries(names.map((name, number) => [name, `GET /r${number}/:id`])),
  },
};

describe('matching is flat', function () {
  this.timeout(60_000);

  for (const [kind, { path, declare }] of Object.entries(KINDS))
    it(`with ${kind} paths: one of 10,000 routes takes about as long as the only one`, () => {
      const [one, many] = [matchOf(1, declare), matchOf(10_000, declare)];
      const best = { one: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY };
      // The best of interleaved rounds: whatever else the machine does makes some of them slower, and none faster.
      for (let round = 0; round < 30; round++) {
        best.one = Math.min(best.one, processorTime(one, [path(0)]));
        best.many = Math.min(best.many, processorTime(many, [path(0), path(4999), path(9999)]));
      }
      expect(best.many / best.one).to.be.below(3);
    });

  it('and 1,000 routes of each kind are added to the tree in less than 25 ms of processor time', () => {
    const handler = handlerAt(KINDS.automatic.path(0));
    const times = Array.from({ length: 20 }, () => {
      const begin = process.cpuUsage();
      const tree = emptyTree();
      for (let number = 0; number < 1000; number++) {
        addAutomatic(tree, segmentOfName(`m${number}`), handler);
        addDeclared(tree, parsePattern(`GET /r${number}/:id/x`, 'Root.m').segments ?? [], handler);
      }
      return millisecondsSince(begin);
    });
    expect(Math.min(...times)).to.be.below(25);
  });
});

function matchOf(count: number, declare: (names: readonly string[]) => object): Match {
  const names = Array.from({ length: count }, (_, number) => `m${number}`);
  const methods = names.map((name) => `${name}(id) {}`).join('\n');
  const Root = classOf(`${methods} static routes = routes;`, { routes: declare(names) });
  return prepareMatch(buildRoutes(new Root(), '').tree, { prefix: '', strict: false, fallthrough: true });
}

function handlerAt(path: string): Handler {
  const target = matchOf(1, KINDS.automatic.declare)('GET', path);
  if (target?.kind !== 'handler') throw new Error(`There is no handler for ${path}`);
  return target.handler;
}

/** The processor's time for some thousand requests, in milliseconds. */
function processorTime(match: Match, paths: readonly string[]): number {
  const begin = process.cpuUsage();
  let found = 0;
  for (let round = 0; round < 12_000; round++)
    if (match('GET', paths[round % paths.length] ?? '')?.kind === 'handler') found += 1;
  expect(found).to.equal(12_000);
  return millisecondsSince(begin);
}

function millisecondsSince(begin: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}
