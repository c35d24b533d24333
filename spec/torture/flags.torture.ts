import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ROOT, run } from '../support/package.js';

const TIMEOUT = 400_000;

/** The specs of what happens while a server runs. */
const SPECS = [
  ...['binding', 'errors', 'hooks', 'request', 'views'],
  ...['body/*', 'hooks/*', 'response/*', 'routing/*', 'sessions/*', 'streams/*', 'uploads/*'],
].map((name) => `spec/${name}.spec.ts`);

interface Flags {
  readonly flags: readonly string[];
  /** Specs that need what the flags take away, with what that is. */
  readonly except?: Readonly<Record<string, string>>;
}

const FLAGS: readonly Flags[] = [
  { flags: ['unhandled-rejections=strict'] },
  { flags: ['disable-proto=delete'] },
  {
    flags: ['frozen-intrinsics', `require=${fileURLToPath(new URL('./support/depd.cjs', import.meta.url))}`],
    except: {
      'somebody else put on Object.prototype': 'puts something on Object.prototype',
      'not taken from a polluted Object.prototype': 'puts something on Object.prototype',
      "logged by Koa's own listener": 'replaces console.error',
      'sweeps out those that are over': 'replaces Date.now',
      'SessionBackend.update.* in memory': 'replaces Date.now',
    },
  },
];

describe('The specs, in a process with', () => {
  for (const { flags, except = {} } of FLAGS)
    it(`--${flags[0]}`, async () => {
      const names = Object.keys(except);
      const options = ['--no-config', '--timeout', '30000', '--reporter', 'dot', '--require', 'spec/support/guard.ts'];
      const leaveOut = names.length > 0 ? ['--invert', '--grep', names.join('|')] : [];
      const nodeOptions = ['import=tsx', ...flags].flatMap((flag) => ['--node-option', flag]);
      const mocha = ['node_modules/mocha/bin/mocha.js', ...options, ...leaveOut, ...nodeOptions, ...SPECS];
      const { code, output, errors } = await run(process.execPath, mocha, ROOT);
      expect(code, `${output}${errors}`).to.equal(0);
      expect(Number(/(\d+) passing/.exec(output)?.[1])).to.be.above(1000);
    }).timeout(TIMEOUT);
});
