const { appendFileSync } = require('node:fs');
const { reporters } = require('mocha');

/**
 * The usual report; for whoever sums them, the counts as a line of the file that `COUNTS` names, and what failed in the
 * one that `FAILURES` names: what is printed far above the end may be cut off.
 */
module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { COUNTS, FAILURES } = process.env;
    if (COUNTS) runner.once('end', () => appendFileSync(COUNTS, `${this.stats.passes} ${this.stats.failures}\n`));
    if (FAILURES) runner.on('fail', (test, error) => appendFileSync(FAILURES, failure(test, error)));
  }
};

function failure(test, error) {
  return `${test.titlePath().join(' > ')}\n${error.stack ?? error}\n\n`;
}
