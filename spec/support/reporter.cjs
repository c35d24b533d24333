const { appendFileSync } = require('node:fs');
const { reporters } = require('mocha');

/** The usual report; and the counts, as a line of the file that `COUNTS` names, for whoever sums them. */
module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.COUNTS;
    if (file) runner.once('end', () => appendFileSync(file, `${this.stats.passes} ${this.stats.failures}\n`));
  }
};
